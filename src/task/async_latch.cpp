#include <abi/task/async_latch.hpp>

#include <algorithm>

namespace libabi::task {

using State = detail::WaitNode::State;

bool AsyncLatch::admit(Wait& wait, bool may_wait) noexcept {
  const std::lock_guard lock(mutex_);
  if (wait.state == State::stopped) return true;
  if (count_ == 0) {
    wait.state = State::granted;
    return true;
  }
  if (!may_wait) return false;
  wait.state = State::queued;
  waiting_.append(wait);
  return false;
}

void AsyncLatch::abandon(Wait& wait) noexcept { detail::abandon_wait(mutex_, waiting_, wait); }

// The step to zero is made under the lock, and the lock is dropped last: who sees the zero may destroy the latch.
void AsyncLatch::count_down(std::size_t steps) noexcept {
  detail::Resumptions ready;
  const std::lock_guard lock(mutex_);
  count_ -= std::min(count_, steps);
  if (count_ == 0) ready.take_all(waiting_, State::granted);
}

bool AsyncLatch::done() const noexcept {
  const std::lock_guard lock(mutex_);
  return count_ == 0;
}

}  // namespace libabi::task
