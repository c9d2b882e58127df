#pragma once
/// What a member of a gang sees of it. See Scheduler::gang().

#include <abi/base/api.hpp>

namespace libabi::task {

namespace detail {
struct GangState;
struct GangCall;
}  // namespace detail

/// What a member of a gang knows: its index, how many there are, and the barrier where they meet.
class ABI_API GangMember {
 public:
  unsigned index() const noexcept { return index_; }
  unsigned count() const noexcept { return count_; }
  /// Waits until every member is here. False where that can no longer happen, since a member has failed or left: return
  /// then. Everything written before the barrier by any member is seen after it by all. Spins briefly, then yields, then
  /// sleeps; about 0.1 to 0.5 us on two cores.
  bool barrier() noexcept;

 private:
  friend struct detail::GangCall;
  GangMember(detail::GangState& state, unsigned index, unsigned count) noexcept : state_(&state), index_(index), count_(count) {}
  detail::GangState* state_;
  unsigned index_;
  unsigned count_;
};

}  // namespace libabi::task
