#pragma once
/// A queue of lanes: every producer has one of its own, every consumer visits them all. It does not collapse where threads are
/// taken off their processors in the middle of an operation, and it may be unbounded.
///
///     ABI_TRY(auto queue, LaneQueue<Task>::create({.lane_capacity = 1024}));
///     ABI_TRY(auto producer, queue->producer());       // one a thread
///     producer.push(std::move(task));                  // false: its lane is full, or closed, or there is no memory
///     auto consumer = queue->consumer();               // one a thread
///     Task next;
///     if (consumer.pop(next)) next();                  // false: every lane that was visited was empty
///
/// A lane is a ring of blocks of items. Its producer alone writes the tail, so a push has no read-modify-write. Consumers claim
/// items by moving the head, move them out, and mark each in the done line of its block; the producer enters a block again when
/// all of its items are marked. A consumer stays with a lane while there is something in it and nobody else is there, and moves
/// on after a while, so that consumers spread over the lanes. The idea of a queue per producer is that of Desrochers'
/// moodycamel::ConcurrentQueue (2014); the ring of blocks grows by doubling its directory; items never move, and a block that was
/// emptied is filled again before a new one is made.
///
/// Guarantees: the items of one producer keep their order; between producers there is none. pop() is false where each lane was
/// empty when it was visited. No thread waits for another: a producer that stands still holds back nothing that it pushed, a
/// consumer that stands still holds back one item and, a round later, that lane's producer. push() and pop() are noexcept; a
/// push allocates only where the queue is unbounded, by the block. Blocks stay with the queue until its end. T is default
/// constructible and moves without exceptions. Handles are used by one thread at a time, move, and end before the queue; a
/// producer's lane and what is in it stay for the next producer. Items left inside are destroyed with the queue.
///
/// Cost (rows runtime.queue.mpmc.*): a push 2 ns, a pop one compare-and-swap; by span one a span.

#include <abi/base/boundary.hpp>
#include <abi/sync/lane.hpp>

#include <span>

namespace libabi::sync {

struct LaneQueueOptions {
  std::size_t lane_capacity = 4096;  ///< items a producer may be ahead; rounded up to two blocks, then to a power of two
  bool unbounded = false;            ///< lane_capacity is what a lane has room for at first
};

template <class T, class Policy = StdAtomics, std::size_t block_items = 64>
class LaneQueue {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>);
  using Lane = detail::Lane<T, Policy, block_items>;

 public:
  class Producer;
  class Consumer;

  /// Errors: invalid_argument (a lane of 0), exhausted.
  static Result<std::unique_ptr<LaneQueue>> create(const LaneQueueOptions& options = {});
  ~LaneQueue();
  LaneQueue(const LaneQueue&) = delete;
  LaneQueue& operator=(const LaneQueue&) = delete;

  /// A lane that no producer has now, or a new one. Errors: exhausted.
  Result<Producer> producer();
  Consumer consumer() noexcept;

  /// No push succeeds that begins after this returns; what is inside can still be popped.
  void close() noexcept { closed_.store(true, std::memory_order_release); }
  bool closed() const noexcept { return closed_.load(std::memory_order_relaxed); }
  /// Closed, no producer left, and no item: pop() is false from now on.
  bool drained() const noexcept;
  /// How many items there are, more or less.
  std::size_t size_hint() const noexcept;

 private:
  explicit LaneQueue(std::size_t blocks, bool unbounded) noexcept : blocks_(blocks), unbounded_(unbounded) {}
  template <class Object, class... Args>
  friend std::unique_ptr<Object> detail::make_object(Args&&... args) noexcept;
  Lane* first() const noexcept { return lanes_.load(std::memory_order_acquire); }  // acquire: the lane itself

  typename Policy::template Atomic<Lane*> lanes_{nullptr};
  typename Policy::template Atomic<bool> closed_{false};
  typename Policy::template Atomic<Lane*> visit_next_{nullptr};  // where the next consumer begins
  std::size_t blocks_;
  bool unbounded_;
};

/// The right to push into one lane.
template <class T, class Policy, std::size_t block_items>
class LaneQueue<T, Policy, block_items>::Producer {
 public:
  Producer() = default;
  Producer(Producer&& other) noexcept
      : queue_(std::exchange(other.queue_, nullptr)), lane_(std::exchange(other.lane_, nullptr)) {}
  Producer& operator=(Producer&& other) noexcept {
    std::swap(queue_, other.queue_);
    std::swap(lane_, other.lane_);
    return *this;
  }
  ~Producer() {
    if (lane_) lane_->leave();
  }

  /// False where the lane is full, or the queue closed, or the system has no memory; the item is untouched then.
  bool push(T&& item) noexcept { return !queue_->closed() && lane_->push(std::span<T, 1>(&item, 1)) == 1; }
  bool push(const T& item) noexcept { return push(T(item)); }
  /// Moves the first of the items in, as many as there is room for; how many.
  std::size_t push(std::span<T> items) noexcept { return queue_->closed() ? 0 : lane_->push(items); }

 private:
  friend LaneQueue;
  Producer(LaneQueue* queue, Lane* lane) noexcept : queue_(queue), lane_(lane) {}
  LaneQueue* queue_ = nullptr;
  Lane* lane_ = nullptr;
};

