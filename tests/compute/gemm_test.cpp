// Products on several threads against the kernel on one, bit for bit; the kernel itself has its tests in tests/simd.
#include <abi/compute/gemm.hpp>
#include <abi/memory/fault.hpp>
#include <abi/simd/kernels.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
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
  for (std::uint64_t n = 0;; ++n) {
    const memory::AllocationFault fault(n);
    const Result<void> result = gemm_f32(*scheduler, problem.c.data(), problem.a.data(), problem.b.data(), problem.shape, large);
    EXPECT_EQ(large.live_bytes(), 0u);
    if (!fault.hit()) break;
    EXPECT_EQ(result.error().code, ErrorCode::exhausted);
  }
}

}  // namespace
}  // namespace libabi::compute
