// The exploration against its reference: random programs, whose executions explore() has to find all, and each once.

#include "sync/model/explore.hpp"
#include "sync/model/atomics.hpp"

#include <abi/base/error.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace libabi::sync::model {
namespace {

using enum std::memory_order;

enum class Verb { load, store, add, claim, claim_weakly, fence, light, heavy, pause_unless };

struct Instruction {
  Verb verb;
  int atomic;
  int value;
  std::memory_order order;
};
using Thread = std::vector<Instruction>;

std::memory_order load_order(std::memory_order order) { return order == release ? acquire : order == acq_rel ? acquire : order; }
std::memory_order store_order(std::memory_order order) { return order == acquire ? release : order == acq_rel ? release : order; }

void perform(const Instruction& i, ModelAtomic<int>& atomic) {
  int expected = i.value;
  switch (i.verb) {
    case Verb::load: atomic.load(load_order(i.order)); break;
    case Verb::store: atomic.store(i.value, store_order(i.order)); break;
    case Verb::add: atomic.fetch_add(i.value, i.order); break;
    case Verb::claim: atomic.compare_exchange_strong(expected, i.value + 1, i.order, load_order(i.order)); break;
    case Verb::claim_weakly: atomic.compare_exchange_weak(expected, i.value + 1, i.order, load_order(i.order)); break;
    case Verb::fence: ModelAtomics::fence(i.order); break;
    case Verb::light: ModelAtomics::light_fence(); break;
    case Verb::heavy: ModelAtomics::heavy_fence(); break;
    case Verb::pause_unless:
      while (atomic.load(load_order(i.order)) == 0) ModelAtomics::pause();
      break;
  }
}

Body body_of(const std::vector<Thread>& threads) {
  return [&threads](Program& program) {
    ModelAtomic<int> atomics[2] = {0, 0};
    for (const Thread& thread : threads)
      program.thread([&] {
        for (const Instruction& instruction : thread) perform(instruction, atomics[instruction.atomic]);
      });
    program.run();
  };
}

std::string text(const std::vector<Thread>& threads) {
  std::string text;
  for (const Thread& thread : threads) {
    for (const Instruction& i : thread)
      text += libabi::format("{} a{} {} {}; ", static_cast<int>(i.verb), i.atomic, i.value, static_cast<int>(i.order));
    text += "||\n";
  }
  return text;
}

std::vector<Thread> random_program(std::mt19937_64& random) {
  static constexpr std::memory_order orders[] = {relaxed, acquire, release, acq_rel, seq_cst, seq_cst};
  std::vector<Thread> threads(2 + random() % 2);
  for (Thread& thread : threads) {
    const std::size_t length = 1 + random() % (threads.size() == 2 ? 4 : 3);
    for (std::size_t i = 0; i < length; ++i) {
      const unsigned pick = random() % 16;
      const Verb verb = pick < 4    ? Verb::load
                        : pick < 7  ? Verb::store
                        : pick < 9  ? Verb::add
                        : pick < 11 ? Verb::claim
                        : pick < 12 ? Verb::claim_weakly
                        : pick < 13 ? Verb::fence
                        : pick < 14 ? Verb::light
                        : pick < 15 ? Verb::heavy
                                    : Verb::pause_unless;
      const std::memory_order order = orders[random() % (verb == Verb::fence ? 5 : 6)];
      thread.push_back({verb, static_cast<int>(random() % 2), static_cast<int>(random() % 2), order});
    }
  }
  return threads;
}

std::uint64_t seed() {
  const char* const given = std::getenv("ABI_SEED");
  const std::uint64_t seed = given ? std::strtoull(given, nullptr, 10) : 20261125;
  std::printf("ABI_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

std::string difference(const auto& all, const auto& without) {
  std::string text;
  for (const std::string& signature : all)
    if (!without.contains(signature)) text += signature + "\n";
  return text;
}

TEST(Explore, FindsEveryExecutionOfARandomProgramOnce) {
  std::mt19937_64 random(seed());
  std::size_t compared = 0;
  for (int round = 0; round < 150; ++round) {
    const std::vector<Thread> threads = random_program(random);
    const unsigned spurious = random() % 2;
    std::multiset<std::string> found;
    std::set<std::string> expected;
    const auto collect = [](auto& into) { return [&into](const Graph& graph) { into.insert(graph.signature()); }; };
    const Report naive =
        explore_naively(body_of(threads), {.executions = 5'000, .spurious_failures = spurious, .on_complete = collect(expected)});
    if (naive.passed() && !naive.exhausted) continue;  // too many interleavings for the reference
    const Report report = explore(body_of(threads), {.spurious_failures = spurious, .on_complete = collect(found)});
    if (!naive.passed() || !report.passed()) {  // the only thing that can go wrong with them is to wait for ever
      EXPECT_TRUE(naive.failure.starts_with("deadlock") && report.failure.starts_with("deadlock"))
          << report.text() << naive.text();
      continue;
    }
    ASSERT_TRUE(report.exhausted);
    ASSERT_EQ(difference(expected, found), "") << "missing from\n" << text(threads);
    ASSERT_EQ(difference(found, expected), "") << "too many in\n" << text(threads);
    ASSERT_EQ(found.size(), expected.size()) << "executions were made more than once\n" << text(threads);
    ++compared;
  }
  EXPECT_GT(compared, 60u);
}

}  // namespace
}  // namespace libabi::sync::model
