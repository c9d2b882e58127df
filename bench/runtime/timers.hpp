#pragma once
/// The loops that every set of timers runs, compiled in the file that sees it. A Timers has `void arm(std::size_t i, time)`,
/// `void cancel(std::size_t i)`, and `void settle()`, which calls whatever is due; each call that came is counted in `called`.

#include "measure.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

namespace bench::timers {

using Time = std::chrono::steady_clock::time_point;

/// When each is due, at random within a tenth of a second; the same in every run.
inline std::vector<std::chrono::nanoseconds> offsets(std::size_t count) {
  std::mt19937_64 random(1);
  std::vector<std::chrono::nanoseconds> list(count);
  for (auto& each : list) each = std::chrono::nanoseconds(random() % 100'000'000);
  return list;
}

inline void expect(std::size_t called, std::size_t count) {
  if (called != count) throw std::runtime_error("a timer was lost");
}

/// All are armed; when the last is due, all are called. Million timers a second; the waiting in between does not count.
template <class Timers>
double arm_and_fire(std::size_t count) {
  const auto timers = std::make_unique<Timers>(count);
  const auto list = offsets(count);
  const auto round = [&] {
    timers->called = 0;
    const Time start = std::chrono::steady_clock::now();
    double taken = seconds([&] {
      for (std::size_t i = 0; i < count; ++i) timers->arm(i, start + list[i]);
    });
    std::this_thread::sleep_until(start + std::chrono::milliseconds(101));
    taken += seconds([&] { timers->settle(); });
    expect(timers->called, count);
    return taken;
  };
  round();
  return static_cast<double>(count) / round() / 1e6;
}

/// All are armed for an hour away, as timeouts are, and cancelled in another order. Million timers a second.
template <class Timers>
double arm_and_cancel(std::size_t count) {
  const auto timers = std::make_unique<Timers>(count);
  const auto list = offsets(count);
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  std::shuffle(order.begin(), order.end(), std::mt19937_64(2));
  const auto round = [&] {
    timers->called = 0;
    const Time start = std::chrono::steady_clock::now() + std::chrono::hours(1);
    const double taken = seconds([&] {
      for (std::size_t i = 0; i < count; ++i) timers->arm(i, start + list[i]);
      for (const std::uint32_t i : order) timers->cancel(i);
      timers->settle();
    });
    expect(timers->called, 0);
    return taken;
  };
  round();
  return static_cast<double>(count) / round() / 1e6;
}

/// Of Boost.Asio's steady_timer.
double asio_arm_and_fire(std::size_t count);
double asio_arm_and_cancel(std::size_t count);

}  // namespace bench::timers
