// Is a timer of the wheel cheaper than one of a heap, from a hundred thousand of them to a million? And what does an item cost
// that goes through a channel?
//
// abi_bench --only runtime.timers or runtime.channel. The timers run the loops of timers.hpp.
#include "timers.hpp"
#include "report.hpp"

#include <abi/task/channel.hpp>
#include <abi/task/clock.hpp>
#include <abi/task/scheduler.hpp>
#include <abi/task/sync_wait.hpp>
#include <abi/task/when_all.hpp>

#include <cmath>
#include <semaphore>

namespace bench {

namespace {

using namespace libabi;
using namespace libabi::task;

// Thread-safe, as every clock is: the locks that asio need not take here are in the figure.
struct Wheel {
  struct Counted : Timer {
    Wheel* owner;
  };
  explicit Wheel(std::size_t count) : timers(count) {
    for (Counted& timer : timers) {
      timer.owner = this;
      timer.fire = [](Timer& self) noexcept { ++static_cast<Counted&>(self).owner->called; };
    }
  }
  ~Wheel() {
    for (Counted& timer : timers) clock.cancel(timer);
  }
  void arm(std::size_t i, timers::Time when) { clock.arm(timers[i], when); }
  void cancel(std::size_t i) { clock.cancel(timers[i]); }
  void settle() { static_cast<void>(clock.fire_due()); }
  PolledClock clock;
  std::vector<Counted> timers;
  std::size_t called = 0;
};

#if BENCH_HAS_ASIO
constexpr double (*asio_fire)(std::size_t) = timers::asio_arm_and_fire;
constexpr double (*asio_cancel)(std::size_t) = timers::asio_arm_and_cancel;
#else
constexpr double (*asio_fire)(std::size_t) = nullptr;
constexpr double (*asio_cancel)(std::size_t) = nullptr;
#endif

Row row(std::string name, double value, double reference, double bar, std::string note) {
  return {.name = std::move(name),
          .value = value,
          .unit = "M/s",
          .against = "Boost.Asio steady_timer",
          .reference = std::isnan(reference) ? std::nullopt : std::optional(reference),
          .bar = bar,
          .note = std::move(note)};
}

void rows(Report& report, std::size_t count, const std::string& suffix, int rounds, double bar) {
  const auto compare = [&](const std::string& name, auto ours, auto theirs, double least) {
    if (!report.wants(name)) return;
    const auto figures =
        medians({[&] { return ours(count); }, theirs ? Contestant([&] { return theirs(count); }) : nullptr}, rounds);
    report.add(row(name, figures[0], figures[1], least, std::to_string(count) + " timers"));
  };
  compare("runtime.timers.fire" + suffix, timers::arm_and_fire<Wheel>, asio_fire, bar);
  compare("runtime.timers.cancel" + suffix, timers::arm_and_cancel<Wheel>, asio_cancel, 0);
}

// How late a timer 300 us away fires on a thread that sleeps: what the rest of a tick takes, and the system to wake a thread.
double microseconds_late(Clock& clock) {
  struct Ring : Timer {
    Ring()
        : Timer([](Timer& self) noexcept {
            auto& own = static_cast<Ring&>(self);
            own.fired_at = own.clock->now();
            own.fired.release();
          }) {}
    Clock* clock = nullptr;
    Clock::TimePoint fired_at;
    std::binary_semaphore fired{0};
  } ring;
  ring.clock = &clock;
  std::vector<double> late;
  for (int i = 0; i < 200; ++i) {
    const Clock::TimePoint when = clock.after(std::chrono::microseconds(300));
    clock.arm(ring, when);
    ring.fired.acquire();
    late.push_back(std::chrono::duration<double, std::micro>(ring.fired_at - when).count());
  }
  return median(late);
}

void late(Report& report) {
  if (!report.wants("runtime.timers.late")) return;
  const auto figures = medians({[] {
                                  const auto scheduler = Scheduler::create({.threads = 1}).value();
                                  return microseconds_late(*scheduler->clock().value());
                                },
                                [] { return microseconds_late(*SystemClock::create().value()); }},
                               5);
  report.add({.name = "runtime.timers.late",
              .value = figures[0],
              .unit = "us",
              .against = "a clock with a thread of its own",
              .reference = figures[1],
              .better = Better::lower,
              .note = "on a worker that sleeps until then"});
}

Task<void> send_all(Channel<int>& channel, int count) {
  for (int i = 0; i < count; ++i) ABI_CO_TRY(co_await channel.send(i));
  channel.close();
  co_return {};
}
Task<void> receive_all(Channel<int>& channel) {
  for (;;) {
    ABI_CO_TRY(const auto item, co_await channel.receive());
    if (!item) co_return {};
  }
}

// Two coroutines on one thread: million items a second.
double items(std::size_t capacity) {
  constexpr int count = 1'000'000;
  const auto channel = Channel<int>::create(capacity).value();
  const auto both = [&]() -> Task<void> {
    const auto results = co_await when_all(send_all(*channel, count), receive_all(*channel));
    if (!results) throw std::runtime_error(results.error().text());
    co_return {};
  };
  return count / seconds([&] { sync_wait(both()).value(); }) / 1e6;
}

void channel(Report& report) {
  for (const std::size_t capacity : {0u, 64u}) {
    const std::string name = "runtime.channel.items.capacity_" + std::to_string(capacity);
    if (!report.wants(name)) continue;
    report.add({.name = name,
                .value = medians({[&] { return items(capacity); }}, 5)[0],
                .unit = "M/s",
                .note = "two coroutines on one thread"});
  }
}

}  // namespace

void run_timers(Report& report) {
  rows(report, 100'000, "", 7, 5.0 / 1.95);  // of the anchor's asio: 1.95 M/s where 5 M/s are asked for
  rows(report, 1'000'000, ".1m", 3, 0);
  late(report);
  channel(report);
}

}  // namespace bench
