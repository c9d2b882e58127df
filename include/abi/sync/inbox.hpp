#pragma once
/// Where any thread leaves things and any thread takes all that were left: the way into a scheduler from outside.
///
///     Inbox<Job> inbox;
///     if (inbox.push(job)) wake_a_worker();            // any thread; true: there was nothing before it
///     for (Job* job = inbox.take_all(); job;) {        // any thread: oldest first
///       Job* const next = job->next;                   // run() may destroy the job
///       job->run(*job);
///       job = next;
///     }
///
/// Treiber's stack (1986), emptied as a whole and turned round, so that it has no ABA problem and its items leave in the order
/// in which they came. Guarantees: push() is lock-free, take_all() wait-free but for the turning, which is a step an item; no
/// memory of its own, since an item is its own place in it by its member `next`. A producer or a taker that stands still holds
/// nobody up. What was written before push() is seen after take_all(). Items left inside are forgotten with the inbox.
///
/// Cost: a push is one compare-and-swap; asking an empty inbox is one load of a line that nobody writes then.

#include <abi/sync/atomics.hpp>

#include <utility>

namespace libabi::sync {

/// A node has a member `next` that takes and gives a Node*.
template <class Node, class Policy = StdAtomics>
class Inbox {
 public:
  Inbox() = default;
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  /// Whether the inbox was empty.
  bool push(Node& node) noexcept {
    Node* top = top_.load(std::memory_order_relaxed);
    do node.next = top;
    // release: the node, and through the chain of read-modify-writes those below it. relaxed: only the address is used.
    while (!top_.compare_exchange_weak(top, &node, std::memory_order_release, std::memory_order_relaxed));
    return top == nullptr;
  }

  /// All nodes, linked by `next`, the oldest first; null where there are none.
  Node* take_all() noexcept {
    if (empty_hint()) return nullptr;
    Node* newest = top_.exchange(nullptr, std::memory_order_acquire);  // acquire: what push() releases
    Node* oldest = nullptr;
    while (newest) {
      Node* const below = newest->next;
      newest->next = oldest;
      oldest = std::exchange(newest, below);
    }
    return oldest;
  }

  bool empty_hint() const noexcept { return top_.load(std::memory_order_relaxed) == nullptr; }

 private:
  alignas(64) typename Policy::template Atomic<Node*> top_{nullptr};
};

}  // namespace libabi::sync
