#include "gang.hpp"

#include <utility>

namespace libabi::task {

namespace {

constexpr std::uint32_t kEnded = 1;         // the bit of State::barriers that says that no further one is completed
constexpr std::uint32_t kOneCompleted = 2;  // what a completed barrier adds to it

}  // namespace

bool GangMember::barrier() noexcept { return count_ == 1 || state_->meet(); }

bool GangMember::State::meet() noexcept {
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

void GangMember::State::fail(Error failure) noexcept {
  if (!failed.exchange(true, std::memory_order_relaxed)) error = std::move(failure);
}

void GangMember::State::leave() noexcept {
  if (count > 1 && !(barriers.value() & kEnded)) barriers.set_bits(kEnded);
}

Result<void> GangMember::State::result() && {
  if (failed.load(std::memory_order_relaxed)) return std::unexpected(std::move(error));
  return {};
}

}  // namespace libabi::task
