// The clock that has a thread, and what it is to the process it lives in.
#include "memory/failing_malloc.hpp"
#include "sanitizers.hpp"

#include <abi/memory/fault.hpp>
#include <abi/task/clock.hpp>

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <ctime>
#include <deque>
#include <memory>
#include <optional>
#include <semaphore>
#include <thread>
#include <vector>

namespace libabi::task {
namespace {

using namespace std::chrono_literals;
using TimePoint = Clock::TimePoint;

// Tells a thread that it has fired.
struct Ring : Timer {
  Ring() : Timer(ring) {}
  static void ring(Timer& timer) noexcept {
    auto& self = static_cast<Ring&>(timer);
    self.by = std::this_thread::get_id();
    self.rang.release();
  }
  std::binary_semaphore rang{0};
  std::thread::id by;
};

TEST(SystemClock, FiresOnAThreadOfItsOwn) {
  const auto clock = SystemClock::create().value();
  Ring ring;
  for (const Clock::Duration wait : {Clock::Duration(0ns), Clock::Duration(3ms), Clock::Duration(200us)}) {
    const TimePoint when = clock->after(wait);
    clock->arm(ring, when);
    ring.rang.acquire();
    EXPECT_GE(clock->now(), when);
    EXPECT_NE(ring.by, std::this_thread::get_id());
  }
}

TEST(SystemClock, EarlierTimerOvertakesTheOneThatIsWaitedFor) {
  const auto clock = SystemClock::create().value();
  Ring near;
  Timer far;
  clock->arm(far, clock->after(1h));
  clock->arm(near, clock->after(1ms));
  near.rang.acquire();
  EXPECT_TRUE(clock->cancel(far));
}

TEST(SystemClock, TakesNoTimeOfTheProcessorWhileNoTimerIsNear) {
  const auto clock = SystemClock::create().value();
  Timer far;
  Ring ring;
  clock->arm(far, clock->after(1h));
  const std::clock_t before = std::clock();
  clock->arm(ring, clock->after(100ms));
  ring.rang.acquire();
  EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC / 100) << "of 100 ms";
  EXPECT_TRUE(clock->cancel(far));
}

TEST(SystemClock, EndsWithTimersArmedWhichDoNotFire) {
  static std::atomic<int> fired;
  fired = 0;
  std::deque<Timer> timers;
  {
    const auto clock = SystemClock::create().value();
    for (int i = 1; i <= 100; ++i)
      clock->arm(timers.emplace_back([](Timer&) noexcept { ++fired; }), clock->after(std::chrono::minutes(i)));
  }
  EXPECT_EQ(fired, 0);
}

TEST(SystemClock, IsAnErrorWithoutAThreadOrMemory) {
  for (std::uint64_t n = 0;; ++n) {
    const memory::AllocationFault fault(n);
    const auto clock = SystemClock::create();
    if (!fault.hit()) break;
    ASSERT_FALSE(clock);
    EXPECT_EQ(clock.error().code, ErrorCode::exhausted);
  }
  for (std::uint64_t n = 0;; ++n) {
    std::optional<Result<std::unique_ptr<SystemClock>>> clock;
    bool hit;
    {
      const test::FailingMalloc fault(n);
      clock.emplace(SystemClock::create());
      hit = fault.hit();
    }
    if (!hit) break;
    ASSERT_FALSE(*clock);
    EXPECT_EQ(clock->error().code, ErrorCode::exhausted);
  }
}

TEST(SystemClock, IsSharedByTheProcessAndFreshInAForkedChild) {
  SystemClock* const clock = SystemClock::shared().value();
  EXPECT_EQ(SystemClock::shared().value(), clock);
  if (libabi::test::thread_sanitizer) GTEST_SKIP() << "tsan ends a child of fork() that starts a thread";
  if (libabi::test::address_sanitizer)
    GTEST_SKIP() << "asan's locks may be held for ever in the child of a fork() beside a thread that starts";
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    SystemClock* const own = SystemClock::shared().value();
    Ring ring;
    own->arm(ring, own->after(1ms));
    ring.rang.acquire();
    std::_Exit(own == clock ? 1 : 0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace libabi::task
