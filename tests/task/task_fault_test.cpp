// Memory that runs out at every place where tasks ask for some: an error each time, and nothing is left behind.
#include <abi/task/async_generator.hpp>
#include <abi/task/sync_wait.hpp>
#include <abi/task/task_scope.hpp>
#include <abi/task/when_all.hpp>
#include <abi/task/when_any.hpp>

#include <gtest/gtest.h>

#include <coroutine>
#include <cstdint>
#include <utility>
#include <vector>

#include "memory/failing_malloc.hpp"
#include "task/coroutine_tools.hpp"

namespace libabi::task {
namespace {

using test::Gate;
using test::Queue;
using test::Tracked;

Task<int> hold(Tracked tracked, int value) { co_return value + 0 * *tracked.alive; }

// Runs `use` with the n-th allocation failing, for every n there is. It gives true where it saw success.
template <class Use>
void fail_every_allocation(Use use) {
  int alive = 0;
  for (std::uint64_t n = 0;; ++n) {
    ASSERT_LT(n, 1000u);
    release_cached_frames();
    bool hit;
    Result<int> result = 0;
    {
      const libabi::test::FailingMalloc fault(n);
      result = use(alive);
      hit = fault.hit();
    }
    EXPECT_EQ(alive, 0) << "at allocation " << n;
    if (!hit) {
      EXPECT_TRUE(result) << result.error().text();
      EXPECT_GT(n, 0u);
      return;
    }
    if (!result) {
      EXPECT_EQ(result.error().code, ErrorCode::exhausted) << "at allocation " << n << ": " << result.error().text();
    }
  }
}

TEST(TaskFault, AChainOfTasks) {
  fail_every_allocation([](int& alive) {
    const auto run = [&]() -> Task<int> {
      ABI_CO_TRY(const int first, co_await hold(Tracked(alive), 1));
      ABI_CO_TRY(const int second, co_await hold(Tracked(alive), 2));
      co_return first + second;
    };
    return sync_wait(run());
  });
}

TEST(TaskFault, WhenAllAndWhenAny) {
  fail_every_allocation([](int& alive) {
    const auto run = [&]() -> Task<int> {
      ABI_CO_TRY(auto pair, co_await when_all(hold(Tracked(alive), 1), hold(Tracked(alive), 2)));
      std::vector<Task<int>> tasks;
      for (int i = 0; i < 3; ++i) tasks.push_back(hold(Tracked(alive), i));
      ABI_CO_TRY(const std::vector<int> values, co_await when_all(std::move(tasks)));
      ABI_CO_TRY(auto any, co_await when_any(hold(Tracked(alive), 1), hold(Tracked(alive), 2)));
      co_return std::get<0>(pair) + values[1] + static_cast<int>(any.index());
    };
    return sync_wait(run());
  });
}

TEST(TaskFault, AScope) {
  fail_every_allocation([](int& alive) -> Result<int> {
    const auto run = [&](TaskScope& scope) -> Task<void> {
      for (int i = 0; i < 3; ++i) ABI_CO_TRY(scope.spawn(hold(Tracked(alive), i)));
      co_return {};
    };
    ABI_TRY(sync_wait(with_scope(run)));
    return 0;
  });
}

TEST(TaskFault, ADetachedStart) {
  Queue queue;
  queue.priorities.reserve(1000);
  fail_every_allocation([&](int& alive) -> Result<int> {
    Result<int> result = 0;
    bool called = false;
    const auto keep = [&](Result<int> got) {
      result = std::move(got);
      called = true;
    };
    const Result<void> started = start(queue, hold(Tracked(alive), 1), keep);
    queue.run_all();
    EXPECT_EQ(called, started.has_value());
    ABI_TRY(started);
    return result;
  });
}

TEST(TaskFault, GeneratorsThatWait) {
  fail_every_allocation([](int& alive) -> Result<int> {
    const auto make = [](int& count) -> AsyncGenerator<int> {
      for (int i = 0; i < 3; ++i) {
        ABI_CO_TRY(const int value, co_await hold(Tracked(count), i));
        co_yield value;
      }
      co_return {};
    };
    const auto run = [&]() -> Task<int> {
      auto generator = make(alive);
      int sum = 0;
      for (;;) {
        ABI_CO_TRY(const std::optional<int> item, co_await generator.next());
        if (!item) co_return sum;
        sum += *item;
      }
    };
    return sync_wait(run());
  });
}

// Resumes at once; of another library, so that coming back from it takes a frame.
struct Stranger {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) const { waiting.resume(); }
  void await_resume() const noexcept {}
};

TEST(TaskFault, TheWayBackFromAStranger) {
  fail_every_allocation([](int& alive) {
    const auto run = [&]() -> Task<int> {
      const Tracked tracked(alive);
      co_await Stranger();
      co_return 1;
    };
    return sync_wait(run());
  });
}

}  // namespace
}  // namespace libabi::task
