#pragma once
/// A bounded queue for any number of producers and consumers, first in first out.
///
///     ABI_TRY(auto queue, BoundedQueue<Request>::create(1024));
///     if (!queue->push(std::move(request))) refuse();        // any thread; false: full or closed, the request is still there
///     Request next;
///     if (queue->pop(next)) serve(next);                     // any thread; false: empty
///
/// Vyukov's cells (2010): each cell says by a turn of its own whose it is, so that a producer and a consumer meet only there.
///
/// Guarantees: every call is any thread's, noexcept, and allocates nothing. The queue is linearizable, but for one thing: a
/// thread that is taken off its processor between claiming its cell and finishing it makes the queue seem empty or full at that
/// cell until it goes on. Where threads outnumber processors, LaneQueue does not know that. After close() no push succeeds that
/// has not claimed its cell; what was pushed can be popped. T is default constructible and moves without exceptions; a cell
/// keeps the moved-from item until it is used again. Items left inside are destroyed with the queue.
///
/// Cost (rows runtime.queue.bounded.*): one compare-and-swap and two cache lines an operation; one compare-and-swap a span.

#include <abi/base/boundary.hpp>
#include <abi/sync/atomics.hpp>
#include <abi/sync/capacity.hpp>

#include <algorithm>
#include <span>

namespace libabi::sync {

template <class T, class Policy = StdAtomics>
class BoundedQueue {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>);
  struct Cell {
    // n: free for the push at position n; n + 1: holds the item of position n; after the pop n + capacity, and so on.
    typename Policy::template Atomic<std::size_t> turn{0};
    typename Policy::template Plain<T> item;
  };

 public:
  /// The capacity is rounded up to a power of two, at least 2. Errors: invalid_argument (0), exhausted.
  static Result<std::unique_ptr<BoundedQueue>> create(std::size_t capacity);
  BoundedQueue(const BoundedQueue&) = delete;
  BoundedQueue& operator=(const BoundedQueue&) = delete;

  /// False where the queue is full or closed; the item is untouched then.
  bool push(T&& item) noexcept { return push(std::span<T>(&item, 1)) == 1; }
  bool push(const T& item) noexcept { return push(T(item)); }
  /// Moves the first of the items in, side by side, as many as there is room for; how many.
  std::size_t push(std::span<T> items) noexcept;

  /// False where the queue is empty.
  bool pop(T& item) noexcept { return pop(std::span<T>(&item, 1)) == 1; }
  /// As many as there are and fit, side by side; how many.
  std::size_t pop(std::span<T> items) noexcept;

  void close() noexcept;
  bool closed() const noexcept { return (tail_.load(std::memory_order_relaxed) & kClosed) != 0; }
  /// Closed, and no push is unfinished and no item left: pop() is false from now on.
  bool drained() const noexcept;

  std::size_t capacity() const noexcept { return mask_ + 1; }
  /// How many items there are, more or less.
  std::size_t size_hint() const noexcept;

 private:
  static constexpr std::size_t kClosed = ~(~std::size_t{0} >> 1);  // of tail_

  BoundedQueue(std::unique_ptr<Cell[]> cells, std::size_t capacity) noexcept;
  template <class Object, class... Args>
  friend std::unique_ptr<Object> detail::make_object(Args&&... args) noexcept;

  std::size_t ready(std::size_t position, std::size_t turn, std::size_t wanted) const noexcept;

  alignas(64) typename Policy::template Atomic<std::size_t> tail_{0};  // of the next push
  alignas(64) typename Policy::template Atomic<std::size_t> head_{0};  // of the next pop
  alignas(64) std::unique_ptr<Cell[]> cells_;
  std::size_t mask_;
};

template <class T, class Policy>
Result<std::unique_ptr<BoundedQueue<T, Policy>>> BoundedQueue<T, Policy>::create(std::size_t capacity) {
  return boundary([&]() -> Result<std::unique_ptr<BoundedQueue>> {
    ABI_TRY(const std::size_t count, detail::ring_capacity(capacity, 2, sizeof(Cell)));
    auto cells = detail::make_slots<Cell>(count);
    if (!cells) return detail::no_memory(count, sizeof(Cell));
    auto queue = detail::make_object<BoundedQueue>(std::move(cells), count);
    if (!queue) return detail::no_memory(count, sizeof(Cell));
    return queue;
  });
}

