// A stop at every point of an await, and a completion at every point where one can come: each of them made to happen there.
#include <abi/task/waiters.hpp>

#include "fiber.hpp"

#include <abi/task/manual_executor.hpp>
#include <abi/task/sleep.hpp>

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace libabi::task {
namespace {

using namespace std::chrono_literals;
using test::Fiber;
using State = detail::WaitNode::State;

enum class Point { before, at_the_first_look, before_it_is_queued, once_queued, once_granted, after };
constexpr std::array all_points{Point::before,      Point::at_the_first_look, Point::before_it_is_queued,
                                Point::once_queued, Point::once_granted,      Point::after};

// What the awaits of the library wait for, with a hook at each point.
class Owner {
 public:
  class Wait : public detail::Await<Owner, Wait> {
   public:
    explicit Wait(Owner& owner) noexcept : Await(owner) {}
    Result<void> await_resume() noexcept {
      if (!finish()) return waiter.context().stop_error();
      return {};
    }
  };

  bool admit(Wait& wait, bool may_wait) noexcept {
    hook(may_wait ? Point::before_it_is_queued : Point::at_the_first_look);
    const std::lock_guard lock(mutex_);
    if (wait.state == State::stopped) return true;
    if (set_) {
      wait.state = State::granted;
      return true;
    }
    if (!may_wait) return false;
    wait.state = State::queued;
    waiting_.append(wait);
    return false;
  }
  void abandon(Wait& wait) noexcept { detail::abandon_wait(mutex_, waiting_, wait); }

  void set() noexcept {
    detail::Resumptions ready;
    const std::lock_guard lock(mutex_);
    set_ = true;
    ready.take_all(waiting_, State::granted);
  }
  bool nobody_waits() const noexcept { return waiting_.empty(); }

  std::function<void(Point)> hook;

 private:
  std::mutex mutex_;
  bool set_ = false;
  detail::WaitList waiting_;
};

Fiber await(Owner& owner, std::vector<Result<void>>& results) { results.push_back(co_await Owner::Wait(owner)); }

// The stop and the completion at any two points, on an executor and without one.
void run(Point stop_at, std::optional<Point> set_at, bool on_executor) {
  ManualExecutor executor;
  StopSource source;
  const Context context{.stop = source.get_token()};
  Owner owner;
  std::vector<Result<void>> results;
  bool set = false;
  const auto reach = [&](Point point) {
    if (point == set_at && !set) {
      set = true;
      owner.set();
    }
    if (point == stop_at) source.request_stop();
  };
  owner.hook = reach;
  Fiber fiber = await(owner, results);
  reach(Point::before);
  fiber.start(&context, on_executor ? &executor : nullptr);
  reach(Point::once_queued);
  reach(Point::once_granted);
  executor.run_all();
  reach(Point::after);
  executor.run_all();
  ASSERT_TRUE(fiber.done()) << "the stop is not lost";
  ASSERT_EQ(results.size(), 1u) << "and the await ends once";
  ASSERT_TRUE(owner.nobody_waits());
  // Where both come before the owner has looked, the stop is what it sees.
  const bool unseen = stop_at == Point::before || stop_at == Point::before_it_is_queued;
  const bool stop_wins = !set || stop_at < *set_at || (stop_at == *set_at && unseen);
  ASSERT_EQ(results[0].has_value(), !stop_wins);
  ASSERT_TRUE(results[0] || results[0].error().code == ErrorCode::cancelled);
}

TEST(Waiters, EndOnceWhereverAStopAndACompletionCome) {
  for (const bool on_executor : {false, true})
    for (const Point stop_at : all_points) {
      run(stop_at, std::nullopt, on_executor);
      for (const Point set_at : all_points) {
        SCOPED_TRACE(testing::Message() << "stop at " << static_cast<int>(stop_at) << ", completion at "
                                        << static_cast<int>(set_at));
        run(stop_at, set_at, on_executor);
        if (testing::Test::HasFatalFailure()) return;
      }
    }
}

// A clock that does something while it is asked.
class HookedClock final : public Clock {
 public:
  TimePoint now() const noexcept override {
    if (at_now) at_now();
    return {};
  }
  void arm(Timer& timer, TimePoint) noexcept override {
    armed = &timer;
    if (at_arm) at_arm();
  }
  bool cancel(Timer&) noexcept override { return std::exchange(armed, nullptr) != nullptr; }
  void fire() {
    if (Timer* const timer = std::exchange(armed, nullptr)) timer->fire(*timer);
  }
  std::function<void()> at_now;
  std::function<void()> at_arm;
  Timer* armed = nullptr;
};

Fiber sleep_once(Clock& clock, std::vector<Result<void>>& results) {
  results.push_back(co_await Sleep(clock, Clock::TimePoint(1s)));
}

TEST(Waiters, SleepEndsOnceWhereverItIsStoppedOrFires) {
  // What happens while now() is asked, within arm(), and after both.
  for (int first = 0; first < 3; ++first)
    for (int second = 0; second < 3; ++second)
      for (int third = 0; third < 3; ++third)
        for (const bool stoppable : {true, false}) {
          StopSource source;
          const Context context{.stop = stoppable ? source.get_token() : StopToken()};
          HookedClock clock;
          const auto happen = [&](int what) {
            if (what == 1) source.request_stop();
            if (what == 2) clock.fire();
          };
          std::vector<Result<void>> results;
          clock.at_now = [&] { happen(first); };
          clock.at_arm = [&] { happen(second); };
          Fiber fiber = sleep_once(clock, results);
          fiber.start(&context);
          happen(third);
          clock.fire();
          SCOPED_TRACE(testing::Message() << first << second << third << stoppable);
          ASSERT_TRUE(fiber.done());
          ASSERT_EQ(results.size(), 1u);
          const bool stop_wins = stoppable && second != 2 && (first == 1 || second == 1 || third == 1);
          ASSERT_EQ(results[0].has_value(), !stop_wins);
          ASSERT_EQ(clock.armed, nullptr);
        }
}

}  // namespace
}  // namespace libabi::task
