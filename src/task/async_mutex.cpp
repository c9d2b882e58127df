#include <abi/task/async_mutex.hpp>

namespace libabi::task {

using State = detail::WaitNode::State;

bool AsyncMutex::admit(Lock& lock, bool may_wait) noexcept {
  const std::lock_guard guard(mutex_);
  if (lock.state == State::stopped) return true;
  if (!held_) {
    held_ = true;
    lock.state = State::granted;
    return true;
  }
  if (!may_wait) return false;
  lock.state = State::queued;
  waiting_.append(lock);
  return false;
}

void AsyncMutex::abandon(Lock& lock) noexcept { detail::abandon_wait(mutex_, waiting_, lock); }

std::optional<AsyncMutex::Guard> AsyncMutex::try_lock() noexcept {
  const std::lock_guard guard(mutex_);
  if (std::exchange(held_, true)) return std::nullopt;
  return Guard(*this);
}

void AsyncMutex::unlock() noexcept {
  detail::Resumptions ready;
  const std::lock_guard guard(mutex_);
  if (waiting_.empty())
    held_ = false;
  else
    ready.take(waiting_, *waiting_.first(), State::granted);
}

}  // namespace libabi::task
