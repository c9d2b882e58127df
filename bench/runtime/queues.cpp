// Do items go through our queues as fast as through the best of the field, also where more threads than processors are in the
// middle of an operation? And does a worker's own deque cost its owner anything?
//
// abi_bench --only 'runtime.(deque|queue)'. Millions of items of 8 or 64 bytes a second, from p producers to c consumers that
// are dealt out over two processors (queue_run.hpp); lanes are compared with moodycamel's queue, which is unbounded as well.
// "bounded": lanes of 4096 items each, and Vyukov's cells, which collapse where a thread is taken off its processor.
#include "queues.hpp"

#include "queue_run.hpp"
#include "report.hpp"

#include <abi/sync/bounded_queue.hpp>
#include <abi/sync/lane_queue.hpp>
#include <abi/sync/spsc_ring.hpp>
#include <abi/sync/work_stealing_deque.hpp>

#include <cmath>
#include <string>

namespace bench {

namespace {

using namespace libabi::sync;

#if BENCH_HAS_MOODYCAMEL
constexpr double (*moodycamel_8)(unsigned, unsigned) = queues::moodycamel_8;
constexpr double (*moodycamel_64)(unsigned, unsigned) = queues::moodycamel_64;
#else
constexpr double (*moodycamel_8)(unsigned, unsigned) = nullptr;
constexpr double (*moodycamel_64)(unsigned, unsigned) = nullptr;
#endif
#if BENCH_HAS_ATOMIC_QUEUE
constexpr double (*atomic_queue_8)(unsigned, unsigned) = queues::atomic_queue_8;
#else
constexpr double (*atomic_queue_8)(unsigned, unsigned) = nullptr;
#endif
#if BENCH_HAS_BOOST_LOCKFREE
constexpr double (*boost_8)() = queues::boost_spsc_8;
constexpr double (*boost_64)() = queues::boost_spsc_64;
#else
constexpr double (*boost_8)() = nullptr;
constexpr double (*boost_64)() = nullptr;
#endif

template <class Queue>
struct End {
  Queue& queue;
  template <class Item>
  bool push(Item& item) {
    return queue.push(std::move(item));
  }
  template <class Item>
  bool pop(Item& item) {
    return queue.pop(item);
  }
};

template <class Queue>
double shared(Queue& queue, unsigned producers, unsigned consumers) {
  using Item = std::conditional_t<requires(Item8& item) { queue.pop(item); }, Item8, Item64>;
  return queue_rate<Item>(producers, consumers, [&] { return End<Queue>{queue}; }, [&] { return End<Queue>{queue}; });
}

template <class Item>
double lanes(unsigned producers, unsigned consumers, bool unbounded) {
  using Queue = LaneQueue<Item>;
  const auto queue = Queue::create({.lane_capacity = queue_capacity, .unbounded = unbounded}).value();
  struct Producer {
    typename Queue::Producer lane;
    bool push(Item& item) { return lane.push(std::move(item)); }
  };
  return queue_rate<Item>(
      producers, consumers, [&] { return Producer{queue->producer().value()}; }, [&] { return queue->consumer(); });
}

/// The least a ring can do, by hand: what runtime.queue.spsc is held against.
struct BareRing {
  alignas(64) std::atomic<std::size_t> tail{0};
  std::size_t head_seen = 0;
  alignas(64) std::atomic<std::size_t> head{0};
  std::size_t tail_seen = 0;
  alignas(64) std::array<Item8, queue_capacity> items;

