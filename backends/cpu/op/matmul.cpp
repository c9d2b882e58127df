#include "product.hpp"

#include <algorithm>

namespace libabi::backends::cpu {

namespace {

void plan(Planner& planner, std::uint32_t index, Step& step) {
  const Node& node = planner.graph.nodes()[index];
  if (!wants_quantized(planner.kernels, planner.graph.tensor(node.inputs[0]).format)) return;
  compute::Shape shape = planner.graph.tensor(node.inputs[1]).shape;
  shape.columns = static_cast<std::int64_t>(planner.kernels.quant.input_bytes(static_cast<std::size_t>(shape.columns)));
  step.reads[0] = planner.shared(shared_step::quantize, index, shape);
}

std::uint64_t scratch_bytes(const Graph& graph, const Node& node, const KernelTables& kernels) {
  return Product::scratch_bytes(graph.tensor(node.inputs[0]), kernels);
}

double nanoseconds(const Run& run, const Node& node) {
  return Product::nanoseconds(run.graph.tensor(node.inputs[0]), 1, static_cast<double>(run.rows(node.output)));
}

constexpr std::int64_t pieces(std::int64_t count, std::int64_t piece) { return (count + piece - 1) / piece; }

// A piece of the weight stays in the second-level cache while tiles of tokens, which fit beside it, pass over it.
constexpr std::uint64_t piece_bytes = 128 << 10;
constexpr std::int64_t tile_tokens = 128;
constexpr std::int64_t pieces_a_member = 4;  // so that a member that is held up leaves its work to others

void run(const Call& call) {
  const View out = call.output();
  const Product product(call.run.weight(call.node.inputs[0]), call.run.kernels);
  const View x = call.step.reads[0] == no_region ? call.input(1) : call.run.region(call.step.reads[0]);
  const float* bias = call.has(2) ? call.input(2).floats(0) : nullptr;
  if (x.rows == 0) return;
  const std::int64_t tile = pieces(x.rows, pieces(x.rows, tile_tokens)), tiles = pieces(x.rows, tile);
  const std::int64_t unit = product.piece_rows(0), wanted = pieces(product.rows(), pieces_a_member * call.members);
  const std::int64_t piece = std::min(product.piece_rows(piece_bytes), pieces(wanted, unit) * unit);
  const auto stride = static_cast<std::size_t>(out.columns);
  call.claim(pieces(product.rows(), piece) * tiles, [&](std::int64_t item) {
    const std::int64_t row = item / tiles * piece, token = item % tiles * tile;
    const std::int64_t rows = std::min(piece, product.rows() - row), tokens = std::min(tile, x.rows - token);
    float* y = out.floats(token) + row;
    product.multiply(0, row, rows, x.bytes(token), x.row_bytes, tokens, y, stride, call.scratch);
    if (!bias) return;
    for (std::int64_t t = 0; t < tokens; ++t, y += stride)
      call.run.kernels.simd.add(y, y, bias + row, static_cast<std::size_t>(rows));
  });
}

}  // namespace

constinit const Operation operation::matmul = {.split = Split::claims,
                                               .by_row = false,
                                               .plan = &plan,
                                               .scratch_bytes = &scratch_bytes,
                                               .nanoseconds = &nanoseconds,
                                               .run = &run};

}  // namespace libabi::backends::cpu
