#include <abi/sync/asymmetric_fence.hpp>

#include "sync/together.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>

#include <sys/wait.h>
#include <unistd.h>

namespace libabi::sync {
namespace {

// Store, fence, load on both sides, round for round: that both sides miss the other's store is what the fences forbid. Each
// round has numbers of its own, and is compared afterwards, so that the threads run freely.
constexpr std::uint32_t kRounds = 20000;

struct Sides {
  alignas(64) std::atomic<std::uint32_t> light{0};
  alignas(64) std::atomic<std::uint32_t> heavy{0};
};

std::uint32_t rounds_in_which_both_missed() {
  Sides sides;
  std::vector<std::uint32_t> seen_by_light(kRounds + 1);
  std::vector<std::uint32_t> seen_by_heavy(kRounds + 1);
  test::together(2, [&](unsigned index) {
    for (std::uint32_t round = 1; round <= kRounds; ++round) {
      if (index == 0) {
        sides.light.store(round, std::memory_order_relaxed);
        light_fence();
        seen_by_light[round] = sides.heavy.load(std::memory_order_relaxed);
      } else {
        sides.heavy.store(round, std::memory_order_relaxed);
        heavy_fence();
        seen_by_heavy[round] = sides.light.load(std::memory_order_relaxed);
      }
    }
  });
  // Of the light side's round a, whose load saw round b of the heavy side: the heavy side's round b + 1 came later, and must
  // have seen round a or a later one.
  std::uint32_t missed = 0;
  for (std::uint32_t round = 1; round <= kRounds; ++round) {
    const std::uint32_t later = seen_by_light[round] + 1;
    if (later <= kRounds && seen_by_heavy[later] < round) ++missed;
  }
  return missed;
}

TEST(AsymmetricFence, OneOfTwoSidesSeesTheOther) { EXPECT_EQ(rounds_in_which_both_missed(), 0u); }

TEST(AsymmetricFence, OneOfTwoSidesSeesTheOtherWhereLightFencesAreFull) {
  const bool before = detail::light_fences_are_free.exchange(false);
  EXPECT_EQ(rounds_in_which_both_missed(), 0u);
  detail::light_fences_are_free.store(before);
}

TEST(AsymmetricFence, ChildOfAForkHasThem) {
  heavy_fence();
  const pid_t child = ::fork();
  if (child == 0) {
    light_fence();
    heavy_fence();
    ::_exit(0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace libabi::sync
