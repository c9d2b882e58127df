#pragma once
/// The stack of this thread, as addresses and with names. The one place that sees the libraries for it.

#include <abi/memory/tracking.hpp>

#include <array>
#include <span>

namespace libabi::memory {

inline constexpr std::size_t kStackMax = 24;

struct Stack {
  std::array<std::uintptr_t, kStackMax> addresses{};
  std::size_t depth = 0;

  bool operator==(const Stack&) const = default;
};

/// The callers of this function but for the innermost `skipped`. Allocates nothing.
Stack this_stack(std::size_t skipped) noexcept;

/// What is known of each address, in their order.
std::vector<StackFrame> describe(std::span<const std::uintptr_t> addresses);

}  // namespace libabi::memory
