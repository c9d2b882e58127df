#include "expert_slots.hpp"
#include "product.hpp"
#include "rows.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace libabi::backends::cpu {

namespace {

// An expert's rows are taken in tiles, whose results are put down beside each other and then carried to their tokens.
constexpr std::int64_t tile_slots = 64;
constexpr std::int64_t most_rows = 256;
constexpr std::uint64_t piece_bytes = 128 << 10;

bool supports(const Graph& graph, const Node& node) {
  return ids_are_known(graph, node.inputs[2], graph.tensor(node.inputs[0]).shape.planes);
}

Result<void> check(const Run& run, const Node& node) {
  return check_ids(run, node, 2, "expert", run.graph.tensor(node.inputs[0]).shape.planes);
}

void plan(Planner& planner, std::uint32_t index, Step& step) {
  const Node& node = planner.graph.nodes()[index];
  const compute::TensorDesc& weight = planner.graph.tensor(node.inputs[0]);
  const auto columns = static_cast<std::size_t>(weight.shape.columns);
  const std::size_t row_bytes =
      wants_quantized(planner.kernels, weight.format) ? planner.kernels.quant.input_bytes(columns) : columns * sizeof(float);
  compute::Shape shape = planner.graph.tensor(node.inputs[2]).shape;
  // Too many bytes for 64 bits stay too many for the schedule, which refuses them.
  if (__builtin_mul_overflow(shape.columns, static_cast<std::int64_t>(row_bytes), &shape.columns))
    shape.columns = std::numeric_limits<std::int64_t>::max();
  step.reads = {plan_expert_order(planner, index), planner.shared(shared_step::expert_inputs, index, shape)};
}

std::int64_t rows_of_piece(const Product& product) {
  return std::min(product.piece_rows(piece_bytes),
                  std::max(product.piece_rows(0), most_rows / product.piece_rows(0) * product.piece_rows(0)));
}

std::uint64_t tile_bytes(const compute::TensorDesc& weight, const KernelTables& kernels) {
  const quant::MatrixKernel* kernel = matrix_kernel(kernels, weight.format);
  const std::int64_t rows = std::max<std::int64_t>(most_rows, kernel ? kernel->panel_rows : 1);
  return static_cast<std::uint64_t>(tile_slots * rows) * sizeof(float);
}

std::uint64_t scratch_bytes(const Graph& graph, const Node& node, const KernelTables& kernels) {
  const compute::TensorDesc& weight = graph.tensor(node.inputs[0]);
  return tile_bytes(weight, kernels) + Product::scratch_bytes(weight, kernels);
}

double nanoseconds(const Run& run, const Node& node) {
  const compute::TensorDesc& weight = run.graph.tensor(node.inputs[0]);
  const double slots =
      static_cast<double>(run.rows(node.inputs[2])) * static_cast<double>(run.graph.tensor(node.inputs[2]).shape.columns);
  return Product::nanoseconds(weight, std::min(slots, static_cast<double>(weight.shape.planes)), slots);
}

void run(const Call& call) {
  const Product product(call.run.weight(call.node.inputs[0]), call.run.kernels);
  const ExpertSlots sorted = expert_slots(call, call.step.reads[0]);
  const View ids = call.input(2), inputs = call.run.region(call.step.reads[1]);
  const std::size_t x_stride = inputs.row_bytes / static_cast<std::size_t>(ids.columns);
  const auto columns = static_cast<std::size_t>(product.rows());  // of one slot's result
  const std::int64_t piece = rows_of_piece(product), pieces = (product.rows() + piece - 1) / piece;
  float* out = call.output().floats(0);
  auto* tile = reinterpret_cast<float*>(call.scratch);
  std::byte* scratch = call.scratch + tile_bytes(call.desc(0), call.run.kernels);
  call.claim(*sorted.active_count * pieces, [&](std::int64_t item) {
    const std::int32_t expert = sorted.active[item / pieces];
    const std::int64_t row = item % pieces * piece, rows = std::min(piece, product.rows() - row);
    const std::int64_t end = sorted.offsets[expert + 1];
    for (std::int64_t slot = sorted.offsets[expert]; slot < end; slot += tile_slots) {
      const std::int64_t count = std::min(tile_slots, end - slot);
      const std::byte* x = inputs.data + static_cast<std::size_t>(slot) * x_stride;
      product.multiply(expert, row, rows, x, x_stride, count, tile, static_cast<std::size_t>(rows), scratch);
      for (std::int64_t i = 0; i < count; ++i)
        std::memcpy(out + static_cast<std::size_t>(sorted.slots[slot + i]) * columns + row, tile + i * rows,
                    static_cast<std::size_t>(rows) * sizeof(float));
    }
  });
}

}  // namespace

constinit const Operation operation::expert_matmul = {.split = Split::claims,
                                                      .by_row = false,
                                                      .supports = &supports,
                                                      .check = &check,
                                                      .plan = &plan,
                                                      .scratch_bytes = &scratch_bytes,
                                                      .nanoseconds = &nanoseconds,
                                                      .run = &run};

}  // namespace libabi::backends::cpu
