#pragma once
/// What operations on single elements share.

#include "operation.hpp"

namespace libabi::backends::cpu {

/// Calls `apply(out, a, n)` for this member's part of each row.
template <class Apply>
void each_row(const Call& call, Apply apply) {
  const View a = call.input(0), out = call.output();
  const auto n = static_cast<std::size_t>(call.column_end - call.column_begin);
  for (std::int64_t row = call.row_begin; row < call.row_end; ++row)
    apply(out.floats(row) + call.column_begin, a.floats(row) + call.column_begin, n);
}

/// Calls `apply(out, a, b, n)`; b has the rows of a, or one for all of them.
template <class Apply>
void each_pair(const Call& call, Apply apply) {
  const View a = call.input(0), b = call.input(1), out = call.output();
  const compute::Shape& shape = call.desc(1).shape;
  const bool one_row = shape.rows == 1 && shape.dynamic == compute::Rows::fixed;
  const auto n = static_cast<std::size_t>(call.column_end - call.column_begin);
  for (std::int64_t row = call.row_begin; row < call.row_end; ++row)
    apply(out.floats(row) + call.column_begin, a.floats(row) + call.column_begin, b.floats(one_row ? 0 : row) + call.column_begin,
          n);
}

}  // namespace libabi::backends::cpu
