// The classic litmus tests: the exact set of outcomes that the C++ model (as RC11) allows for each.

#include "sync/model/atomics.hpp"
#include "sync/model/explore.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace libabi::sync::model {
namespace {

using Int = ModelAtomic<int>;
using enum std::memory_order;
using Outcomes = std::set<std::vector<int>>;

struct Shared {
  Int x{0}, y{0}, z{0};
  int r[4] = {};
};
using ThreadBody = std::function<void(Shared&)>;

/// Runs the threads in all ways; an outcome is r[0..registers) and what `x` and `y` hold at the end where `finals` is set.
struct Litmus {
  std::vector<ThreadBody> threads;
  int registers;
  bool finals = false;

  Body body(Outcomes& outcomes) const {
    return [this, &outcomes](Program& program) {
      Shared shared;
      for (const ThreadBody& thread : threads) program.thread([&] { thread(shared); });
      program.run();
      std::vector<int> outcome(shared.r, shared.r + registers);
      if (finals) outcome.push_back(shared.x.load(relaxed)), outcome.push_back(shared.y.load(relaxed));
      const memory::Outside outside;
      outcomes.insert(std::vector<int>(outcome));
    };
  }
};

// Exhaustively by the reduced exploration, which must make no execution twice, and by the naive one.
Outcomes outcomes(const Litmus& litmus) {
  std::multiset<std::string> graphs;
  std::set<std::string> naive_graphs;
  Outcomes found;
  Outcomes naive;
  const Report report = explore(litmus.body(found), {.on_complete = [&](const Graph& g) { graphs.insert(g.signature()); }});
  EXPECT_TRUE(report.passed() && report.exhausted) << report.text();
  const Report all =
      explore_naively(litmus.body(naive), {.on_complete = [&](const Graph& g) { naive_graphs.insert(g.signature()); }});
  EXPECT_TRUE(all.passed() && all.exhausted) << all.text();
  EXPECT_EQ(found, naive);
  EXPECT_EQ(std::set<std::string>(graphs.begin(), graphs.end()), naive_graphs);
  EXPECT_EQ(graphs.size(), naive_graphs.size()) << "an execution was made more than once";
  return found;
}

ThreadBody store_load(Int Shared::* mine, Int Shared::* other, int slot, std::memory_order store, std::memory_order load) {
  return [=](Shared& s) {
    (s.*mine).store(1, store);
    s.r[slot] = (s.*other).load(load);
  };
}

const Outcomes all_of_two{{0, 0}, {0, 1}, {1, 0}, {1, 1}};

TEST(Litmus, StoreBufferingNeedsSequentialConsistency) {
  const auto run = [](std::memory_order store, std::memory_order load) {
    return outcomes(
        {{store_load(&Shared::x, &Shared::y, 0, store, load), store_load(&Shared::y, &Shared::x, 1, store, load)}, 2});
  };
  EXPECT_EQ(run(relaxed, relaxed), all_of_two);
  EXPECT_EQ(run(release, acquire), all_of_two);
  EXPECT_EQ(run(seq_cst, acquire), all_of_two);
  EXPECT_EQ(run(seq_cst, seq_cst), (Outcomes{{0, 1}, {1, 0}, {1, 1}}));
}

using FenceFn = void (*)();
ThreadBody fenced_store_load(Int Shared::* mine, Int Shared::* other, int slot, FenceFn fence) {
  return [=](Shared& s) {
    (s.*mine).store(1, relaxed);
    fence();
    s.r[slot] = (s.*other).load(relaxed);
  };
}
void sc() { ModelAtomics::fence(seq_cst); }
void acqrel() { ModelAtomics::fence(acq_rel); }
void light() { ModelAtomics::light_fence(); }
void heavy() { ModelAtomics::heavy_fence(); }

TEST(Litmus, StoreBufferingWithFences) {
  const auto run = [](FenceFn left, FenceFn right) {
    return outcomes(
        {{fenced_store_load(&Shared::x, &Shared::y, 0, left), fenced_store_load(&Shared::y, &Shared::x, 1, right)}, 2});
  };
  const Outcomes ordered{{0, 1}, {1, 0}, {1, 1}};
  EXPECT_EQ(run(sc, sc), ordered);
  EXPECT_EQ(run(acqrel, sc), all_of_two);
  EXPECT_EQ(run(light, heavy), ordered);
  EXPECT_EQ(run(heavy, light), ordered);
  EXPECT_EQ(run(heavy, heavy), ordered);
  EXPECT_EQ(run(heavy, sc), ordered);
  EXPECT_EQ(run(light, light), all_of_two);
  EXPECT_EQ(run(light, sc), all_of_two);
  EXPECT_EQ(run(light, acqrel), all_of_two);
}

TEST(Litmus, StoreBufferingOfAccessAndFence) {
  // A sequentially consistent access is not a fence, but is ordered against one.
  EXPECT_EQ(
      outcomes({{store_load(&Shared::x, &Shared::y, 0, seq_cst, seq_cst), fenced_store_load(&Shared::y, &Shared::x, 1, sc)}, 2}),
      (Outcomes{{0, 1}, {1, 0}, {1, 1}}));
}

TEST(Litmus, MessagePassing) {
  const auto run = [](std::memory_order store, std::memory_order load) {
    return outcomes({{[=](Shared& s) { s.x.store(1, relaxed), s.y.store(1, store); },
                      [=](Shared& s) { s.r[0] = s.y.load(load), s.r[1] = s.x.load(relaxed); }},
                     2});
  };
  const Outcomes passed{{0, 0}, {0, 1}, {1, 1}};
  EXPECT_EQ(run(release, acquire), passed);
  EXPECT_EQ(run(seq_cst, seq_cst), passed);
  EXPECT_EQ(run(relaxed, acquire), all_of_two);
  EXPECT_EQ(run(release, relaxed), all_of_two);
}

TEST(Litmus, MessagePassingWithFences) {
  const auto run = [](std::memory_order left, std::memory_order right) {
    return outcomes({{[=](Shared& s) { s.x.store(1, relaxed), ModelAtomics::fence(left), s.y.store(1, relaxed); },
                      [=](Shared& s) { s.r[0] = s.y.load(relaxed), ModelAtomics::fence(right), s.r[1] = s.x.load(relaxed); }},
                     2});
  };
  const Outcomes passed{{0, 0}, {0, 1}, {1, 1}};
  EXPECT_EQ(run(release, acquire), passed);
  EXPECT_EQ(run(acq_rel, acq_rel), passed);
  EXPECT_EQ(run(seq_cst, seq_cst), passed);
  EXPECT_EQ(run(acquire, acquire), all_of_two);
  EXPECT_EQ(run(release, release), all_of_two);
}

// Allowed by the C++ standard without its note on thin air, forbidden by RC11: a cycle of program order and reads-from.
TEST(Litmus, LoadBufferingDoesNotHappen) {
  EXPECT_EQ(outcomes({{[](Shared& s) { s.r[0] = s.x.load(relaxed), s.y.store(1, relaxed); },
                       [](Shared& s) { s.r[1] = s.y.load(relaxed), s.x.store(1, relaxed); }},
                      2}),
            (Outcomes{{0, 0}, {0, 1}, {1, 0}}));
}

TEST(Litmus, IndependentReadsOfIndependentWrites) {
  const auto run = [](std::memory_order store, std::memory_order load) {
    const auto reader = [=](Int Shared::* first, Int Shared::* second, int slot) {
      return [=](Shared& s) { s.r[slot] = (s.*first).load(load), s.r[slot + 1] = (s.*second).load(load); };
    };
    return outcomes({{[=](Shared& s) { s.x.store(1, store); }, [=](Shared& s) { s.y.store(1, store); },
                      reader(&Shared::x, &Shared::y, 0), reader(&Shared::y, &Shared::x, 2)},
                     4});
  };
  EXPECT_EQ(run(release, acquire).size(), 16u);
  EXPECT_TRUE(run(release, acquire).contains({1, 0, 1, 0}));
  EXPECT_EQ(run(seq_cst, seq_cst).size(), 15u);
  EXPECT_FALSE(run(seq_cst, seq_cst).contains({1, 0, 1, 0}));
}

TEST(Litmus, IndependentReadsWithFences) {
  const auto reader = [](Int Shared::* first, Int Shared::* second, int slot) {
    return [=](Shared& s) { s.r[slot] = (s.*first).load(relaxed), sc(), s.r[slot + 1] = (s.*second).load(relaxed); };
  };
  const Outcomes found = outcomes({{[](Shared& s) { s.x.store(1, relaxed); }, [](Shared& s) { s.y.store(1, relaxed); },
                                    reader(&Shared::x, &Shared::y, 0), reader(&Shared::y, &Shared::x, 2)},
                                   4});
  EXPECT_EQ(found.size(), 15u);
  EXPECT_FALSE(found.contains({1, 0, 1, 0}));
}

TEST(Litmus, TwoPlusTwoWrites) {
  const auto run = [](std::memory_order order) {
    return outcomes({{[=](Shared& s) { s.x.store(1, order), s.y.store(2, order); },
                      [=](Shared& s) { s.y.store(1, order), s.x.store(2, order); }},
                     0,
                     true});
  };
  EXPECT_EQ(run(relaxed), (Outcomes{{1, 1}, {1, 2}, {2, 1}, {2, 2}}));
  EXPECT_EQ(run(release), (Outcomes{{1, 1}, {1, 2}, {2, 1}, {2, 2}}));
  EXPECT_EQ(run(seq_cst), (Outcomes{{1, 2}, {2, 1}, {2, 2}}));
}

TEST(Litmus, WriteToReadCausality) {
  const auto run = [](std::memory_order store, std::memory_order load) {
    return outcomes({{[=](Shared& s) { s.x.store(1, relaxed); }, [=](Shared& s) { s.r[0] = s.x.load(load), s.y.store(1, store); },
                      [=](Shared& s) { s.r[1] = s.y.load(load), s.r[2] = s.x.load(relaxed); }},
                     3});
  };
  EXPECT_FALSE(run(release, acquire).contains({1, 1, 0}));
  EXPECT_EQ(run(release, acquire).size(), 7u);
  EXPECT_EQ(run(relaxed, acquire).size(), 8u);
  EXPECT_EQ(run(release, relaxed).size(), 8u);
}

TEST(Litmus, CoherenceOfTwoReadsAndOfOneThread) {
  const Outcomes reads = outcomes({{[](Shared& s) { s.x.store(1, relaxed), s.x.store(2, relaxed); },
                                    [](Shared& s) { s.r[0] = s.x.load(relaxed), s.r[1] = s.x.load(relaxed); }},
                                   2});
  EXPECT_EQ(reads, (Outcomes{{0, 0}, {0, 1}, {0, 2}, {1, 1}, {1, 2}, {2, 2}}));
  // Two readers agree on the order of two writers.
  const auto reader = [](int slot) {
    return [=](Shared& s) { s.r[slot] = s.x.load(relaxed), s.r[slot + 1] = s.x.load(relaxed); };
  };
  const Outcomes agreed =
      outcomes({{[](Shared& s) { s.x.store(1, relaxed); }, [](Shared& s) { s.x.store(2, relaxed); }, reader(0), reader(2)}, 4});
  EXPECT_TRUE(agreed.contains({1, 2, 1, 2}) && agreed.contains({2, 1, 2, 1}));
  EXPECT_FALSE(agreed.contains({1, 2, 2, 1}) || agreed.contains({2, 1, 1, 2}));
  // Read-write and write-read coherence.
  EXPECT_EQ(
      outcomes({{[](Shared& s) { s.r[0] = s.x.load(relaxed), s.x.store(1, relaxed); }, [](Shared& s) { s.x.store(2, relaxed); }},
                1,
                true}),
      (Outcomes{{0, 1, 0}, {0, 2, 0}, {2, 1, 0}}));
}

TEST(Litmus, ReleaseSequencesGoThroughReadModifyWritesAlone) {
  const auto run = [](bool update, std::memory_order order) {
    return outcomes({{[](Shared& s) { s.x.store(1, relaxed), s.y.store(1, release); },
                      [=](Shared& s) {
                        if (update)
                          s.y.fetch_add(2, order);
                        else if (s.y.load(relaxed) == 1)
                          s.y.store(3, order);
                      },
                      [](Shared& s) { s.r[0] = s.y.load(acquire), s.r[1] = s.x.load(relaxed); }},
                     2});
  };
  EXPECT_FALSE(run(true, relaxed).contains({3, 0}));
  EXPECT_TRUE(run(true, relaxed).contains({2, 0}));
  EXPECT_TRUE(run(false, relaxed).contains({3, 0}));
  EXPECT_TRUE(run(false, release).contains({3, 0}));
  // C++20 took the stores of the same thread out of the sequence.
  const Outcomes own = outcomes({{[](Shared& s) { s.x.store(1, relaxed), s.y.store(1, release), s.y.store(2, relaxed); },
                                  [](Shared& s) { s.r[0] = s.y.load(acquire), s.r[1] = s.x.load(relaxed); }},
                                 2});
  EXPECT_TRUE(own.contains({2, 0}));
  EXPECT_FALSE(own.contains({1, 0}));
}

TEST(Litmus, ReadModifyWritesLoseNothing) {
  EXPECT_EQ(
      outcomes({{[](Shared& s) { s.r[0] = s.x.fetch_add(1, relaxed); }, [](Shared& s) { s.r[1] = s.x.fetch_add(1, relaxed); },
                 [](Shared& s) { s.r[2] = s.x.fetch_add(1, relaxed); }},
                3,
                true}),
      (Outcomes{{0, 1, 2, 3, 0}, {0, 2, 1, 3, 0}, {1, 0, 2, 3, 0}, {1, 2, 0, 3, 0}, {2, 0, 1, 3, 0}, {2, 1, 0, 3, 0}}));
  const auto claim = [](int slot) {
    return [=](Shared& s) {
      int free = 0;
      s.r[slot] = s.x.compare_exchange_strong(free, slot + 1, relaxed, relaxed) ? 10 : free;
    };
  };
  EXPECT_EQ(outcomes({{claim(0), claim(1), claim(2)}, 3}), (Outcomes{{10, 1, 1}, {2, 10, 2}, {3, 3, 10}}));
}

TEST(Litmus, StoresBetweenReadModifyWrites) {
  EXPECT_EQ(outcomes({{[](Shared& s) { s.r[0] = s.x.exchange(1, relaxed); }, [](Shared& s) { s.x.store(2, relaxed); },
                       [](Shared& s) { s.r[1] = s.x.exchange(3, relaxed); }},
                      2,
                      true}),
            (Outcomes{{0, 1, 2, 0}, {0, 2, 3, 0}, {2, 0, 1, 0}, {2, 1, 3, 0}, {3, 0, 2, 0}, {3, 2, 1, 0}}));
}

// Fences are cumulative: what was seen before one counts (R, S and the write-to-read test with a fence in the middle).
TEST(Litmus, FencesAreCumulative) {
  const Outcomes wrc = outcomes(
      {{[](Shared& s) { s.x.store(1, relaxed); }, [](Shared& s) { s.r[0] = s.x.load(relaxed), sc(), s.r[1] = s.y.load(relaxed); },
        [](Shared& s) { s.y.store(1, relaxed), sc(), s.r[2] = s.x.load(relaxed); }},
       3});
  EXPECT_FALSE(wrc.contains({1, 0, 0}));
  EXPECT_EQ(wrc.size(), 7u);
  const Outcomes r = outcomes({{[](Shared& s) { s.x.store(1, relaxed), sc(), s.y.store(1, relaxed); },
                                [](Shared& s) { s.y.store(2, relaxed), sc(), s.r[0] = s.x.load(relaxed); }},
                               1,
                               true});
  EXPECT_FALSE(r.contains({0, 1, 2}));
  EXPECT_TRUE(r.contains({0, 1, 1}));
}

}  // namespace
}  // namespace libabi::sync::model
