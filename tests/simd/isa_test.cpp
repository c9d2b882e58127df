#include <gtest/gtest.h>

#include <abi/simd/isa.hpp>

#include <algorithm>
#include <cstdlib>
#include <string>

namespace {

using namespace libabi;

TEST(Isa, RunnableOnesAreOrderedAndBeginWithThePlainest) {
  const auto isas = simd::runnable_isas();
  ASSERT_FALSE(isas.empty());
  EXPECT_TRUE(std::is_sorted(isas.begin(), isas.end()));
#if defined(__x86_64__)
  EXPECT_EQ(isas.front(), simd::Isa::baseline);
#elif defined(__aarch64__)
  EXPECT_EQ(isas.front(), simd::Isa::neon);
#endif
}

TEST(Isa, TheBestIsUsedUnlessTheEnvironmentNamesAnother) {
  const auto isas = simd::runnable_isas();
  const char* wanted = std::getenv("ABI_ISA");
  const auto named = std::find_if(isas.begin(), isas.end(), [&](simd::Isa isa) { return wanted && simd::name(isa) == wanted; });
  EXPECT_EQ(simd::isa(), named == isas.end() ? isas.back() : *named);
}

TEST(Isa, NamesAreThoseOfTheList) {
  EXPECT_EQ(simd::name(simd::Isa::avx512vnni), "avx512vnni");
  EXPECT_EQ(simd::name(simd::Isa::neon), "neon");
}

/// Runs in a process of its own, since the choice is made once: forked from here, where nothing has asked for it yet. (To
/// start the program anew, as the style "threadsafe" does, is not to be had under qemu-user.)
void expect_choice(const char* wanted, simd::Isa expected, const char* warning) {
  GTEST_FLAG_SET(death_test_style, "fast");
  EXPECT_EXIT(
      {
        setenv("ABI_ISA", wanted, 1);
        std::exit(simd::isa() == expected ? 0 : 1);
      },
      testing::ExitedWithCode(0), warning);
}

TEST(IsaDeathTest, TheEnvironmentForcesARunnableOne) {
  for (const simd::Isa isa : simd::runnable_isas()) expect_choice(std::string(simd::name(isa)).c_str(), isa, "^$");
}

TEST(IsaDeathTest, AnUnknownOrForeignNameIsAWarningAndTheBestIsUsed) {
  const simd::Isa best = simd::runnable_isas().back();
  expect_choice("mmx", best, "ABI_ISA is 'mmx', which names no instruction set of this build");
}

}  // namespace
