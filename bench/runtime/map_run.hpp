#pragma once
/// How many calls a hash map answers: the same race for ours and for every peer. There where BENCH_HAS_<PEER> is 1.

#include "measure.hpp"
#include "race.hpp"

#include <barrier>
#include <cstdint>
#include <thread>
#include <vector>

namespace bench {

inline constexpr std::uint64_t map_keys = 64 * 1024;

namespace maps {
double tbb(unsigned threads);
double xenium_epoch(unsigned threads);
double xenium_hazard(unsigned threads);
double xenium_quiescent(unsigned threads);
}  // namespace maps

/// Of 20 calls 18 look a key up, one inserts it and one erases it; keys are random, half of them are there. Millions a second.
template <class Map>
double map_rate(Map& map, unsigned threads) {
  constexpr std::uint64_t kCalls = 3'000'000;
  for (std::uint64_t key = 0; key < map_keys; key += 2) map.insert(key);
  std::barrier start(threads);
  RaceClock clock;
  std::vector<std::thread> running;
  for (unsigned thread = 0; thread < threads; ++thread)
    running.emplace_back([&, thread] {
      pin_this_thread(thread % 2);
      std::uint64_t random = 88172645463325252u + thread * 7919u;  // Marsaglia's xorshift
      std::uint64_t found = 0;
      start.arrive_and_wait();
      const auto begin = RaceClock::Clock::now();
      for (std::uint64_t i = 0; i < kCalls; ++i) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        const std::uint64_t key = (random >> 20) % map_keys;
        const std::uint64_t call = (random >> 40) % 20;
        if (call >= 2)
          found += map.get(key);
        else if (call == 0)
          map.insert(key);
        else
          map.erase(key);
      }
      keep(found);
      clock.add(begin, RaceClock::Clock::now());
    });
  for (std::thread& thread : running) thread.join();
  return static_cast<double>(threads * kCalls) / clock.seconds() / 1e6;
}

}  // namespace bench
