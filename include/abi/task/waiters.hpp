#pragma once
/// What the awaits of channels, mutexes, semaphores, latches and events have in common: the queue of those who wait, and how
/// each of them leaves it exactly once. Not for users.
///
/// A WaitNode is part of the awaiter (or of the stack of a thread that blocks), so that waiting costs no memory. Its state
/// changes under the lock of its owner only:
///
///     fresh -> queued -> granted     the owner gave it what it waits for
///     fresh -> granted               it was there at once: no suspension
///     queued or fresh -> stopped     its stop token came first
///
/// Whoever moves a node out of `queued` takes it from the list, and resumes it once the lock is dropped: Resumptions does so.
/// From then on the node, and the owner with it, may be gone. The order of steps is that of context.hpp.

#include <abi/task/context.hpp>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>

namespace libabi::task::detail {

/// What a thread that is not a coroutine sleeps on; a worker of a Scheduler has a stand-in meanwhile.
class ABI_API ThreadSignal {
 public:
  void wait() noexcept;
  void call() noexcept;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool called_ = false;
};

struct WaitNode {
  enum class State : std::uint8_t { fresh, queued, granted, stopped };

  WaitNode() = default;
  WaitNode(const WaitNode&) = delete;
  WaitNode& operator=(const WaitNode&) = delete;

  Waiter waiter;
  ThreadSignal* thread = nullptr;  // who waits, where it is not a coroutine
  WaitNode* previous = nullptr;
  WaitNode* next = nullptr;
  State state = State::fresh;
};

/// First in, first out; removal from anywhere in O(1).
class WaitList {
 public:
  WaitList() = default;
  WaitList(const WaitList&) = delete;
  WaitList& operator=(const WaitList&) = delete;

  bool empty() const noexcept { return !first_; }
  WaitNode* first() const noexcept { return first_; }
  void append(WaitNode& node) noexcept {
    node.previous = last_;
    node.next = nullptr;
    (last_ ? last_->next : first_) = &node;
    last_ = &node;
  }
  void remove(WaitNode& node) noexcept {
    (node.previous ? node.previous->next : first_) = node.next;
    (node.next ? node.next->previous : last_) = node.previous;
  }

 private:
  WaitNode* first_ = nullptr;
  WaitNode* last_ = nullptr;
};

/// Goes on with the node's coroutine as Waiter::release() does, but in constant stack where one that is resumed inline resumes
/// the next: that one has its turn when the first has suspended. (So whoever runs inline and blocks its thread holds them up.)
ABI_API void resume(WaitNode& node) noexcept;

/// Collects those who may go on while a lock is held, and resumes them when it is not: declared before the lock's guard.
class Resumptions {
 public:
  Resumptions() = default;
  Resumptions(const Resumptions&) = delete;
  Resumptions& operator=(const Resumptions&) = delete;
  ~Resumptions() {
    for (WaitNode* node = nodes_.first(); node;) {
      WaitNode& current = *node;
      node = node->next;  // it may be gone after the next line
      resume(current);
    }
  }

  void take(WaitList& list, WaitNode& node, WaitNode::State state) noexcept {
    list.remove(node);
    node.state = state;
    nodes_.append(node);
  }
  void take_all(WaitList& list, WaitNode::State state) noexcept {
    while (!list.empty()) take(list, *list.first(), state);
  }

 private:
  WaitList nodes_;
};

/// The base of an awaiter of `Owner`, which has
///     bool admit(Awaiter&, bool may_wait)  under its lock: true where the awaiter is `granted` or was `stopped` before; else
///                                          queues it, if it may wait, and returns false
///     void abandon(Awaiter&)               its token is stopped: to `stopped` from `fresh` or `queued`
template <class Owner, class Awaiter>
class Await : public WaitNode {
 public:
  using FollowsContext = void;

  bool await_ready() const noexcept { return false; }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    waiter.bind(waiting);
    return !settle(waiter.context().stop);
  }

 protected:
  explicit Await(Owner& owner) noexcept : owner_(&owner) {}
  Await(Await&& other) noexcept : owner_(other.owner_) {}  // only before it is awaited

  /// The same for a thread, which sleeps meanwhile.
  void block(const StopToken& stop) noexcept {
    ThreadSignal signal;
    thread = &signal;
    if (!settle(stop)) signal.wait();
  }

  /// False where it was stopped. First of all in await_resume: nothing else touches the awaiter afterwards.
  bool finish() noexcept {
    on_stop_.reset();
    return state != State::stopped;
  }

  Owner* owner_;

 private:
  struct OnStop {
    Await* self;
    void operator()() const noexcept { self->owner_->abandon(self->derived()); }
  };

  Awaiter& derived() noexcept { return static_cast<Awaiter&>(*this); }

  // True where there is nothing to wait for.
  bool settle(const StopToken& stop) noexcept {
    if (!stop.stop_possible()) return owner_->admit(derived(), true);
    if (stop.stop_requested()) {
      state = State::stopped;
      return true;
    }
    if (owner_->admit(derived(), false)) return true;
    on_stop_.emplace(stop, OnStop{this});
    return owner_->admit(derived(), true);
  }

  std::optional<std::stop_callback<OnStop>> on_stop_;
};

/// abandon() of most owners.
inline void abandon_wait(std::mutex& mutex, WaitList& list, WaitNode& node) noexcept {
  Resumptions ready;
  const std::lock_guard lock(mutex);
  if (node.state == WaitNode::State::fresh)
    node.state = WaitNode::State::stopped;
  else if (node.state == WaitNode::State::queued)
    ready.take(list, node, WaitNode::State::stopped);
}

}  // namespace libabi::task::detail