  bool push(const Item8& item) {
    const std::size_t at = tail.load(std::memory_order_relaxed);
    if (at - head_seen == queue_capacity && at - (head_seen = head.load(std::memory_order_acquire)) == queue_capacity)
      return false;
    items[at % queue_capacity] = item;
    tail.store(at + 1, std::memory_order_release);
    return true;
  }
  bool pop(Item8& item) {
    const std::size_t at = head.load(std::memory_order_relaxed);
    if (at == tail_seen && at == (tail_seen = tail.load(std::memory_order_acquire))) return false;
    item = items[at % queue_capacity];
    head.store(at + 1, std::memory_order_release);
    return true;
  }
};

Contestant with(double (*peer)()) { return peer ? Contestant(peer) : nullptr; }

Contestant with(double (*peer)(unsigned, unsigned), unsigned producers, unsigned consumers) {
  return peer ? Contestant([=] { return peer(producers, consumers); }) : nullptr;
}

void add(Report& report, std::string name, std::string unit, double value, std::string against, double reference, double bar,
         Better better, std::string note = {}) {
  report.add({.name = std::move(name),
              .value = value,
              .unit = std::move(unit),
              .against = std::move(against),
              .reference = std::isnan(reference) ? std::nullopt : std::optional(reference),
              .bar = bar,
              .better = better,
              .note = std::move(note)});
}

void single(Report& report) {
  if (report.wants("runtime.queue.spsc.8B")) {
    const auto ring = [] {
      const auto queue = SpscRing<Item8>::create(queue_capacity).value();
      return shared(*queue, 1, 1);
    };
    const auto bare = [] {
      const auto queue = std::make_unique<BareRing>();
      return shared(*queue, 1, 1);
    };
    const auto figures = medians({ring, bare, with(boost_8)});
    // The bar is 150 M/s where the ring by hand makes 154.
    add(report, "runtime.queue.spsc.8B", "M/s", figures[0], "a ring by hand", figures[1], 0.97, Better::higher);
    add(report, "runtime.queue.spsc.8B.boost", "M/s", figures[0], "boost::lockfree::spsc_queue", figures[2], 1, Better::higher);
  }
  if (report.wants("runtime.queue.spsc.64B")) {
    const auto ring = [] {
      const auto queue = SpscRing<Item64>::create(queue_capacity).value();
      return shared(*queue, 1, 1);
    };
    const auto figures = medians({ring, with(boost_64)});
    add(report, "runtime.queue.spsc.64B", "M/s", figures[0], "boost::lockfree::spsc_queue", figures[1], 0, Better::higher);
  }
  if (report.wants("runtime.queue.mpmc.1p1c.8B")) {
    const auto figures = medians({[] { return lanes<Item8>(1, 1, true); }, with(atomic_queue_8, 1, 1)});
    add(report, "runtime.queue.mpmc.1p1c.8B", "M/s", figures[0], "atomic_queue", figures[1], 1, Better::higher);
  }
}

template <class Item>
void crowd(Report& report, unsigned each, double (*peer)(unsigned, unsigned)) {
  const std::string count = std::to_string(each);
  const std::string shape = count + "p" + count + "c." + std::to_string(sizeof(Item)) + "B";
  const std::string name = "runtime.queue.mpmc." + shape;
  const std::string bounded = "runtime.queue.bounded." + shape;
  if (!report.wants(name) && !report.wants(bounded)) return;
  const auto cells = [=] {
    const auto queue = BoundedQueue<Item>::create(queue_capacity).value();
    return shared(*queue, each, each);
  };
  const auto figures = medians({[=] { return lanes<Item>(each, each, true); }, with(peer, each, each),
                                [=] { return lanes<Item>(each, each, false); }, cells},
                               5);
  add(report, name, "M/s", figures[0], "moodycamel, tokens", figures[1], each == 1 ? 0 : 1.2, Better::higher);
  add(report, bounded + ".lanes", "M/s", figures[2], "moodycamel, tokens", figures[1], 0, Better::higher);
  add(report, bounded + ".cells", "M/s", figures[3], "moodycamel, tokens", figures[1], 0, Better::higher);
}

/// Chase and Lev's deque as Le et al. give it, without growing: what an owner pays where every pop has a full fence.
struct TextbookDeque {
  alignas(64) std::atomic<std::int64_t> bottom{0};
  alignas(64) std::atomic<std::int64_t> top{0};
  std::array<std::atomic<int*>, 256> slots{};

  bool push(int* item) {
    const std::int64_t at = bottom.load(std::memory_order_relaxed);
    if (at - top.load(std::memory_order_acquire) > 255) return false;
    slots[static_cast<std::size_t>(at) % 256].store(item, std::memory_order_relaxed);
    bottom.store(at + 1, std::memory_order_release);
    return true;
  }
  int* pop() {
    const std::int64_t at = bottom.load(std::memory_order_relaxed) - 1;
    bottom.store(at, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    std::int64_t first = top.load(std::memory_order_relaxed);
    int* item = first <= at ? slots[static_cast<std::size_t>(at) % 256].load(std::memory_order_relaxed) : nullptr;
    if (first >= at) {
      if (first == at && !top.compare_exchange_strong(first, first + 1, std::memory_order_seq_cst, std::memory_order_relaxed))
        item = nullptr;
      bottom.store(at + 1, std::memory_order_relaxed);
    }
    return item;
  }
};

template <class Deque>
double push_and_pop(Deque& deque) {
  constexpr int kPairs = 4'000'000;
  int item = 0;
  std::uintptr_t found = 0;
  const double time = seconds([&] {
    for (int i = 0; i < kPairs / 16; ++i) {
      for (int depth = 0; depth < 16; ++depth) {
        keep(deque.push(&item));
        keep(deque);
      }
      for (int depth = 0; depth < 16; ++depth) {
        found += deque.pop() != nullptr;
        keep(deque);
      }
    }
  });
  return found == kPairs ? time / kPairs * 1e9 : std::nan("");
}

void deque(Report& report) {
  if (report.wants("runtime.deque.owner")) {
    WorkStealingDeque<int*> ours;
    TextbookDeque textbook;
    const auto figures = medians({[&] { return push_and_pop(ours); }, [&] { return push_and_pop(textbook); }});
    // The bar is 3 ns where the textbook's makes 2.8 to 4.4.
    add(report, "runtime.deque.owner", "ns/push+pop", figures[0], "Chase-Lev with a full fence", figures[1], 1, Better::lower);
  }
  if (report.wants("runtime.deque.interrupt")) {
    // What a thief pays whose victim is busy elsewhere; half of what was left is public after each.
    const auto steal = [] {
      int item = 0;
      WorkStealingDeque<int*> victim(256, 0);
      constexpr int kSteals = 2000;
      double time = 0;
      for (int i = 0; i < kSteals; ++i) {
        keep(victim.push(&item));
        time += seconds([&] { keep(victim.steal()); });
      }
      return time / kSteals * 1e9;
    };
    const auto figures = medians({steal, [] {
                                    constexpr int kFences = 2000;
                                    return seconds([] {
                                             for (int i = 0; i < kFences; ++i) heavy_fence();
                                           }) /
                                           kFences * 1e9;
                                  }});
    add(report, "runtime.deque.interrupt", "ns/steal", figures[0], "a heavy fence", figures[1], 0, Better::lower);
  }
}

}  // namespace

void run_queues(Report& report) {
  deque(report);
  single(report);
  for (const unsigned each : {1u, 2u, 4u}) {
    if (each != 1) crowd<Item8>(report, each, moodycamel_8);
    crowd<Item64>(report, each, moodycamel_64);
  }
}

}  // namespace bench
