#include "rows.hpp"

namespace libabi::backends::cpu {

namespace {

bool is_activation(const compute::TensorDesc& desc) {
  return desc.role == compute::Role::input || desc.role == compute::Role::intermediate;
}

bool supports(const Graph& graph, const Node& node) {
  const compute::TensorDesc& table = graph.tensor(node.inputs[0]);
  // The rows of an activation are those of the run, so only ids that can be looked at beforehand are safe.
  return ids_are_known(graph, node.inputs[1],
                       is_activation(table) && table.shape.dynamic != compute::Rows::fixed ? 0 : table.shape.rows);
}

Result<void> check(const Run& run, const Node& node) { return check_ids(run, node, 1, "id", run.view(node.inputs[0]).rows); }

void run(const Call& call) {
  const View table = call.input(0), ids = call.input(1), out = call.output();
  for (std::int64_t row = call.row_begin; row < call.row_end; ++row)
    decode_row(call.run.kernels, table.format, table.bytes(*ids.ids(row)), out.floats(row),
               static_cast<std::size_t>(out.columns));
}

}  // namespace

constinit const Operation operation::get_rows = {
    .split = Split::rows, .by_row = false, .supports = &supports, .check = &check, .element_ns = 0.5, .run = &run};

}  // namespace libabi::backends::cpu
