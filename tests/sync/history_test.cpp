// What real threads see of each structure, in many short histories that are checked for linearizability. The structures run as
// they ship, and over atomics at which threads give their processor away (history_shaken_atomics.hpp).

#include <abi/sync/bounded_queue.hpp>
#include <abi/sync/concurrent_map.hpp>
#include <abi/sync/hazard_pointers.hpp>
#include <abi/sync/lane_queue.hpp>
#include <abi/sync/mpsc_queue.hpp>
#include <abi/sync/spsc_ring.hpp>
#include <abi/sync/work_stealing_deque.hpp>

#include "sanitizers.hpp"
#include "seed.hpp"
#include "sync/history_rounds.hpp"
#include "sync/thread_history.hpp"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <optional>

namespace libabi::sync::test {
namespace {

using model::Deque;
using model::Fifo;
using model::Operation;
using model::Verb;
using model::without_excused_failures;
using Random = std::mt19937_64;

constexpr unsigned kCalls = 6;  // of a thread in a round

template <class P>
struct SpscHistory {
  static constexpr unsigned threads = 2;
  explicit SpscHistory(Random& random) : ring(SpscRing<int, P>::create(1 + random() % 2).value()) {}

  void act(unsigned thread, Random&) {
    for (unsigned call = 0; call < kCalls; ++call) thread == 0 ? pop() : push(static_cast<int>(call));
  }
  bool push(int item) {
    return history.push(1, item, [&] { return ring->push(item); });
  }
  bool pop() {
    return history.pop(0, [&](int& item) { return ring->pop(item); });
  }
  bool linearizable() {
    while (pop()) {
    }
    return model::linearizable<Fifo>(history.lanes(), {.capacity = ring->capacity()});
  }

  std::unique_ptr<SpscRing<int, P>> ring;
  ThreadHistory history{threads};
};

template <class P>
struct BoundedHistory {
  static constexpr unsigned threads = 3;
  explicit BoundedHistory(Random&) {}

  void act(unsigned thread, Random& random) {
    for (unsigned call = 0; call < kCalls; ++call) {
      const int item = static_cast<int>(10 * thread + call);
      random() % 2 == 0 ? history.push(thread, item, [&] { return queue->push(item); }) : pop(thread);
    }
  }
  bool pop(unsigned thread) {
    return history.pop(thread, [&](int& item) { return queue->pop(item); });
  }
  bool linearizable() {
    while (pop(0)) {
    }
    // A queue may look full or empty at a cell that another thread is at.
    return model::linearizable<Fifo>(without_excused_failures(history.lanes(), {Verb::push, Verb::pop}), {.capacity = 2});
  }

  std::unique_ptr<BoundedQueue<int, P>> queue = BoundedQueue<int, P>::create(2).value();
  ThreadHistory history{threads};
};

/// A first-in first-out queue for each producer. Lanes of two blocks of two items have room while they hold two, and may have
/// until they hold four.
struct Fifos {
  std::size_t room = 1000;  // none is that long
  std::size_t capacity = 1000;
  std::array<std::deque<int>, 3> lanes{};

  bool apply(const Operation& operation) {
    if (operation.verb == Verb::push || operation.ok) {
      auto& lane = lanes[static_cast<std::size_t>(operation.value / 10)];
      if (operation.verb == Verb::push && !operation.ok) return lane.size() > room;
      if (operation.verb == Verb::push) return lane.push_back(operation.value), lane.size() <= capacity;
      if (lane.empty() || lane.front() != operation.value) return false;
      lane.pop_front();
      return true;
    }
    return std::ranges::all_of(lanes, [](const auto& lane) { return lane.empty(); });
  }
  void write(auto&& put) const {
    for (const auto& lane : lanes) put(-1), std::ranges::for_each(lane, put);
  }
};

template <class P, bool unbounded>
struct LaneHistory {
  using Queue = LaneQueue<int, P, 2>;
  static constexpr unsigned threads = 3;
  explicit LaneHistory(Random&) {
    for (auto& producer : producers) producer = queue->producer().value();
  }

  void act(unsigned thread, Random& random) {
    auto consumer = queue->consumer();
    for (unsigned call = 0; call < kCalls; ++call) {
      const int item = static_cast<int>(10 * thread + call);
      if (random() % 5 < 3)
        history.push(thread, item, [&] { return producers[thread].push(item); });
      else
        pop(thread, consumer);
    }
  }
  bool pop(unsigned thread, typename Queue::Consumer& consumer) {
    return history.pop(thread, [&](int& item) { return consumer.pop(item); });
  }
  bool linearizable() {
    auto consumer = queue->consumer();
    while (pop(0, consumer)) {
    }
    Fifos fifos;
    if (!unbounded) fifos.room = 2, fifos.capacity = 4;
    return model::linearizable(without_excused_failures(history.lanes(), {Verb::push, Verb::pop}), fifos);
  }

  std::unique_ptr<Queue> queue = Queue::create({.lane_capacity = 4, .unbounded = unbounded}).value();
  std::array<typename Queue::Producer, threads> producers;
  ThreadHistory history{threads};
};

template <class P>
struct MpscHistory {
  struct Event : MpscHook<P> {
    int value = 0;
  };
  static constexpr unsigned threads = 3;
  explicit MpscHistory(Random&) {}

  void act(unsigned thread, Random&) {
    for (unsigned call = 0; call < kCalls; ++call) thread == 0 ? pop() : push(thread, kCalls * (thread - 1) + call);
  }
  bool push(unsigned thread, unsigned number) {
    Event& event = events[number];
    event.value = static_cast<int>(number);
    return history.push(thread, event.value, [&] { return queue.push(event), true; });
  }
  bool pop() {
    return history.pop(0, [&](int& item) {
      Event* const event = queue.pop();
      if (event) item = event->value;
      return event != nullptr;
    });
  }
  bool linearizable() {
    while (pop()) {
    }
    return model::linearizable<Fifo>(without_excused_failures(history.lanes(), {Verb::pop}));
  }

