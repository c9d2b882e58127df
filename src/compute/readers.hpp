#pragma once
/// How an operation reads its inputs, which decides the layout that a device may give a weight.

#include <abi/compute/graph.hpp>

namespace libabi::compute {

/// The operation that input `index` of `op` counts as read by: a bias is added.
constexpr Op reader_of(Op op, std::size_t index) noexcept { return op == Op::matmul && index == 2 ? Op::add : op; }

enum class Access : std::uint8_t { table, matrix, experts, plain };

constexpr Access access_of(Op op, std::size_t index) noexcept {
  if (index != 0) return Access::plain;
  switch (op) {
    case Op::get_rows: return Access::table;
    case Op::matmul: return Access::matrix;
    case Op::expert_matmul: return Access::experts;
    default: return Access::plain;
  }
}

constexpr std::string_view name(Access access) noexcept {
  switch (access) {
    case Access::table: return "a table";
    case Access::matrix: return "a matrix";
    case Access::experts: return "experts";
    case Access::plain: return "plain rows";
  }
  return "";
}

}  // namespace libabi::compute
