// What the checker is there to find: each fault is planted, and must be reported; what is right must not be.

#include "sync/model/scenario.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace libabi::sync::model {
namespace {

using enum std::memory_order;
using Int = ModelAtomic<int>;
using Plain = ModelPlain<int>;

void expect_failure(const Body& body, const std::string& begin, const Settings& settings = {}) {
  const Report report = explore(body, settings);
  ASSERT_FALSE(report.passed()) << report.text();
  EXPECT_TRUE(report.failure.starts_with(begin)) << report.text();
  const Report again = replay(body, report.replay, settings);
  EXPECT_EQ(again.failure, report.failure) << report.text();
  EXPECT_NE(report.trace.find(report.failure), std::string::npos) << report.trace;
  const Report random = explore_randomly(body, 20'000, 1, settings);
  ASSERT_FALSE(random.passed());
  EXPECT_EQ(replay(body, random.replay, settings).failure, random.failure);
}

void expect_passes(const Body& body, const Settings& settings = {}) {
  const Report report = explore(body, settings);
  EXPECT_TRUE(report.passed() && report.exhausted) << report.text();
  const Report random = explore_randomly(body, 2'000, 1, settings);
  EXPECT_TRUE(random.passed()) << random.text();
}

Body hand_over(std::memory_order store, std::memory_order load) {
  return [=](Program& program) {
    Int ready = 0;
    Plain data;
    program.thread([&] { data.set(7), ready.store(1, store); });
    program.thread([&] {
      if (ready.load(load) == 1) require(data.get() == 7, "the data is wrong");
    });
    program.run();
  };
}

TEST(Fault, DataRaceIsFoundAndItsAbsenceIsToo) {
  expect_passes(hand_over(release, acquire));
  expect_failure(hand_over(relaxed, acquire), "data race");
  expect_failure(hand_over(release, relaxed), "data race");
}

TEST(Fault, WhatIsNoPlainRacesWhereItIsNamed) {
  const auto body = [](std::memory_order store) {
    return [=](Program& program) {
      Int left = 0;
      const int record = 0;
      program.thread([&] { ModelAtomics::alone(&record), left.store(1, store); });
      program.thread([&] {
        if (left.load(acquire) == 1) ModelAtomics::alone(&record);
      });
      program.run();
    };
  };
  expect_passes(body(release));
  expect_failure(body(relaxed), "data race");
}

TEST(Fault, TwoWritesWithoutAnyOrderRace) {
  expect_failure(
      [](Program& program) {
        Plain data(0);
        program.thread([&] { data.set(1); });
        program.thread([&] { data.set(2); });
        program.run();
      },
      "data race");
}

TEST(Fault, PlainThatHoldsNothingIsNotRead) {
  expect_failure([](Program&) { Plain().get(); }, "a Plain is read that holds nothing");
  expect_failure(
      [](Program&) {
        Plain data(1);
        data.take();
        data.take();
      },
      "a Plain is read that holds nothing");
}

struct Node {
  Int value = 1;
};

TEST(Fault, UseAfterFreeIsFound) {
  const auto body = [](bool wait) {
    return [=](Program& program) {
      ModelAtomic<Node*> shared(new Node);
      Int done = 0;
      program.thread([&] {
        if (Node* const node = shared.load(acquire)) node->value.load(relaxed);
        done.store(1, release);
      });
      program.thread([&, wait] {
        Node* const node = shared.exchange(nullptr, acq_rel);
        while (wait && done.load(acquire) == 0) ModelAtomics::pause();
        delete node;
      });
      program.run();
    };
  };
  expect_passes(body(true));
  const Report report = explore(body(false));
  EXPECT_FALSE(report.passed());
  EXPECT_TRUE(report.failure.contains("after its end") || report.failure.contains("may still use")) << report.text();
}

TEST(Fault, ObjectIsNotUsedBeforeItsConstructionIsPublished) {
  const auto body = [](std::memory_order store) {
    return [=](Program& program) {
      ModelAtomic<Node*> shared(nullptr);
      program.thread([&] { shared.store(new Node, store); });
      program.thread([&] {
        if (Node* const node = shared.load(acquire)) node->value.load(relaxed);
      });
      program.run();
      delete shared.load(relaxed);
    };
  };
  expect_passes(body(release));
  expect_failure(body(relaxed), "atomic 1.0 is used by a thread");
}

TEST(Fault, WildPointersAreReported) {
  expect_failure(
      [](Program& program) {
        ModelAtomic<int*> shared = nullptr;
        int number = 0;
        program.thread([&] { shared.store(&number, relaxed); });
        program.thread([&] {
          volatile int* const seen = shared.load(relaxed);
          *seen = 1;
        });
        program.run();
      },
      "a pointer is used that points nowhere");
}

TEST(Fault, LeaksAndDoubleFreesAreFound) {
  expect_failure(
      [](Program& program) {
        ModelAtomic<Node*> kept = nullptr;
        program.thread([&] { kept.store(new Node, relaxed); });
        program.run();
      },
      "1 blocks of memory leak");
  expect_failure(
      [](Program&) {
        void (*volatile give_back)(void*) noexcept = ::operator delete;  // the compiler must not see what it is
        void* const block = ::operator new(8);
        give_back(block);
        give_back(block);
      },
      "a block is freed twice");
}

TEST(Fault, DeadlockIsNotTheSameAsWaitingForAStore) {
  const auto wait_for = [](int wanted) {
    return [=](Program& program) {
      Int ready = 0;
      program.thread([&] { ready.store(1, release); });
      program.thread([&, wanted] {
        while (ready.load(acquire) != wanted) ModelAtomics::pause();
      });
      program.run();
    };
  };
  expect_passes(wait_for(1));
  expect_failure(wait_for(2), "deadlock: thread 2");
}

TEST(Fault, LocksInOppositeOrderDeadlock) {
  const auto body = [](bool opposite) {
    return [=](Program& program) {
      Int locks[2] = {0, 0};
      const auto lock = [&](int which) {
        while (locks[which].exchange(1, acquire) != 0) ModelAtomics::pause();
      };
      const auto both = [&](int first) {
        lock(first), lock(1 - first);
        locks[0].store(0, release), locks[1].store(0, release);
      };
      program.thread([&] { both(0); });
      program.thread([&, opposite] { both(opposite ? 1 : 0); });
      program.run();
    };
  };
  expect_passes(body(false));
  expect_failure(body(true), "deadlock: thread 1, 2");
}

TEST(Fault, LoopWithoutPauseIsReported) {
  expect_failure(
      [](Program& program) {
        Int never = 0;
        program.thread([&] {
          while (never.load(relaxed) == 0) {
          }
        });
        program.run();
      },
      "more than 400 steps");
}

TEST(Fault, ExceptionsAndConditionsAreReported) {
  expect_failure(
      [](Program& program) {
        program.thread([] { throw std::runtime_error("planted"); });
        program.run();
      },
      "an exception leaves the thread: planted");
  expect_failure(
      [](Program& program) {
        Int x = 0;
        program.thread([&] { x.store(1, relaxed); });
        program.thread([&] { require(x.load(relaxed) == 0, "x is set"); });
        program.run();
      },
      "x is set");
}

TEST(Fault, WeakCompareExchangeMayFailForNoReason) {
  const auto body = [](bool loop) {
    return [=](Program& program) {
      Int x = 0;
      program.thread([&, loop] {
        int expected = 0;
        while (!x.compare_exchange_weak(expected, 1, relaxed, relaxed) && loop) {
        }
      });
      program.run();
      require(x.load(relaxed) == 1, "nothing was written");
    };
  };
  expect_passes(body(true), {.spurious_failures = 2});
  expect_passes(body(false));
  const Report report = explore(body(false), {.spurious_failures = 1});
  EXPECT_EQ(report.failure, "nothing was written") << report.text();
}

TEST(Fault, TraceTellsWhoReadWhatWhere) {
  const Report report = explore(hand_over(release, relaxed));
  EXPECT_NE(report.trace.find("release store of atomic 0.0"), std::string::npos) << report.trace;
  EXPECT_NE(report.trace.find("relaxed load of atomic 0.0"), std::string::npos) << report.trace;
  EXPECT_NE(report.trace.find("reads 1 from 1.0"), std::string::npos) << report.trace;
}

}  // namespace
}  // namespace libabi::sync::model
