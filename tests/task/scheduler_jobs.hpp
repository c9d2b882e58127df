#pragma once
/// Jobs for tests of schedulers.

#include <abi/task/scheduler.hpp>

#include <atomic>
#include <functional>
#include <latch>
#include <thread>
#include <utility>

namespace libabi::test {

/// Calls a function when it is run. It may be submitted again from then on.
struct Call : task::Job {
  explicit Call(std::function<void()> function, task::Priority rank = task::Priority::normal) : body(std::move(function)) {
    priority = rank;
    run = [](task::Job& self) noexcept { static_cast<Call&>(self).body(); };
  }
  std::function<void()> body;
};

/// Threads are waited for by looking, where nothing else says when they are somewhere.
template <class Condition>
bool becomes_true(Condition&& condition) {
  constexpr int looks = 1'000'000;
  for (int look = 0; look < looks; ++look) {
    if (condition()) return true;
    std::this_thread::yield();
  }
  return false;
}

/// Keeps one worker of a scheduler busy until it ends.
class BusyWorker {
 public:
  explicit BusyWorker(task::Scheduler& scheduler) {
    scheduler.submit(job_);
    began_.wait();
  }
  ~BusyWorker() { free(); }
  void free() {
    if (std::exchange(busy_, false)) go_.count_down();
    over_.wait();
  }

 private:
  std::latch began_{1}, go_{1}, over_{1};
  bool busy_ = true;
  Call job_{[this] {
    began_.count_down();
    go_.wait();
    over_.count_down();
  }};
};

}  // namespace libabi::test
