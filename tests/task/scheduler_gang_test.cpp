#include <abi/task/processors.hpp>
#include <abi/task/scheduler.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <latch>
#include <new>
#include <stdexcept>
#include <thread>
#include <vector>

namespace libabi::task {
namespace {

std::unique_ptr<Scheduler> scheduler_of(unsigned threads) { return Scheduler::create({.threads = threads}).value(); }

class GangOf : public testing::TestWithParam<unsigned> {
 protected:
  std::unique_ptr<Scheduler> scheduler_ = scheduler_of(GetParam());
};
// More threads than this machine has processors, too.
INSTANTIATE_TEST_SUITE_P(Threads, GangOf, testing::Values(1u, 2u, 3u, 8u, 17u), testing::PrintToStringParamName());

TEST_P(GangOf, RunsEveryMemberOnce) {
  EXPECT_EQ(scheduler_->threads(), GetParam());
  for (unsigned wanted = 0; wanted <= GetParam() + 2; ++wanted) {
    const unsigned expected = wanted == 0 ? GetParam() : std::min(wanted, GetParam());
    std::vector<std::atomic<int>> calls(GetParam());
    ASSERT_TRUE(scheduler_->gang(
        [&](GangMember& member) {
          EXPECT_EQ(member.count(), expected);
          ++calls.at(member.index());
        },
        wanted));
    for (unsigned index = 0; index < GetParam(); ++index) EXPECT_EQ(calls[index], index < expected ? 1 : 0);
  }
}

TEST_P(GangOf, CallerIsMemberZeroAndTheOthersAreOthers) {
  std::vector<std::thread::id> ids(GetParam());
  ASSERT_TRUE(scheduler_->gang([&](GangMember& member) { ids[member.index()] = std::this_thread::get_id(); }));
  EXPECT_EQ(ids[0], std::this_thread::get_id());
  std::ranges::sort(ids);
  EXPECT_EQ(std::ranges::unique(ids).size(), 0u);
}

// Plain numbers, so that a barrier that orders too little is a wrong sum here and a race under tsan.
TEST_P(GangOf, WhatWasWrittenBeforeABarrierIsSeenAfterIt) {
  const unsigned rounds = 4000 / GetParam();
  std::vector<std::uint64_t> written(GetParam());
  std::vector<std::uint64_t> wrong(GetParam());
  ASSERT_TRUE(scheduler_->gang([&](GangMember& member) {
    for (std::uint64_t round = 1; round <= rounds; ++round) {
      written[member.index()] = round * (member.index() + 1);
      if (!member.barrier()) ++wrong[member.index()];
      for (unsigned other = 0; other < member.count(); ++other) wrong[member.index()] += written[other] != round * (other + 1);
      if (!member.barrier()) ++wrong[member.index()];
    }
  }));
  EXPECT_EQ(wrong, std::vector<std::uint64_t>(GetParam()));
}

TEST_P(GangOf, GangsFollowOneAnother) {
  std::uint64_t sum = 0;
  std::vector<std::uint64_t> parts(GetParam());
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const unsigned members = 1 + static_cast<unsigned>(i % GetParam());
    ASSERT_TRUE(scheduler_->gang([&](GangMember& member) { parts[member.index()] += i; }, members));
    sum += i * members;
  }
  std::uint64_t total = 0;
  for (const std::uint64_t part : parts) total += part;
  EXPECT_EQ(total, sum);
}

TEST_P(GangOf, ExceptionOfAMemberEndsTheBarriersOfAllAndIsTheError) {
  for (unsigned culprit = 0; culprit < GetParam(); ++culprit) {
    std::atomic<unsigned> released = 0;
    const auto result = scheduler_->gang([&](GangMember& member) {
      if (!member.barrier()) return;
      if (member.index() == culprit) throw std::runtime_error("member " + std::to_string(culprit) + " fails");
      if (!member.barrier() && !member.barrier()) ++released;
    });
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::internal);
    EXPECT_EQ(result.error().message, "member " + std::to_string(culprit) + " fails");
    EXPECT_EQ(released, GetParam() - 1);
  }
  EXPECT_TRUE(scheduler_->gang([](GangMember& member) { EXPECT_TRUE(member.barrier()); })) << "the next gang knows nothing of it";
}

TEST_P(GangOf, LeavingEndsTheBarriersThatCannotBeCompleted) {
  if (GetParam() == 1) return;
  for (int round = 0; round < 200; ++round) {
    std::atomic<unsigned> released = 0;
    ASSERT_TRUE(scheduler_->gang([&](GangMember& member) {
      if (member.index() == 1) return;
      if (!member.barrier()) ++released;
    }));
    ASSERT_EQ(released, GetParam() - 1);
  }
}

// Whoever wakes up late must not take the leaving of a faster member for a barrier that was not completed.
TEST_P(GangOf, CompletedBarrierIsTrueForAllThoughOneLeavesAtOnce) {
  for (int round = 0; round < 1000; ++round) {
    std::atomic<unsigned> through = 0;
    ASSERT_TRUE(scheduler_->gang([&](GangMember& member) {
      if (member.barrier()) ++through;
    }));
    ASSERT_EQ(through, GetParam());
  }
}

