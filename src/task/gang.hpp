#pragma once

#include "gate.hpp"

#include <abi/base/error.hpp>
#include <abi/task/pool.hpp>

namespace libabi::task {

/// What the members of one gang share. Lives on the caller's stack until all have left.
struct GangMember::State {
  State(unsigned member_count, Patience barrier_patience) noexcept : count(member_count), patience(barrier_patience) {}

  /// Waits for all members; false when that can no longer happen.
  bool meet() noexcept;
  /// A member has thrown; the first error is the gang's.
  void fail(Error failure) noexcept;
  /// A member is through: no barrier that it has not reached can be completed any more.
  void leave() noexcept;
  Result<void> result() &&;

  const unsigned count;
  const Patience patience;
  // Counts completed barriers by twos; the low bit says that no further one will be completed. In one word, so that a
  // member that wakes up late still tells the barrier that was completed from the one that was not.
  Gate barriers;
  alignas(64) std::atomic<std::uint32_t> arrived{0};
  std::atomic<bool> failed{false};
  Error error;
};

}  // namespace libabi::task
