#pragma once
/// An unbounded queue from any number of producers to one consumer, without memory of its own: an item is its own place in it.
///
///     struct Event : MpscHook<> { ... };
///     MpscQueue<Event> queue;
///     queue.push(event);                               // any thread; the event stays where it is
///     if (Event* next = queue.pop()) handle(*next);    // the consumer
///
/// Vyukov's intrusive queue (2010). Guarantees: push() is wait-free, one exchange; pop() is wait-free and null where the queue is
/// empty or the next item's producer is between the two steps of its push(), whereupon that item and those behind it come
/// later. First in, first out in the order of the exchanges. What was written before push() is seen after pop(). An item
/// belongs to the queue from push() until pop() returned it, and is in one queue at a time; the queue does not touch it after
/// that. Items left inside are forgotten with the queue. Where any thread may take, and all at once, see Inbox.

#include <abi/sync/atomics.hpp>

namespace libabi::sync {

/// What an item of an MpscQueue derives from.
template <class Policy = StdAtomics>
struct MpscHook {
  typename Policy::template Atomic<MpscHook*> behind{nullptr};  ///< the queue's
};

template <class Node, class Policy = StdAtomics>
class MpscQueue {
  using Hook = MpscHook<Policy>;

 public:
  MpscQueue() noexcept : back_(&stub_), front_(&stub_) {}
  MpscQueue(const MpscQueue&) = delete;
  MpscQueue& operator=(const MpscQueue&) = delete;

  /// Any thread.
  void push(Node& node) noexcept { link(static_cast<Hook*>(&node)); }
  /// Consumer. Null where there is nothing to be had now.
  Node* pop() noexcept;
  /// Consumer. True where no push() has begun whose item was not popped.
  bool empty() const noexcept { return front_ == &stub_ && back_.load(std::memory_order_relaxed) == &stub_; }

 private:
  void link(Hook* hook) noexcept;

  alignas(64) typename Policy::template Atomic<Hook*> back_;  // the item pushed last
  alignas(64) Hook* front_;                                   // the consumer's: the next item, or the stub
  Hook stub_;
};

template <class Node, class Policy>
void MpscQueue<Node, Policy>::link(Hook* hook) noexcept {
  hook->behind.store(nullptr, std::memory_order_relaxed);  // relaxed: released below
  // release: the hook, to the producer that comes next and writes to it. acquire: the hook that we write to.
  Hook* const before = back_.exchange(hook, std::memory_order_acq_rel);
  before->behind.store(hook, std::memory_order_release);  // release: the item
}

template <class Node, class Policy>
Node* MpscQueue<Node, Policy>::pop() noexcept {
  Hook* front = front_;
  Hook* next = front->behind.load(std::memory_order_acquire);  // acquire: the item behind
  if (front == &stub_) {
    if (!next) return nullptr;
    front_ = front = next;
    next = front->behind.load(std::memory_order_acquire);
  }
  if (!next) {
    // The last item can leave only when something is behind it; that is the stub, unless a producer is just there. relaxed:
    // a stale value only says that somebody is.
    if (front != back_.load(std::memory_order_relaxed)) return nullptr;
    link(&stub_);
    next = front->behind.load(std::memory_order_acquire);
    if (!next) return nullptr;
  }
  front_ = next;
  return static_cast<Node*>(front);
}

}  // namespace libabi::sync