  std::array<Event, 2 * kCalls> events;
  MpscQueue<Event, P> queue;
  ThreadHistory history{threads};
};

template <class P>
struct DequeHistory {
  static constexpr unsigned threads = 3;
  explicit DequeHistory(Random& random) : deque(2, static_cast<unsigned>(random() % 3)) {}

  void act(unsigned thread, Random& random) {
    for (unsigned call = 0; call < kCalls; ++call) {
      if (thread != 0)
        history.steal(thread, [&](int& item) { return took(deque.steal(), item); });
      else if (random() % 3 != 0)
        history.push(0, static_cast<int>(call), [&] { return deque.push(static_cast<int>(call)); });
      else
        pop();
    }
  }
  static bool took(std::optional<int> got, int& item) { return item = got.value_or(0), got.has_value(); }
  bool pop() {
    return history.pop(0, [&](int& item) { return took(deque.pop(), item); });
  }
  bool linearizable() {
    while (pop()) {
    }
    // A steal that comes while the owner moves items may find nothing.
    return model::linearizable<Deque>(without_excused_failures(history.lanes(), {Verb::steal}));
  }

  WorkStealingDeque<int, P> deque;
  ThreadHistory history{threads};
};

/// Too large for a cell: stands in a node.
struct Large {
  int number = 0;
  int other[3] = {};
  Large(int n = 0) noexcept : number(n) {}
  operator int() const noexcept { return number; }
};

/// Three or four of the keys make a map of one bucket grow.
template <class P, class V, class R>
struct MapHistory {
  static constexpr unsigned threads = 3;
  static constexpr int keys = 6;
  explicit MapHistory(Random& random) {
    for (R*& each : mine) each = domain.join();
    for (int key = 0; key < static_cast<int>(random() % 5); ++key) insert(0, key, 100 + key);
  }

  void act(unsigned thread, Random& random) {
    for (unsigned call = 0; call < kCalls; ++call) {
      const int key = static_cast<int>(random() % keys);
      const int value = static_cast<int>(10 * thread + call) * 100;
      switch (random() % 6) {
        case 0: insert(thread, key, value); break;
        case 1:
          record(Verb::assign, thread, key, value, [&](int&) { return map->assign(key, V(value), *mine[thread]).value(); });
          break;
        case 2:
          record(Verb::update, thread, key, 0,
                 [&](int& is) { return map->update(key, [&](const V& was) { return V(is = was + 1); }, *mine[thread]).value(); });
          break;
        case 3: record(Verb::erase, thread, key, 0, [&](int&) { return map->erase(key, *mine[thread]); }); break;
        default: find(thread, key);
      }
    }
  }
  void record(Verb verb, unsigned thread, int key, int value, auto&& call) {
    history.record(thread, {.verb = verb, .value = value, .key = key}, [&](Operation& o) { o.ok = call(o.value); });
  }
  void insert(unsigned thread, int key, int value) {
    record(Verb::insert, thread, key, value, [&](int&) { return map->insert(key, V(value), *mine[thread]).value(); });
  }
  void find(unsigned thread, int key) {
    record(Verb::find, thread, key, 0,
           [&](int& is) { return map->find(key, [&](const V& value) { is = value; }, *mine[thread]); });
  }
  bool linearizable() {
    for (int key = 0; key < keys; ++key) find(0, key);
    return std::ranges::all_of(model::by_key(history.lanes()),
                               [](const auto& key) { return model::linearizable<model::MapEntry>(key); });
  }

  using Map = ConcurrentMap<int, V, R, std::hash<int>, P>;
  typename R::Domain domain;
  std::array<R*, threads> mine{};
  std::unique_ptr<Map> map = Map::create(1).value();
  ThreadHistory history{threads};
};

template <class P>
using MapInCells = MapHistory<P, int, EpochReclaimer<P, 3>>;
template <class P>
using MapInNodes = MapHistory<P, Large, HazardReclaimer<P, 3, 4>>;
template <class P>
using BoundedLanes = LaneHistory<P, false>;
template <class P>
using UnboundedLanes = LaneHistory<P, true>;

constexpr unsigned kRounds = libabi::test::sanitized ? 300 : 3000;

template <template <class> class Subject>
void expect_linearizable() {
  const std::uint64_t seed = libabi::test::seed();
  EXPECT_EQ(first_violation<Subject<StdAtomics>>(seed, kRounds), "");
  EXPECT_EQ(first_violation<Subject<ShakenAtomics>>(seed, kRounds), "") << "with atomics that give way";
}

TEST(History, SpscRingIsAQueue) { expect_linearizable<SpscHistory>(); }
TEST(History, BoundedQueueIsAQueue) { expect_linearizable<BoundedHistory>(); }
TEST(History, BoundedLanesAreAQueueEach) { expect_linearizable<BoundedLanes>(); }
TEST(History, UnboundedLanesAreAQueueEach) { expect_linearizable<UnboundedLanes>(); }
TEST(History, MpscQueueIsAQueue) { expect_linearizable<MpscHistory>(); }
TEST(History, WorkStealingDequeIsADeque) { expect_linearizable<DequeHistory>(); }
TEST(History, ConcurrentMapIsAMapWithItemsInCells) { expect_linearizable<MapInCells>(); }
TEST(History, ConcurrentMapIsAMapWithItemsInNodes) { expect_linearizable<MapInNodes>(); }

}  // namespace
}  // namespace libabi::sync::test
