// What a scheduler is to the process it lives in: its threads, their names and signals, fork(), and a system that refuses.

#include "memory/failing_malloc.hpp"
#include "sanitizers.hpp"
#include "scheduler_jobs.hpp"

#include <abi/memory/fault.hpp>
#include <abi/task/clock.hpp>
#include <abi/task/scheduler.hpp>

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <semaphore>
#include <set>
#include <string>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

namespace libabi::task {
namespace {

namespace fs = std::filesystem;
using test::becomes_true;

std::set<std::string> thread_ids() {
  std::set<std::string> ids;
  for (const auto& entry : fs::directory_iterator("/proc/self/task")) ids.insert(entry.path().filename().string());
  return ids;
}

// The value of a "Name: value" line in the status of a thread.
std::string status_of(const std::string& id, const std::string& name) {
  std::ifstream status("/proc/self/task/" + id + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(name + ":")) return line.substr(line.find_first_not_of(" \t", name.size() + 1));
  return {};
}

class SchedulerThreads : public testing::Test {
 protected:
  void SetUp() override {
    scheduler_ = Scheduler::create({.threads = 4}).value();
    workers_ = ids_of_the_workers();
  }
  std::set<std::string> ids_of_the_workers() {
    std::array<std::string, 4> ids;
    EXPECT_TRUE(scheduler_->gang([&](GangMember& member) { ids[member.index()] = std::to_string(gettid()); }));
    EXPECT_EQ(ids[0], std::to_string(gettid()));
    return {ids.begin() + 1, ids.end()};
  }
  std::unique_ptr<Scheduler> scheduler_;
  std::set<std::string> workers_;
};

TEST_F(SchedulerThreads, AreStartedOnceAndJoinedAtTheEnd) {
  EXPECT_EQ(workers_.size(), 3u);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ids_of_the_workers(), workers_);
  scheduler_.reset();
  for (const std::string& id : workers_) EXPECT_TRUE(becomes_true([&] { return !thread_ids().contains(id); })) << id;
}

// Ends when its timer has fired.
struct Ring : Timer {
  Ring() : Timer([](Timer& self) noexcept { static_cast<Ring&>(self).fired.release(); }) {}
  void await(Clock& clock) {
    clock.arm(*this, clock.after(std::chrono::milliseconds(1)));
    fired.acquire();
  }
  std::binary_semaphore fired{0};
};

TEST_F(SchedulerThreads, TimersNeedNoThreadBesideThem) {
  const std::set<std::string> before = thread_ids();
  Ring().await(*scheduler_->clock().value());
  EXPECT_EQ(thread_ids(), before);
}

TEST_F(SchedulerThreads, AreNamedAfterTheirIndex) {
  const std::string caller = status_of(std::to_string(gettid()), "Name");
  std::set<std::string> names;
  for (const std::string& id : workers_) names.insert(status_of(id, "Name"));
  EXPECT_EQ(names, (std::set<std::string>{"abi/1", "abi/2", "abi/3"}));
  ASSERT_TRUE(scheduler_->gang([](GangMember&) {}));
  EXPECT_EQ(status_of(std::to_string(gettid()), "Name"), caller);
}

TEST_F(SchedulerThreads, LeaveTheSignalsOfTheProcessToTheHost) {
  for (const std::string& id : workers_) {
    const std::uint64_t blocked = std::stoull(status_of(id, "SigBlk"), nullptr, 16);
    const auto is_blocked = [blocked](int signal) { return (blocked >> (signal - 1) & 1) != 0; };
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGALRM}) EXPECT_TRUE(is_blocked(signal)) << signal;
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) EXPECT_FALSE(is_blocked(signal)) << signal;
  }
  sigset_t own;
  pthread_sigmask(SIG_SETMASK, nullptr, &own);
  EXPECT_FALSE(sigismember(&own, SIGINT)) << "the caller's mask is as it was";
}

TEST_F(SchedulerThreads, SleepAtRest) {
  const auto sleeping = [&] {
    for (const std::string& id : workers_)
      if (!status_of(id, "State").starts_with('S')) return false;
    return true;
  };
  ASSERT_TRUE(becomes_true(sleeping));
  const auto switches = [&] {
    std::string all;
    for (const std::string& id : workers_) all += status_of(id, "voluntary_ctxt_switches") + " ";
    return all;
  };
  const std::string before = switches();
  for (int look = 0; look < 300; ++look) EXPECT_TRUE(sleeping());  // some tens of milliseconds of reading /proc
  EXPECT_EQ(switches(), before) << "they do not even wake up to look";
}

// The child has none of the threads; it must neither wait for them nor for a lock that one of them held.
constexpr char kNotInSanitizers[] =
    "of a child of fork() that starts threads: tsan ends it, and asan's locks may be held for ever by a thread that is not there";

