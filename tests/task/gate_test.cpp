#include "gate.hpp"
#include "turnstile.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace libabi::task {
namespace {

using std::chrono::microseconds;

// Two threads answer each other; with no patience at all every wait sleeps, so one lost wake-up would hang the test.
TEST(Gate, LosesNoWakeUp) {
  for (const Patience patience : {Patience{}, Patience{.spin = microseconds(5)}, Patience{.yield = microseconds(5)}}) {
    constexpr std::uint32_t rounds = 5000;
    Gate ping, pong;
    std::jthread other([&] {
      for (std::uint32_t i = 0; i < rounds; ++i) {
        ASSERT_EQ(ping.await_change(i, patience), i + 1);
        pong.add(1);
      }
    });
    for (std::uint32_t i = 0; i < rounds; ++i) {
      ping.add(1);
      ASSERT_EQ(pong.await_change(i, patience), i + 1);
    }
  }
}

TEST(Gate, WakesEverySleeper) {
  Gate gate;
  std::atomic<int> through = 0;
  {
    std::vector<std::jthread> sleepers;
    for (int i = 0; i < 8; ++i)
      sleepers.emplace_back([&] {
        EXPECT_EQ(gate.await_change(0, {}), 1u);
        ++through;
      });
    gate.set_bits(1);
  }
  EXPECT_EQ(through, 8);
  EXPECT_EQ(gate.await_change(0, {}), 1u) << "a change that was made before is not waited for";
}

TEST(Turnstile, LetsOneInAtATime) {
  Turnstile turns;
  int inside = 0;  // not atomic: the turnstile is what orders it
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 2000; ++i) {
          turns.enter();
          ++inside;
          turns.leave();
        }
      });
  }
  EXPECT_EQ(inside, 8000);
}

TEST(Turnstile, TryEntersOnlyWhereNobodyIs) {
  Turnstile turns;
  EXPECT_TRUE(turns.try_enter());
  EXPECT_FALSE(turns.try_enter());
  turns.leave();
  turns.enter();
  EXPECT_FALSE(turns.try_enter());
  turns.leave();
  EXPECT_TRUE(turns.try_enter());
  turns.leave();
}

}  // namespace
}  // namespace libabi::task
