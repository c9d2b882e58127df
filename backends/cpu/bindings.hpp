#pragma once

#include "tensor.hpp"

namespace libabi::backends::cpu {

/// Whether the counts are within what the graph was built for. Errors: invalid_argument.
Result<void> check_shape(const compute::Graph& graph, const compute::RunShape& shape);
/// Whether every tensor that a node touches is bound, by this device, as that node needs it. Errors: invalid_argument.
Result<void> check_bindings(const compute::Graph& graph, const compute::Bindings& bindings, const quant::Kernels& kernels);

}  // namespace libabi::backends::cpu
