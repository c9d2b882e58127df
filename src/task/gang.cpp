#include "gang.hpp"

#include <abi/base/boundary.hpp>

#include <utility>

namespace libabi::task {

namespace {

constexpr std::uint32_t kEnded = 1;         // the bit of GangState::barriers that says that no further one is completed
constexpr std::uint32_t kOneCompleted = 2;  // what a completed barrier adds to it

}  // namespace

bool GangMember::barrier() noexcept { return count_ == 1 || state_->meet(); }

namespace detail {

constinit thread_local bool in_a_gang = false;

bool GangState::meet() noexcept {
  const std::uint32_t before = barriers.value();
  if (before & kEnded) return false;
  if (arrived.fetch_add(1, std::memory_order_acq_rel) + 1 == count) {
    arrived.store(0, std::memory_order_relaxed);  // seen by whoever sees the barrier completed
    barriers.add(kOneCompleted);
    return true;
  }
  // Completed, even if a faster member has ended the gang since; or ended, and not completed.
  return (barriers.await_change(before, patience) & ~kEnded) != before;
}

void GangState::fail(Error failure) noexcept {
  if (!failed.exchange(true, std::memory_order_relaxed)) error = std::move(failure);
}

void GangState::leave() noexcept {
  if (count > 1 && !(barriers.value() & kEnded)) barriers.set_bits(kEnded);
}

GangCall::GangCall(Body function, void* its_context, Patience patience) noexcept
    : Call{.work = [](Call& self, unsigned seat) noexcept { static_cast<GangCall&>(self).arrive(seat); },
           .done = [](Call& self) noexcept { static_cast<GangCall&>(self).running.down(); }},
      body(function),
      context(its_context) {
  state.patience = patience;
}

void GangCall::arrive(unsigned seat) noexcept {
  if (is_mustered) {
    seat = arrivals.fetch_add(1, std::memory_order_acq_rel) + 1;
    start.await_change(0, state.patience);
  }
  take_part(seat);
}

void GangCall::begin(unsigned members) noexcept {
  state.count = members;
  start.add(1);
}

void GangCall::take_part(unsigned index) noexcept {
  const bool before = std::exchange(in_a_gang, true);
  GangMember member(state, index, state.count);
  try {
    body(context, member);
  } catch (...) {
    state.fail(libabi::detail::current_exception_error());
  }
  state.leave();
  in_a_gang = before;
}

Result<void> GangCall::result() && {
  if (state.failed.load(std::memory_order_relaxed)) return std::unexpected(std::move(state.error));
  return {};
}

}  // namespace detail
}  // namespace libabi::task
