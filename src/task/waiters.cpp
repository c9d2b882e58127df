#include <abi/task/scheduler.hpp>
#include <abi/task/waiters.hpp>

namespace libabi::task::detail {

namespace {

// Those that are to be resumed inline on this thread, behind the one that runs. Pointers only: a node belongs to a coroutine
// that does not run until its turn.
struct Turns {
  WaitList waiting;
  bool taken = false;
};
constinit thread_local Turns turns;

}  // namespace

void ThreadSignal::wait() noexcept {
  const BlockingScope blocking;
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return called_; });
}

// Notified under the lock: once it is dropped, the thread may go and take this object with it.
void ThreadSignal::call() noexcept {
  const std::lock_guard lock(mutex_);
  called_ = true;
  changed_.notify_one();
}

void resume(WaitNode& node) noexcept {
  if (node.thread) return node.thread->call();
  if (node.waiter.executor()) return node.waiter.release();
  turns.waiting.append(node);
  if (turns.taken) return;
  turns.taken = true;
  while (WaitNode* const next = turns.waiting.first()) {
    turns.waiting.remove(*next);
    next->waiter.release();
  }
  turns.taken = false;
}

}  // namespace libabi::task::detail