TEST_F(SchedulerThreads, ForkedChildHasAnEmptyOneThatIsUsable) {
  if (libabi::test::sanitized) GTEST_SKIP() << kNotInSanitizers;
  std::atomic<bool> done = false;
  std::jthread busy([&] {
    while (!done) static_cast<void>(scheduler_->gang([](GangMember& member) { member.barrier(); }));
  });
  for (int round = 0; round < 20; ++round) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      alarm(20);
      std::atomic<unsigned> members = 0;
      const bool ran = scheduler_->gang([&](GangMember& member) { members += member.barrier() ? 1 : 100; }).has_value();
      const bool answered = scheduler_->run([] { return 5; }).value_or(0) == 5;
      scheduler_.reset();
      _exit(ran && members == 4 && answered ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
  done = true;
  busy.join();
  EXPECT_TRUE(scheduler_->gang([](GangMember& member) { EXPECT_EQ(member.count(), 4u); })) << "the parent goes on as before";
}

TEST(SchedulerNames, AreCutToWhatTheSystemTakesButForTheNumber) {
  const auto scheduler = Scheduler::create({.threads = 1, .name = "a-name-that-is-too-long"}).value();
  const std::string id = scheduler->run([] { return std::to_string(gettid()); }).value();
  EXPECT_EQ(status_of(id, "Name"), "a-name-that-i/1");
}

// What the child of a fork() does; true where it is content.
template <class Body>
void expect_of_child(Body&& body) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    alarm(20);
    _exit(body() ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST(SchedulerFork, ChildHasASharedOneToo) {
  if (libabi::test::sanitized) GTEST_SKIP() << kNotInSanitizers;
  Scheduler* const shared = Scheduler::shared().value();
  ASSERT_TRUE(shared->run([] {}));
  expect_of_child([&] { return Scheduler::shared().value() == shared && shared->run([] { return 5; }).value_or(0) == 5; });
  EXPECT_TRUE(shared->run([] {}).has_value());
}

TEST(SchedulerFork, WhatIsQueuedInTheParentIsNotRunInTheChild) {
  if (libabi::test::sanitized) GTEST_SKIP() << kNotInSanitizers;
  const auto scheduler = Scheduler::create({.threads = 1}).value();
  std::atomic<int> ran = 0;
  struct Count : Job {
    std::atomic<int>* count;
  } jobs[10];
  {
    test::BusyWorker busy(*scheduler);
    for (Count& job : jobs) {
      job.count = &ran;
      job.run = [](Job& self) noexcept { ++*static_cast<Count&>(self).count; };
      scheduler->submit(job);
    }
    expect_of_child([&] {
      for (int i = 0; i < 10; ++i)
        if (!scheduler->run([] {})) return false;
      return ran == 0;
    });
  }
  EXPECT_TRUE(becomes_true([&] { return ran == 10; }));
}

TEST(SchedulerFork, ChildHasAClockOfItsOwn) {
  if (libabi::test::sanitized) GTEST_SKIP() << kNotInSanitizers;
  const auto scheduler = Scheduler::create({.threads = 2}).value();
  Clock* const clock = scheduler->clock().value();
  Timer far;
  clock->arm(far, clock->after(std::chrono::hours(1)));
  expect_of_child([&] {
    Clock* const own = scheduler->clock().value();
    Ring().await(*own);
    return own != clock;
  });
  EXPECT_TRUE(clock->cancel(far));
}

TEST(SchedulerFork, ChildWithoutThreadsRunsOnTheCaller) {
  if (libabi::test::sanitized) GTEST_SKIP() << kNotInSanitizers;
  const auto scheduler = Scheduler::create({.threads = 3}).value();
  expect_of_child([&] {
    for (std::uint64_t n = 0; n < 3; ++n) {
      const memory::AllocationFault fault(n);
      unsigned members = 0;
      if (!scheduler->gang([&](GangMember& member) { members = member.count(); }) || members != 1 || !fault.hit()) return false;
    }
    const memory::AllocationFault fault(0);
    return scheduler->run([] { return 5; }).value_or(0) == 5;
  });
}

TEST(SchedulerFork, ChildOfAJobMayUseIt) {
  if (libabi::test::sanitized) GTEST_SKIP() << kNotInSanitizers;
  const auto scheduler = Scheduler::create({.threads = 2}).value();
  ASSERT_TRUE(scheduler->run([&] {
    expect_of_child(
        [&] { return scheduler->run([] { return 5; }).value_or(0) == 5 && scheduler->gang([](GangMember&) {}).has_value(); });
  }));
}

// How many of the allocations that make a scheduler end it. (Some only cost it the knowledge of its processors.)
template <class Fault>
int creations_that_fail() {
  EXPECT_TRUE(Scheduler::create({.threads = 2}));  // a sanitizer may start a thread of its own with the first one
  const std::size_t threads = thread_ids().size();
  int failures = 0;
  for (std::uint64_t n = 0;; ++n) {
    const Fault fault(n);
    const auto scheduler = Scheduler::create({.threads = 4});
    if (!fault.hit()) {
      EXPECT_TRUE(scheduler);
      return failures;
    }
    if (scheduler) continue;
    ++failures;
    EXPECT_EQ(scheduler.error().code, ErrorCode::exhausted) << scheduler.error().text();
    EXPECT_TRUE(becomes_true([&] { return thread_ids().size() <= threads; })) << "a thread is left";
  }
}

TEST(SchedulerCreate, SurvivesTheFailureOfEveryThread) { EXPECT_EQ(creations_that_fail<memory::AllocationFault>(), 5); }

TEST(SchedulerCreate, SurvivesTheFailureOfEveryNew) { EXPECT_GE(creations_that_fail<test::FailingMalloc>(), 6); }

}  // namespace
}  // namespace libabi::task
