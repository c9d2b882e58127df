#pragma once

#include "countdown.hpp"
#include "scheduler/call.hpp"

#include <abi/base/error.hpp>
#include <abi/task/gang.hpp>

namespace libabi::task::detail {

/// What the members of one gang share.
struct GangState {
  /// Waits for all members; false when that can no longer happen.
  bool meet() noexcept;
  /// A member has thrown; the first error is the gang's.
  void fail(Error failure) noexcept;
  /// A member is through: no barrier that it has not reached can be completed any more.
  void leave() noexcept;

  unsigned count = 1;
  Patience patience;
  // Counts completed barriers by twos; the low bit says that no further one will be completed. In one word, so that a
  // member that wakes up late still tells the barrier that was completed from the one that was not.
  Gate barriers;
  alignas(64) std::atomic<std::uint32_t> arrived{0};
  std::atomic<bool> failed{false};
  Error error;
};

/// A gang as its members are called to it. Lives on the caller's stack until all have left.
struct GangCall : Call {
  using Body = void (*)(void* context, GangMember& member);

  GangCall(Body function, void* its_context, Patience patience) noexcept;
  /// What a worker that was called does.
  void arrive(unsigned seat) noexcept;
  /// The part of one member.
  void take_part(unsigned index) noexcept;
  /// Called by the caller before anybody is sent: members wait at the start until it is known who comes.
  void muster() noexcept { is_mustered = true; }
  /// How many have come.
  unsigned come() const noexcept { return arrivals.load(std::memory_order_acquire); }
  /// Lets them begin, `members` in all.
  void begin(unsigned members) noexcept;
  Result<void> result() &&;

  Body body;
  void* context;
  GangState state;
  bool is_mustered = false;
  std::atomic<unsigned> arrivals{0};
  Gate start;
  Countdown running;  // members, the caller not counted, that have not left
};

}  // namespace libabi::task::detail
