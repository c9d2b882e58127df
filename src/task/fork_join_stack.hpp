#pragma once
/// The stacks on which the frames of fork-join tasks stand: see <abi/task/fork_join_frame.hpp>.

#include <abi/task/fork_join_frame.hpp>

namespace libabi::task::detail {

struct ForkStack;

/// What every segment begins with.
struct alignas(64) ForkSegment {
  ForkStack* stack;
  ForkSegment* next;  // taken when this one is full; kept when it is left again
  std::size_t bytes;
};

/// Stands in its first segment.
struct alignas(64) ForkStack {
  ForkSegment* first;
  std::uintptr_t top;  // while it is nobody's current stack
  const ForkRegion* region;
  std::size_t segments;
};

/// The stack in which that is. Null: nowhere.
ForkStack* stack_at(std::uintptr_t address) noexcept;
inline ForkStack& stack_of(const ForkFrame& task) noexcept { return *stack_at(reinterpret_cast<std::uintptr_t>(&task)); }
inline ForkStack* current_stack() noexcept { return stack_at(fork_thread.top); }

/// Another stack, empty, becomes the current one; none where there is no memory. What was current is the caller's affair.
void take_stack() noexcept;
/// The current stack, which is empty, goes back to where it came from: there is none then.
void put_stack() noexcept;
/// The current stack is empty and stays: gives back what it will hardly need again.
void rest_stack() noexcept;

/// What was left, with its top, becomes the current stack in place of the current one, which is empty.
void go_over_to(ForkStack& stack) noexcept;

}  // namespace libabi::task::detail
