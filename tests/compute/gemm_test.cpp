// Products on several threads against the kernel on one, bit for bit; the kernel itself has its tests in tests/simd.
#include "gemm_workspace.hpp"
#include "memory/failing_malloc.hpp"

#include <abi/compute/gemm.hpp>
#include <abi/memory/fault.hpp>
#include <abi/simd/kernels.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <set>
#include <thread>
#include <vector>

namespace libabi::compute {
namespace {

template <class Sum, class Element>
struct Problem {
  Problem(std::size_t m, std::size_t n, std::size_t k, bool transposed) {
    std::mt19937 random(11);
    shape = {
        .m = m, .n = n, .k = k, .a_stride = k, .b_stride = transposed ? k : n, .c_stride = n + 1, .b_transposed = transposed};
    a.resize(m * k);
    b.resize(n * k);
    for (Element& x : a) x = static_cast<Element>(static_cast<int>(random() % 200) - 100);
    for (Element& x : b) x = static_cast<Element>(static_cast<int>(random() % 200) - 100);
    c.resize(m * shape.c_stride);
  }
  GemmShape shape;
  std::vector<Element> a, b;
  std::vector<Sum> c;
};

TEST(ParallelGemm, HasTheBitsOfTheKernelAtAnyNumberOfThreads) {
  for (const unsigned threads : {1u, 2u, 3u, 6u}) {
    const auto scheduler = task::Scheduler::create({.threads = threads}).value();
    for (const auto& [m, n, k] : {std::array<std::size_t, 3>{1, 1000, 900}, {700, 3, 500}, {130, 200, 300}, {2, 2, 2}, {0, 5, 5}})
      for (const bool transposed : {false, true}) {
        Problem<float, float> expected(m, n, k, transposed), found = expected;
        std::vector<std::byte> workspace(simd::gemm_workspace_bytes(expected.shape));
        simd::kernels().gemm_f32(expected.c.data(), expected.a.data(), expected.b.data(), expected.shape, workspace.data());
        ASSERT_TRUE(gemm_f32(*scheduler, found.c.data(), found.a.data(), found.b.data(), found.shape));
        EXPECT_EQ(found.c, expected.c) << threads << " threads, " << m << " x " << n << " x " << k;
      }
  }
}

TEST(ParallelGemm, MultipliesBytesAndHalves) {
  const auto scheduler = task::Scheduler::create({.threads = 2}).value();
  Problem<std::int32_t, std::int8_t> bytes(130, 200, 300, true);
  ASSERT_TRUE(gemm_i8(*scheduler, bytes.c.data(), bytes.a.data(), bytes.b.data(), bytes.shape));
  std::int32_t sum = 0;
  for (std::size_t p = 0; p < 300; ++p) sum += bytes.a[129 * 300 + p] * bytes.b[199 * 300 + p];
  EXPECT_EQ(bytes.c[129 * 201 + 199], sum);
  Problem<float, std::uint16_t> halves(40, 64, 50, false);
  std::fill(halves.a.begin(), halves.a.end(), std::uint16_t{0x3f80});  // 1
  std::fill(halves.b.begin(), halves.b.end(), std::uint16_t{0x4000});  // 2
  ASSERT_TRUE(gemm_bf16(*scheduler, halves.c.data(), halves.a.data(), halves.b.data(), halves.shape));
  EXPECT_EQ(halves.c[0], 100);
  EXPECT_EQ(halves.c[39 * 65 + 63], 100);
}

TEST(ParallelGemm, RefusesStridesThatAreShorterThanTheirRowsAndMatricesThatNoMemoryHolds) {
  const auto scheduler = task::Scheduler::create({.threads = 2}).value();
  float x = 0;
  const GemmShape good{.m = 2, .n = 2, .k = 2, .a_stride = 2, .b_stride = 2, .c_stride = 2};
  for (std::size_t GemmShape::* const stride : {&GemmShape::a_stride, &GemmShape::b_stride, &GemmShape::c_stride}) {
    GemmShape bad = good;
    bad.*stride = 1;
    EXPECT_EQ(gemm_f32(*scheduler, &x, &x, &x, bad).error().code, ErrorCode::invalid_argument);
  }
  GemmShape huge = good;
  huge.a_stride = ~std::size_t{0} / 4;
  EXPECT_EQ(gemm_f32(*scheduler, &x, &x, &x, huge).error().code, ErrorCode::invalid_argument);
}

TEST(ParallelGemm, WithoutMemoryForItsWorkspaceItIsExhausted) {
  const auto scheduler = task::Scheduler::create({.threads = 2}).value();
  Problem<float, float> problem(200, 200, 200, false);
  memory::MemoryAccount account("small", 1000);
  EXPECT_EQ(gemm_f32(*scheduler, problem.c.data(), problem.a.data(), problem.b.data(), problem.shape, account).error().code,
            ErrorCode::exhausted);
  EXPECT_EQ(account.live_bytes(), 0u);
  memory::MemoryAccount large("large");
  const auto untouched = problem.c;
  const auto multiply = [&] {
    GemmWorkspace::drop_kept();
    return gemm_f32(*scheduler, problem.c.data(), problem.a.data(), problem.b.data(), problem.shape, large);
  };
  for (std::uint64_t n = 0;; ++n) {
    const memory::AllocationFault fault(n);
    const Result<void> result = multiply();
    EXPECT_EQ(large.live_bytes(), 0u);
    if (!fault.hit()) {
      EXPECT_GE(n, 3u);  // the charge to the account, that of what is kept, and the memory
      break;
    }
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::exhausted);
    EXPECT_EQ(problem.c, untouched);
  }
  test::fail_each([&] {
    const Result<void> result = multiply();
    EXPECT_TRUE(result || result.error().code == ErrorCode::exhausted);
    EXPECT_EQ(large.live_bytes(), 0u);
    GemmWorkspace::drop_kept();
    return result.has_value();
  });
}

TEST(ParallelGemm, KeepsItsWorkspacesForTheNextProductOnTheDefaultAccount) {
  const auto scheduler = task::Scheduler::create({.threads = 2}).value();
  GemmWorkspace::drop_kept();
  const std::uint64_t before = memory::default_account().live_bytes();
  Problem<float, float> large(300, 300, 300, false), small(10, 10, 10, true);
  memory::MemoryAccount account("products");
  ASSERT_TRUE(gemm_f32(*scheduler, large.c.data(), large.a.data(), large.b.data(), large.shape, account));
  EXPECT_EQ(account.live_bytes(), 0u);
  EXPECT_GT(account.peak_bytes(), 0u);
  const std::uint64_t kept = memory::default_account().live_bytes();
  EXPECT_GT(kept, before);
  for (auto* problem : {&large, &small, &large}) {
    const memory::AllocationFault none(1000);
    ASSERT_TRUE(gemm_f32(*scheduler, problem->c.data(), problem->a.data(), problem->b.data(), problem->shape));
    EXPECT_EQ(none.count(), 0u) << "a product that finds workspaces takes no memory";
  }
  EXPECT_EQ(memory::default_account().live_bytes(), kept);
  GemmWorkspace::drop_kept();
  EXPECT_EQ(memory::default_account().live_bytes(), before);
}

TEST(GemmWorkspace, AnyNumberAtATimeAreApartAndNoMoreThanTheBoundAreKept) {
  GemmWorkspace::drop_kept();
  memory::MemoryAccount& account = memory::default_account();
  const std::uint64_t before = account.live_bytes();
  constexpr std::size_t bytes = 1000;
  {
    std::vector<GemmWorkspace> many;
    for (std::size_t i = 0; i < GemmWorkspace::most_kept + 5; ++i) many.push_back(GemmWorkspace::take(bytes, account).value());
    std::set<std::byte*> places;
    for (GemmWorkspace& each : many) places.insert(each.data());
    EXPECT_EQ(places.size(), many.size());
    EXPECT_EQ(account.live_bytes() - before, many.size() * bytes);
  }
  EXPECT_EQ(account.live_bytes() - before, GemmWorkspace::most_kept * bytes);
  // One that is too small makes way for a larger one.
  {
    EXPECT_TRUE(GemmWorkspace::take(2 * bytes, account));
  }
  EXPECT_EQ(account.live_bytes() - before, (GemmWorkspace::most_kept + 1) * bytes);
  GemmWorkspace::drop_kept();
  EXPECT_EQ(account.live_bytes(), before);
}

TEST(GemmWorkspace, ThreadsThatTakeAndReturnNeverShareOne) {
  memory::MemoryAccount account("threads");
  const auto take_and_return = [&](unsigned char mark) {
    for (int i = 0; i < 2000; ++i) {
      GemmWorkspace workspace = GemmWorkspace::take(64 + i % 512, account).value();
      std::fill_n(workspace.data(), 64, std::byte{mark});
      if (i % 64 == 0) std::this_thread::yield();
      EXPECT_TRUE(std::all_of(workspace.data(), workspace.data() + 64, [&](std::byte x) { return x == std::byte{mark}; }));
    }
  };
  std::thread other(take_and_return, 2);
  take_and_return(1);
  other.join();
  EXPECT_EQ(account.live_bytes(), 0u);
  GemmWorkspace::drop_kept();
}

}  // namespace
}  // namespace libabi::compute