TEST_P(GangOf, AllMembersThrowingIsOneError) {
  const auto result = scheduler_->gang([](GangMember&) { throw std::bad_alloc(); });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::exhausted);
}

TEST_P(GangOf, GangInsideAGangRunsWithOneMember) {
  std::atomic<unsigned> inner = 0;
  ASSERT_TRUE(scheduler_->gang([&](GangMember& outer) {
    EXPECT_TRUE(scheduler_->gang([&](GangMember& member) {
      EXPECT_EQ(member.count(), 1u);
      EXPECT_EQ(member.index(), 0u);
      EXPECT_TRUE(member.barrier());
      ++inner;
    }));
    EXPECT_EQ(scheduler_->gang([](GangMember&) { throw std::runtime_error("inner"); }).error().message, "inner");
    EXPECT_TRUE(outer.barrier());
  }));
  EXPECT_EQ(inner, GetParam());
}

TEST_P(GangOf, GangThatComesBackThroughAnotherSchedulerRunsWithOneMember) {
  const auto other = scheduler_of(2);
  std::atomic<unsigned> innermost = 0;
  ASSERT_TRUE(scheduler_->gang([&](GangMember&) {
    EXPECT_TRUE(other->gang([&](GangMember&) {
      EXPECT_TRUE(scheduler_->gang([&](GangMember& member) {
        EXPECT_EQ(member.count(), 1u);
        ++innermost;
      }));
    }));
  }));
  EXPECT_GE(innermost, GetParam());
}

// But for those of one member, which need nobody.
TEST_P(GangOf, CallsFromSeveralThreadsTakeTurns) {
  if (GetParam() == 1) return;
  std::uint64_t count = 0;  // plain: only the turns order it
  std::atomic<int> inside = 0;
  std::atomic<int> overlaps = 0;
  std::latch start(4);
  {
    std::vector<std::jthread> callers;
    for (int caller = 0; caller < 4; ++caller)
      callers.emplace_back([&] {
        start.arrive_and_wait();
        for (int i = 0; i < 200; ++i)
          EXPECT_TRUE(scheduler_->gang([&](GangMember& member) {
            EXPECT_EQ(member.count(), GetParam());
            if (member.index() != 0) return;
            if (++inside != 1) ++overlaps;
            ++count;
            std::this_thread::yield();
            --inside;
          }));
      });
  }
  EXPECT_EQ(count, 800u);
  EXPECT_EQ(overlaps, 0);
}

// The gangs of two threads that enter two schedulers in opposite order.
TEST(Gang, TwoSchedulersInOppositeOrderDoNotDeadlock) {
  const auto left = scheduler_of(2);
  const auto right = scheduler_of(2);
  std::atomic<int> inner = 0;
  const auto cross = [&inner](Scheduler& first, Scheduler& second) {
    for (int i = 0; i < 300; ++i)
      EXPECT_TRUE(first.gang([&](GangMember& member) {
        EXPECT_TRUE(second.gang([&](GangMember& each) { inner += each.index() == 0; }));
        EXPECT_TRUE(member.barrier());
      }));
  };
  {
    const std::jthread one([&] { cross(*left, *right); });
    const std::jthread two([&] { cross(*right, *left); });
  }
  EXPECT_EQ(inner, 2 * 300 * 2);
}

TEST(Gang, TakesAllAvailableProcessorsUnlessToldOtherwise) {
  EXPECT_EQ(Scheduler::create().value()->threads(), available_processors());
}

TEST(Gang, RefusesMoreThreadsThanTheMaximum) {
  const auto scheduler = Scheduler::create({.threads = Scheduler::max_threads + 1});
  ASSERT_FALSE(scheduler);
  EXPECT_EQ(scheduler.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(scheduler.error().message, "1025 threads are asked for, a scheduler has at most 1024");
}

TEST(Gang, StartsAndEndsQuickly) {
  for (unsigned i = 0; i < 200; ++i) {
    const auto scheduler = scheduler_of(1 + i % 5);
    if (i % 2 == 0) continue;  // some that never had anything to do
    EXPECT_TRUE(scheduler->gang([](GangMember& member) { EXPECT_TRUE(member.barrier()); }));
  }
}

TEST(Gang, TakesABodyThatCannotBeCopied) {
  const auto scheduler = scheduler_of(2);
  struct Body {
    std::atomic<int> calls = 0;
    void operator()(GangMember&) { ++calls; }
  } body;
  ASSERT_TRUE(scheduler->gang(body));
  EXPECT_EQ(body.calls, 2);
  const auto constant = [&body](GangMember&) { ++body.calls; };
  ASSERT_TRUE(scheduler->gang(constant));
  EXPECT_EQ(body.calls, 4);
}

}  // namespace
}  // namespace libabi::task
