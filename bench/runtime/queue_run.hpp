#pragma once
/// How fast items go through a queue: the same race for ours and for every peer.

#include "measure.hpp"
#include "race.hpp"

#include <array>
#include <atomic>
#include <barrier>
#include <cstdint>
#include <limits>
#include <thread>
#include <utility>
#include <vector>

namespace bench {

inline constexpr std::size_t queue_capacity = 4096;      // where a queue is bounded
inline constexpr std::uint64_t queue_items = 2'000'000;  // a measurement

/// Who takes how many: whoever is first, or each consumer the same number, as a call that cannot fail requires.
enum class Share : bool { any, even };

/// What goes through: a number, and what makes it as large as it is.
struct Item8 {
  std::uint64_t value = 0;
};
struct Item64 {
  std::uint64_t value = 0;
  std::array<std::uint64_t, 7> rest{};
};

/// Which processors there are two of; threads are dealt out over them in turn.
inline constexpr unsigned queue_processors = 2;

/// What a thread does after a try that failed: 64 pauses, then the processor is offered to somebody else.
inline void wait_after_failure() noexcept {
  for (int i = 0; i < 64; ++i) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
  std::this_thread::yield();
}

/// `make_producer()` gives something with `bool push(Item&)`, `make_consumer()` one with `bool pop(Item&)`, each on its own
/// thread. Millions of items a second; NaN where the sum of what came out is not that of what went in.
template <class Item, class MakeProducer, class MakeConsumer>
double queue_rate(unsigned producers, unsigned consumers, MakeProducer make_producer, MakeConsumer make_consumer,
                  Share share = Share::any) {
  const std::uint64_t each = queue_items / producers;
  const std::uint64_t all = each * producers;
  std::barrier start(producers + consumers);
  RaceClock clock;
  std::atomic<std::uint64_t> sum{0};
  alignas(64) std::atomic<std::uint64_t> taken{0};
  std::vector<std::thread> threads;
  for (unsigned p = 0; p < producers; ++p)
    threads.emplace_back([&, p] {
      pin_this_thread(p % queue_processors);
      auto producer = make_producer();
      start.arrive_and_wait();
      const auto begin = RaceClock::Clock::now();
      for (std::uint64_t i = 0; i < each;) {
        Item item{};
        item.value = p * each + i;
        if (producer.push(item)) {
          ++i;
        } else {
          wait_after_failure();
        }
      }
      clock.add(begin, RaceClock::Clock::now());
    });
  for (unsigned c = 0; c < consumers; ++c)
    threads.emplace_back([&, c] {
      pin_this_thread((producers + c) % queue_processors);
      auto consumer = make_consumer();
      std::uint64_t mine = 0;
      std::uint64_t count = 0;  // told to the others only where there is nothing to take
      start.arrive_and_wait();
      const auto begin = RaceClock::Clock::now();
      for (Item item;;) {
        if (share == Share::even && count == all / consumers) break;
        if (consumer.pop(item)) {
          mine += item.value;
          ++count;
          continue;
        }
        if (count != 0) taken.fetch_add(std::exchange(count, 0), std::memory_order_relaxed);
        if (taken.load(std::memory_order_relaxed) == all) break;
        wait_after_failure();
      }
      clock.add(begin, RaceClock::Clock::now());
      sum.fetch_add(mine, std::memory_order_relaxed);
    });
  for (std::thread& thread : threads) thread.join();
  if (sum.load() != all * (all - 1) / 2) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(all) / clock.seconds() / 1e6;
}

}  // namespace bench