/// Where a thread is on its way over the lanes.
template <class T, class Policy, std::size_t block_items>
class LaneQueue<T, Policy, block_items>::Consumer {
 public:
  bool pop(T& item) noexcept { return pop_into(std::span<T, 1>(&item, 1)) == 1; }
  /// As many as one lane has and fit; how many.
  std::size_t pop(std::span<T> items) noexcept { return pop_into(items); }

 private:
  friend LaneQueue;
  static constexpr unsigned kStay = 256;  // items taken from a lane before the next one is looked at, so that none starves
  Consumer(LaneQueue* queue, Lane* lane) noexcept : queue_(queue) { visit_.lane = lane; }
  template <std::size_t extent>
  std::size_t pop_into(std::span<T, extent> items) noexcept;
  std::size_t pop_elsewhere(std::span<T> items) noexcept;
  bool move_on() noexcept;
  LaneQueue* queue_;
  typename Lane::Visit visit_;
  unsigned taken_ = 0;
};

template <class T, class Policy, std::size_t block_items>
auto LaneQueue<T, Policy, block_items>::create(const LaneQueueOptions& options) -> Result<std::unique_ptr<LaneQueue>> {
  return boundary([&]() -> Result<std::unique_ptr<LaneQueue>> {
    ABI_TRY(const std::size_t items, detail::ring_capacity(options.lane_capacity, 2 * block_items, sizeof(T)));
    auto queue = detail::make_object<LaneQueue>(items / block_items, options.unbounded);
    if (!queue) return detail::no_memory(items, sizeof(T));
    return queue;
  });
}

template <class T, class Policy, std::size_t block_items>
LaneQueue<T, Policy, block_items>::~LaneQueue() {
  for (Lane* lane = first(); lane;) delete std::exchange(lane, lane->next);
}

template <class T, class Policy, std::size_t block_items>
auto LaneQueue<T, Policy, block_items>::producer() -> Result<Producer> {
  return boundary([&]() -> Result<Producer> {
    Lane* const head = first();
    for (Lane* lane = head; lane; lane = lane->next)
      if (lane->enter()) return Producer(this, lane);
    auto fresh = detail::make_object<Lane>(unbounded_);
    if (!fresh || !fresh->reserve(blocks_)) return detail::no_memory(blocks_ * block_items, sizeof(T));
    fresh->next = head;
    // release: the lane.
    while (!lanes_.compare_exchange_weak(fresh->next, fresh.get(), std::memory_order_release, std::memory_order_relaxed)) {
    }
    return Producer(this, fresh.release());
  });
}

template <class T, class Policy, std::size_t block_items>
auto LaneQueue<T, Policy, block_items>::consumer() noexcept -> Consumer {
  // Each begins one lane further than the one before, so that they spread. relaxed: lanes are found through lanes_.
  Lane* lane = first();
  Lane* const wanted = visit_next_.load(std::memory_order_relaxed);
  while (lane && wanted && lane != wanted) lane = lane->next;
  if (lane) visit_next_.store(lane->next, std::memory_order_relaxed);
  return Consumer(this, lane);
}

template <class T, class Policy, std::size_t block_items>
bool LaneQueue<T, Policy, block_items>::drained() const noexcept {
  // acquire: who closed had pushed, or saw pushed, what must be counted here.
  if (!closed_.load(std::memory_order_acquire)) return false;
  for (Lane* lane = first(); lane; lane = lane->next)
    if (lane->entered() || lane->size_hint() != 0) return false;
  return true;
}

template <class T, class Policy, std::size_t block_items>
std::size_t LaneQueue<T, Policy, block_items>::size_hint() const noexcept {
  std::size_t sum = 0;
  for (Lane* lane = first(); lane; lane = lane->next) sum += lane->size_hint();
  return sum;
}

/// To the lane after this one, the first after the last; false where there is no lane at all.
template <class T, class Policy, std::size_t block_items>
bool LaneQueue<T, Policy, block_items>::Consumer::move_on() noexcept {
  Lane* const lane = visit_.lane && visit_.lane->next ? visit_.lane->next : queue_->first();
  if (lane != visit_.lane) visit_ = {.lane = lane};
  taken_ = 0;
  return lane != nullptr;
}

template <class T, class Policy, std::size_t block_items>
template <std::size_t extent>
std::size_t LaneQueue<T, Policy, block_items>::Consumer::pop_into(std::span<T, extent> items) noexcept {
  bool contended = false;
  if (visit_.lane && taken_ < kStay) [[likely]]
    if (const std::size_t count = visit_.pop(items, contended); count != 0) [[likely]] {
      taken_ += static_cast<unsigned>(count);
      return count;
    }
  return pop_elsewhere(items);
}

/// Once round, which ends with the lane where it began: it may have been left to somebody else who was there.
template <class T, class Policy, std::size_t block_items>
std::size_t LaneQueue<T, Policy, block_items>::Consumer::pop_elsewhere(std::span<T> items) noexcept {
  if (!visit_.lane && !move_on()) return 0;
  Lane* const begin = visit_.lane;
  for (;;) {
    move_on();
    const bool last = visit_.lane == begin;
    bool contended = false;
    do {
      const std::size_t count = visit_.pop(items, contended);
      taken_ = static_cast<unsigned>(count);
      if (count != 0) return count;
    } while (last && contended);
    if (last) return 0;
  }
}

}  // namespace libabi::sync