template <class T, class Policy>
BoundedQueue<T, Policy>::BoundedQueue(std::unique_ptr<Cell[]> cells, std::size_t capacity) noexcept
    : cells_(std::move(cells)), mask_(capacity - 1) {
  // relaxed: nobody else has the queue yet.
  for (std::size_t i = 0; i < capacity; ++i) cells_[i].turn.store(i, std::memory_order_relaxed);
}

/// How many cells from `position` on, at most `wanted`, have come to their `turn`; the turn of the next cell is one more.
/// They stay so until the position moves on, which only a compare-and-swap from `position` can do.
template <class T, class Policy>
std::size_t BoundedQueue<T, Policy>::ready(std::size_t position, std::size_t turn, std::size_t wanted) const noexcept {
  std::size_t count = 0;
  // acquire: a push sees that the item of the last round was moved out, a pop sees the item.
  while (count < wanted && cells_[(position + count) & mask_].turn.load(std::memory_order_acquire) == turn + count) ++count;
  return count;
}

template <class T, class Policy>
std::size_t BoundedQueue<T, Policy>::push(std::span<T> items) noexcept {
  const std::size_t wanted = std::min(items.size(), capacity());
  std::size_t tail = tail_.load(std::memory_order_relaxed);  // relaxed: the cells' turns order everything
  for (;;) {
    if (wanted == 0 || tail & kClosed) return 0;
    const std::size_t count = ready(tail, tail, wanted);
    if (count == 0) {
      const std::size_t now = tail_.load(std::memory_order_relaxed);
      if (now == tail) return 0;  // full, or somebody is not ready with the cell
      tail = now;
    } else if (tail_.compare_exchange_weak(tail, tail + count, std::memory_order_relaxed, std::memory_order_relaxed)) {
      for (std::size_t i = 0; i < count; ++i) {
        Cell& cell = cells_[(tail + i) & mask_];
        cell.item.set(std::move(items[i]));
        cell.turn.store(tail + i + 1, std::memory_order_release);  // release: the item
      }
      return count;
    }
  }
}

template <class T, class Policy>
std::size_t BoundedQueue<T, Policy>::pop(std::span<T> items) noexcept {
  const std::size_t wanted = std::min(items.size(), capacity());
  std::size_t head = head_.load(std::memory_order_relaxed);  // relaxed: as in push()
  for (;;) {
    const std::size_t count = ready(head, head + 1, wanted);
    if (count == 0) {
      const std::size_t now = head_.load(std::memory_order_relaxed);
      if (now == head) return 0;  // empty, or somebody is not ready with the cell
      head = now;
    } else if (head_.compare_exchange_weak(head, head + count, std::memory_order_relaxed, std::memory_order_relaxed)) {
      for (std::size_t i = 0; i < count; ++i) {
        Cell& cell = cells_[(head + i) & mask_];
        items[i] = cell.item.take();
        cell.turn.store(head + i + capacity(), std::memory_order_release);  // release: the slot is free
      }
      return count;
    }
  }
}

template <class T, class Policy>
void BoundedQueue<T, Policy>::close() noexcept {
  tail_.fetch_or(kClosed, std::memory_order_relaxed);  // relaxed: it tells nothing but that the tail is final
}

template <class T, class Policy>
bool BoundedQueue<T, Policy>::drained() const noexcept {
  const std::size_t tail = tail_.load(std::memory_order_relaxed);  // final, where it is closed
  return (tail & kClosed) != 0 && head_.load(std::memory_order_relaxed) == (tail & ~kClosed);
}

template <class T, class Policy>
std::size_t BoundedQueue<T, Policy>::size_hint() const noexcept {
  const std::size_t head = head_.load(std::memory_order_relaxed);
  const std::size_t tail = tail_.load(std::memory_order_relaxed) & ~kClosed;
  return tail > head ? std::min(tail - head, capacity()) : 0;
}

}  // namespace libabi::sync
