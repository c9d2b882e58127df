#include "program.hpp"
#include "rows.hpp"

#include <numeric>

namespace libabi::backends::cpu {

namespace {

bool supports(const Graph& graph, const Node& node) {
  return ids_are_known(graph, node.inputs[2], graph.tensor(node.inputs[1]).shape.rows);
}

Result<void> check(const Run& run, const Node& node) {
  return check_ids(run, node, 2, "cell", run.graph.tensor(node.inputs[1]).shape.rows);
}

double nanoseconds(const Run& run, const Node& node) {
  return static_cast<double>(run.rows(node.inputs[0])) * static_cast<double>(run.graph.tensor(node.inputs[0]).shape.columns) *
         0.2;
}

/// Members share columns and take all rows in their order: of two that go to one cell the last remains. A row that cannot
/// be stored is left out by all of them, so that the state keeps whole rows.
void run(const Call& call) {
  const View source = call.input(0), state = call.output(), cells = call.input(2);
  const KernelTables& kernels = call.run.kernels;
  const quant::Format& format = quant::format(state.format);
  const auto columns = static_cast<std::size_t>(source.columns);
  const std::int64_t line_of_blocks = std::lcm<std::int64_t>(format.block_length, 64);
  const Range own = share_of(source.columns, call.member, call.members, line_of_blocks);
  const std::size_t first = static_cast<std::size_t>(own.begin) / format.block_length * format.block_bytes;
  for (std::int64_t row = 0; row < source.rows; ++row) {
    const float* from = source.floats(row);
    if (can_encode(kernels, state.format, from, columns))
      encode_row(kernels, state.format, from + own.begin, state.bytes(*cells.ids(row)) + first,
                 static_cast<std::size_t>(own.end - own.begin));
    else
      call.failed->store(true, std::memory_order_relaxed);
  }
}

}  // namespace

constinit const Operation operation::store_rows = {
    .split = Split::claims, .by_row = false, .supports = &supports, .check = &check, .nanoseconds = &nanoseconds, .run = &run};

}  // namespace libabi::backends::cpu
