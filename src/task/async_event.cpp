#include <abi/task/async_event.hpp>

namespace libabi::task {

using State = detail::WaitNode::State;

bool AsyncEvent::admit(Wait& wait, bool may_wait) noexcept {
  const std::lock_guard lock(mutex_);
  if (wait.state == State::stopped) return true;
  if (set_) {
    set_ = reset_ == Reset::manual;
    wait.state = State::granted;
    return true;
  }
  if (!may_wait) return false;
  wait.state = State::queued;
  waiting_.append(wait);
  return false;
}

void AsyncEvent::abandon(Wait& wait) noexcept { detail::abandon_wait(mutex_, waiting_, wait); }

void AsyncEvent::set() noexcept {
  detail::Resumptions ready;
  const std::lock_guard lock(mutex_);
  if (reset_ == Reset::manual) {
    set_ = true;
    ready.take_all(waiting_, State::granted);
  } else if (waiting_.empty()) {
    set_ = true;
  } else {
    ready.take(waiting_, *waiting_.first(), State::granted);
  }
}

void AsyncEvent::reset() noexcept {
  const std::lock_guard lock(mutex_);
  set_ = false;
}

bool AsyncEvent::is_set() const noexcept {
  const std::lock_guard lock(mutex_);
  return set_;
}

}  // namespace libabi::task
