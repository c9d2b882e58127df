#include <abi/task/async_semaphore.hpp>

namespace libabi::task {

using State = detail::WaitNode::State;

bool AsyncSemaphore::admit(Acquire& acquire, bool may_wait) noexcept {
  const std::lock_guard lock(mutex_);
  if (acquire.state == State::stopped) return true;
  if (waiting_.empty() && available_ >= acquire.count_) {
    available_ -= acquire.count_;
    acquire.state = State::granted;
    return true;
  }
  if (!may_wait) return false;
  acquire.state = State::queued;
  waiting_.append(acquire);
  return false;
}

std::optional<AsyncSemaphore::Permit> AsyncSemaphore::try_acquire(std::size_t count) noexcept {
  const std::lock_guard lock(mutex_);
  if (!waiting_.empty() || available_ < count) return std::nullopt;
  available_ -= count;
  return Permit(*this, count);
}

void AsyncSemaphore::serve(detail::Resumptions& ready) noexcept {
  while (!waiting_.empty()) {
    auto& first = static_cast<Acquire&>(*waiting_.first());
    if (first.count_ > available_) return;
    available_ -= first.count_;
    ready.take(waiting_, first, State::granted);
  }
}

void AsyncSemaphore::release(std::size_t count) noexcept {
  detail::Resumptions ready;
  const std::lock_guard lock(mutex_);
  available_ += count;
  serve(ready);
}

void AsyncSemaphore::abandon(Acquire& acquire) noexcept {
  detail::Resumptions ready;
  const std::lock_guard lock(mutex_);
  if (acquire.state == State::fresh) acquire.state = State::stopped;
  if (acquire.state != State::queued) return;
  ready.take(waiting_, acquire, State::stopped);
  serve(ready);  // it may have stood before some who ask for less
}

std::size_t AsyncSemaphore::available() const noexcept {
  const std::lock_guard lock(mutex_);
  return available_;
}

}  // namespace libabi::task
