#pragma once
/// Checks that the rules of operations are made of. Each names the operation, the argument, what was found and expected.

#include "descriptors.hpp"

namespace libabi::compute::rules {

/// "matmul: x 'norm#3' is f32 [tokens 4, 32], expected ...".
std::unexpected<Error> refuse(const OpCall& call, std::size_t index, std::string_view argument, std::string_view expected);
/// "scale: factor is inf, expected ...".
std::unexpected<Error> refuse_attribute(const OpCall& call, std::string_view attribute, double found, std::string_view expected);

/// An f32 input or intermediate.
Result<void> activation(const OpCall& call, std::size_t index, std::string_view argument);
/// An f32 input or intermediate [rows of `like`, columns].
Result<void> activation(const OpCall& call, std::size_t index, std::string_view argument, const Shape& like,
                        std::int64_t columns);
/// An i32 input or intermediate [rows of `like`, columns].
Result<void> ids(const OpCall& call, std::size_t index, std::string_view argument, const Shape& like, std::int64_t columns);
/// One row of reals.
Result<void> vector(const OpCall& call, std::size_t index, std::string_view argument, std::int64_t columns);

/// [T, C] -> [T, C], for operations on one activation.
Result<OpResult> unary(const OpCall& call);
/// a [T, C], b [T, C] or [1, C] -> [T, C].
Result<OpResult> binary(const OpCall& call);

/// Rows of `shape` with another number of columns.
constexpr Shape with_columns(const Shape& shape, std::int64_t columns) {
  return {.rows = shape.rows, .columns = columns, .dynamic = shape.dynamic};
}

/// An error of a run unless 0 <= found < limit.
Result<void> in_range(const ReferenceCall& call, std::string_view what, std::int64_t found, std::int64_t limit, std::int64_t row);

}  // namespace libabi::compute::rules
