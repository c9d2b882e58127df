#include "seed.hpp"

#include <abi/task/timer_wheel.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <utility>
#include <vector>

namespace libabi::task {
namespace {

using Tick = TimerWheel::Tick;

// The specification: a map sorted by (tick, insertion), a past tick counting as the present's.
class SortedTimers {
 public:
  explicit SortedTimers(Tick present) : present_(present) {}
  void insert(Timer& timer, Tick tick) {
    remove(timer);
    const Key key{std::max(tick, present_), ++insertions_};
    timers_.emplace(key, &timer);
    keys_.emplace(&timer, key);
  }
  bool remove(Timer& timer) {
    const auto found = keys_.find(&timer);
    if (found == keys_.end()) return false;
    timers_.erase(found->second);
    keys_.erase(found);
    return true;
  }
  Timer* pop(Tick until) {
    if (timers_.empty() || timers_.begin()->first.first > std::max(until, present_)) {
      present_ = std::max(present_, until);
      return nullptr;
    }
    Timer* const timer = timers_.begin()->second;
    present_ = timers_.begin()->first.first;
    remove(*timer);
    return timer;
  }
  Tick first() const { return timers_.empty() ? TimerWheel::never : timers_.begin()->first.first; }
  Tick present() const { return present_; }

 private:
  using Key = std::pair<Tick, std::uint64_t>;
  Tick present_;
  std::uint64_t insertions_ = 0;
  std::map<Key, Timer*> timers_;
  std::map<Timer*, Key> keys_;
};

// A span of any magnitude: as many within a slot as beyond the sixth level.
Tick any_span(std::mt19937_64& random) { return random() >> (random() % 64); }

Tick saturated(Tick a, Tick b) { return a > TimerWheel::never - 1 - b ? TimerWheel::never - 1 : a + b; }

// Every step is compared: what comes out, in which order, where the present stands, and what next() and first() promise.
void compare_with_the_model(std::uint64_t seed, Tick start, unsigned span_bits) {
  SCOPED_TRACE(testing::Message() << "ABI_SEED=" << seed << " start " << start << " span " << span_bits);
  std::mt19937_64 random(seed);
  TimerWheel wheel(start);
  SortedTimers model(start);
  std::vector<Timer> timers(200);
  const auto span = [&] { return any_span(random) >> (64 - span_bits); };
  for (int step = 0; step < 20'000; ++step) {
    Timer& timer = timers[random() % timers.size()];
    const auto choice = random() % 100;
    if (choice < 50) {
      const Tick present = wheel.present();
      const Tick tick = random() % 8 == 0 ? present - std::min(present, span()) : saturated(present, span());
      wheel.insert(timer, tick);
      model.insert(timer, tick);
    } else if (choice < 70) {
      ASSERT_EQ(wheel.remove(timer), model.remove(timer)) << "step " << step;
    } else {
      // To the very tick of the first timer, to the one before it, or anywhere.
      Tick until = saturated(wheel.present(), span());
      if (const Tick first = model.first(); first != TimerWheel::never && choice < 85) until = first - (choice % 2);
      for (;;) {
        Timer* const expected = model.pop(until);
        ASSERT_EQ(wheel.pop(until), expected) << "step " << step;
        ASSERT_EQ(wheel.present(), model.present()) << "step " << step;
        if (!expected) break;
      }
    }
    ASSERT_EQ(wheel.first(), model.first()) << "step " << step;
    ASSERT_LE(wheel.next(), model.first()) << "step " << step;
    ASSERT_EQ(wheel.next() == TimerWheel::never, model.first() == TimerWheel::never) << "step " << step;
  }
}

TEST(TimerWheel, IsASortedMapOverSpansOfAnyLength) {
  const std::uint64_t seed = test::seed();
  for (const unsigned span_bits : {3u, 7u, 12u, 18u, 30u, 50u, 64u})
    for (const Tick start : {Tick{0}, Tick{63}, Tick{1} << 40, TimerWheel::never - 100'000})
      compare_with_the_model(seed + span_bits, start, span_bits);
}

TEST(TimerWheel, KeepsTheOrderOfInsertionWithinATickThroughEveryCascade) {
  TimerWheel wheel;
  std::vector<Timer> timers(64);
  const Tick tick = (Tick{1} << 40) + 12345;
  // Inserted from further and further on, so that each starts on another level.
  for (std::size_t i = 0; i < timers.size(); ++i) {
    const Tick before = i < 41 ? Tick{1} << (41 - i) : 1;
    EXPECT_EQ(wheel.pop(tick - std::min(tick, before)), nullptr);
    wheel.insert(timers[i], tick);
  }
  EXPECT_EQ(wheel.pop(tick - 1), nullptr);
  for (Timer& timer : timers) ASSERT_EQ(wheel.pop(tick), &timer);
  EXPECT_EQ(wheel.pop(TimerWheel::never), nullptr);
}

TEST(TimerWheel, WakesUpAtMostOnceALevelForATimerFarAway) {
  for (unsigned bit = 0; bit < 63; ++bit) {
    TimerWheel wheel(bit * 977);
    Timer timer;
    const Tick tick = wheel.present() + (Tick{1} << bit) + bit;
    wheel.insert(timer, tick);
    unsigned visits = 0;
    for (; wheel.next() != TimerWheel::never && wheel.next() < tick; ++visits) ASSERT_EQ(wheel.pop(wheel.next()), nullptr);
    EXPECT_LE(visits, bit / 6 + 1) << "bit " << bit;
    EXPECT_EQ(wheel.next(), tick);
    EXPECT_EQ(wheel.pop(tick), &timer);
  }
}

TEST(TimerWheel, ForgetsASlotWhoseLastTimerIsRemoved) {
  TimerWheel wheel;
  Timer near;
  Timer far;
  wheel.insert(near, 100);
  wheel.insert(far, 1'000'000);
  EXPECT_TRUE(wheel.remove(near));
  EXPECT_GT(wheel.next(), 100u) << "nobody wakes up for a timer that is gone";
  EXPECT_FALSE(wheel.remove(near));
  EXPECT_TRUE(wheel.remove(far));
  EXPECT_EQ(wheel.next(), TimerWheel::never);
}

TEST(TimerWheel, HoldsAMillionTimers) {
  std::mt19937_64 random(test::seed());
  TimerWheel wheel;
  std::vector<Timer> timers(1'000'000);
  std::map<Tick, unsigned> expected;
  for (std::size_t i = 0; i < timers.size(); ++i) {
    const Tick tick = random() % 5'000'000;
    wheel.insert(timers[i], tick);
    if (i % 3 != 0) ++expected[tick];
  }
  for (std::size_t i = 0; i < timers.size(); i += 3) ASSERT_TRUE(wheel.remove(timers[i]));
  for (const auto& [tick, count] : expected) {
    for (unsigned i = 0; i < count; ++i) {
      ASSERT_NE(wheel.pop(tick), nullptr);
      ASSERT_EQ(wheel.present(), tick);
    }
    ASSERT_EQ(wheel.pop(tick), nullptr);
  }
  EXPECT_EQ(wheel.next(), TimerWheel::never);
}

}  // namespace
}  // namespace libabi::task
