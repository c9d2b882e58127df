#include "sync/model/linearizability.hpp"

#include "sync/model/specifications.hpp"

#include <gtest/gtest.h>

namespace libabi::sync::model {
namespace {

struct Timed {
  std::size_t lane;
  Operation operation;
  int begin;
  int end;
};

Lanes lanes_of(const std::vector<Timed>& calls, std::size_t count = 3) {
  Lanes lanes(count);
  for (const Timed& call : calls) {
    Call made{call.operation, std::vector<std::uint32_t>(count)};
    for (const Timed& other : calls) made.before[other.lane] += other.end < call.begin;
    lanes[call.lane].push_back(std::move(made));
  }
  return lanes;
}

Operation push(int value, bool ok = true) { return {.verb = Verb::push, .ok = ok, .value = value}; }
Operation pop(int value) { return {.verb = Verb::pop, .ok = value != 0, .value = value}; }
Operation steal(int value) { return {.verb = Verb::steal, .ok = value != 0, .value = value}; }

TEST(Linearizability, EmptyHistoryIs) { EXPECT_TRUE(linearizable<Fifo>({})); }

TEST(Linearizability, QueueKeepsTheOrderOfCallsThatFollowEachOther) {
  EXPECT_TRUE(linearizable<Fifo>(lanes_of({{0, push(1), 0, 1}, {1, push(2), 2, 3}, {2, pop(1), 4, 5}, {2, pop(2), 6, 7}})));
  EXPECT_FALSE(linearizable<Fifo>(lanes_of({{0, push(1), 0, 1}, {1, push(2), 2, 3}, {2, pop(2), 4, 5}, {2, pop(1), 6, 7}})));
  // The pushes overlap: either may be the first.
  EXPECT_TRUE(linearizable<Fifo>(lanes_of({{0, push(1), 0, 3}, {1, push(2), 1, 2}, {2, pop(2), 4, 5}, {2, pop(1), 6, 7}})));
}

TEST(Linearizability, QueueGivesNothingTwiceAndNothingThatIsNotThere) {
  EXPECT_FALSE(linearizable<Fifo>(lanes_of({{0, push(1), 0, 1}, {1, pop(1), 2, 5}, {2, pop(1), 3, 4}})));
  EXPECT_FALSE(linearizable<Fifo>(lanes_of({{1, pop(1), 0, 1}, {0, push(1), 2, 3}})));
  EXPECT_TRUE(linearizable<Fifo>(lanes_of({{1, pop(1), 0, 3}, {0, push(1), 2, 4}})));
}

TEST(Linearizability, QueueIsEmptyOrFullOnlyWhenItIs) {
  EXPECT_FALSE(linearizable<Fifo>(lanes_of({{0, push(1), 0, 1}, {1, pop(0), 2, 3}})));
  EXPECT_TRUE(linearizable<Fifo>(lanes_of({{0, push(1), 0, 2}, {1, pop(0), 1, 3}})));
  EXPECT_FALSE(linearizable<Fifo>(lanes_of({{0, push(1), 0, 1}, {0, push(2, false), 2, 3}}), {.capacity = 2}));
  EXPECT_TRUE(linearizable<Fifo>(lanes_of({{0, push(1), 0, 1}, {0, push(2, false), 2, 3}}), {.capacity = 1}));
  EXPECT_FALSE(linearizable<Fifo>(lanes_of({{0, push(1), 0, 1}, {0, push(2), 2, 3}}), {.capacity = 1}));
}

TEST(Linearizability, ExcusesOnlyFailuresOfCallsThatOverlap) {
  const auto excused = [](const std::vector<Timed>& calls) {
    return linearizable<Fifo>(without_excused_failures(lanes_of(calls), {Verb::pop}));
  };
  // Not linearizable: 2 is there throughout the failing pop. The push of 3 that is under way excuses it.
  const std::vector<Timed> overlapping{{0, push(2), 0, 1}, {0, push(3), 2, 5}, {1, pop(0), 3, 4}};
  EXPECT_FALSE(linearizable<Fifo>(lanes_of(overlapping)));
  EXPECT_TRUE(excused(overlapping));
  EXPECT_FALSE(excused({{0, push(2), 0, 1}, {0, push(3), 2, 3}, {1, pop(0), 4, 5}}));
}

TEST(Linearizability, DequeHasTwoEnds) {
  const auto ends = [](Operation last) { return lanes_of({{0, push(1), 0, 1}, {0, push(2), 2, 3}, {1, last, 4, 5}}); };
  EXPECT_TRUE(linearizable<Deque>(ends(steal(1))));
  EXPECT_FALSE(linearizable<Deque>(ends(steal(2))));
  EXPECT_TRUE(linearizable<Deque>(ends(pop(2))));
  EXPECT_FALSE(linearizable<Deque>(ends(pop(1))));
  EXPECT_FALSE(linearizable<Deque>(ends(steal(0))));
  // The last item goes to one of them.
  EXPECT_FALSE(linearizable<Deque>(lanes_of({{0, push(1), 0, 1}, {0, pop(1), 2, 5}, {1, steal(1), 3, 4}})));
}

TEST(Linearizability, MapIsCheckedKeyByKey) {
  const auto insert = [](int key, int value, bool ok) { return Operation{Verb::insert, ok, value, key}; };
  const auto find = [](int key, int value, bool ok) { return Operation{Verb::find, ok, value, key}; };
  const auto erase = [](int key, int value, bool ok) { return Operation{Verb::erase, ok, value, key}; };
  const auto holds = [](const std::vector<Timed>& calls) {
    for (const Lanes& key : by_key(lanes_of(calls)))
      if (!linearizable<MapEntry>(key)) return false;
    return true;
  };
  EXPECT_TRUE(holds(
      {{0, insert(1, 5, true), 0, 1}, {1, insert(2, 6, true), 0, 1}, {2, find(1, 5, true), 2, 3}, {2, find(2, 6, true), 4, 5}}));
  EXPECT_FALSE(holds({{0, insert(1, 5, true), 0, 1}, {2, find(1, 0, false), 2, 3}}));
  EXPECT_FALSE(holds({{0, insert(1, 5, true), 0, 3}, {1, insert(1, 6, true), 1, 2}}));
  EXPECT_TRUE(holds({{0, insert(1, 5, true), 0, 3}, {1, insert(1, 6, false), 1, 2}}));
  EXPECT_FALSE(holds({{0, insert(1, 5, true), 0, 1}, {1, erase(1, 5, true), 2, 5}, {2, erase(1, 5, true), 3, 4}}));
  EXPECT_FALSE(holds({{0, insert(1, 5, true), 0, 1}, {1, erase(1, 5, true), 2, 3}, {2, find(1, 5, true), 4, 5}}));
  EXPECT_TRUE(holds({{0, insert(1, 5, true), 0, 1}, {1, erase(1, 5, true), 2, 4}, {2, find(1, 5, true), 3, 5}}));
}

// Without a memory of what was tried this takes 14! steps.
TEST(Linearizability, RemembersWhatItTried) {
  std::vector<Timed> calls;
  for (int i = 0; i < 14; ++i) calls.push_back({static_cast<std::size_t>(i), push(1), 0, 100});
  calls.push_back({14, pop(2), 200, 201});
  EXPECT_FALSE(linearizable<Fifo>(lanes_of(calls, 15)));
}

}  // namespace
}  // namespace libabi::sync::model
