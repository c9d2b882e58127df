// Products of matrices against sums in double (i8: exact), for every instruction set that runs here.
#include <abi/simd/kernels.hpp>

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <random>
#include <vector>

namespace libabi::simd {
namespace {

unsigned seed() {
  const char* text = std::getenv("ABI_SEED");
  return text ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : 7u;
}

struct F32 {
  using Element = float;
  using Sum = float;
  static Element make(std::mt19937& random) { return std::uniform_real_distribution<float>(-2, 2)(random); }
  static double value(Element x) { return x; }
  static void multiply(const Kernels& kernels, Sum* c, const Element* a, const Element* b, const GemmShape& shape,
                       std::byte* workspace) {
    kernels.gemm_f32(c, a, b, shape, workspace);
  }
};

struct Bf16 {
  using Element = std::uint16_t;
  using Sum = float;
  static Element make(std::mt19937& random) {
    return static_cast<Element>(std::bit_cast<std::uint32_t>(F32::make(random)) >> 16);
  }
  static double value(Element x) { return double{std::bit_cast<float>(std::uint32_t{x} << 16)}; }
  static void multiply(const Kernels& kernels, Sum* c, const Element* a, const Element* b, const GemmShape& shape,
                       std::byte* workspace) {
    kernels.gemm_bf16(c, a, b, shape, workspace);
  }
};

struct I8 {
  using Element = std::int8_t;
  using Sum = std::int32_t;
  static Element make(std::mt19937& random) { return static_cast<Element>(random()); }
  static double value(Element x) { return x; }
  static void multiply(const Kernels& kernels, Sum* c, const Element* a, const Element* b, const GemmShape& shape,
                       std::byte* workspace) {
    kernels.gemm_i8(c, a, b, shape, workspace);
  }
};

/// A product with gaps between its rows, whose contents must not matter and must not change.
template <class Type>
struct Product {
  using Element = typename Type::Element;
  using Sum = typename Type::Sum;
  static constexpr Sum untouched = 77;

  Product(std::size_t m, std::size_t n, std::size_t k, bool transposed, bool accumulate) {
    std::mt19937 random(seed());
    shape = {.m = m,
             .n = n,
             .k = k,
             .a_stride = k + 3,
             .b_stride = (transposed ? k : n) + 1,
             .c_stride = n + 2,
             .b_transposed = transposed,
             .accumulate = accumulate};
    a.resize(m * shape.a_stride);
    b.resize((transposed ? n : k) * shape.b_stride);
    for (Element& x : a) x = Type::make(random);
    for (Element& x : b) x = Type::make(random);
    c.assign(m * shape.c_stride, untouched);
    workspace.assign(gemm_workspace_bytes(shape) + guard, std::byte{0x5a});
  }

  void run(const Kernels& kernels) { Type::multiply(kernels, c.data(), a.data(), b.data(), shape, workspace.data()); }

  double b_at(std::size_t p, std::size_t j) const {
    return Type::value(shape.b_transposed ? b[j * shape.b_stride + p] : b[p * shape.b_stride + j]);
  }

  void check() const {
    for (std::size_t i = 0; i < shape.m; ++i) {
      for (std::size_t j = 0; j < shape.n; ++j) {
        double sum = shape.accumulate ? double{untouched} : 0, magnitude = std::abs(sum);
        for (std::size_t p = 0; p < shape.k; ++p) {
          const double product = Type::value(a[i * shape.a_stride + p]) * b_at(p, j);
          sum += product;
          magnitude += std::abs(product);
        }
        const double found = c[i * shape.c_stride + j];
        // A sum of k terms is off by at most k roundings, and in practice by far less.
        const double bound = std::is_integral_v<Sum> ? 0 : magnitude * 1e-6;
        ASSERT_NEAR(found, sum, bound) << shape.m << " x " << shape.n << " x " << shape.k << " at " << i << ", " << j;
      }
      for (std::size_t j = shape.n; j < shape.c_stride; ++j) ASSERT_EQ(c[i * shape.c_stride + j], untouched);
    }
    for (std::size_t i = 0; i < guard; ++i) ASSERT_EQ(workspace[workspace.size() - guard + i], std::byte{0x5a});
  }

  static constexpr std::size_t guard = 64;
  GemmShape shape;
  std::vector<Element> a, b;
  std::vector<Sum> c;
  std::vector<std::byte> workspace;
};

template <class Type>
class Gemm : public testing::Test {};
using Types = testing::Types<F32, Bf16, I8>;
TYPED_TEST_SUITE(Gemm, Types);

TYPED_TEST(Gemm, AgreesWithTheSumsOfProductsForEveryInstructionSet) {
  SCOPED_TRACE(seed());
  const std::size_t shapes[][3] = {{1, 1, 1},   {1, 7, 3},    {13, 33, 17},   {12, 32, 64},  {5, 16, 15},
                                   {25, 49, 9}, {97, 70, 40}, {3, 100, 1537}, {20, 8, 4200}, {110, 2100, 5}};
  for (const Isa isa : runnable_isas())
    for (const auto& [m, n, k] : shapes)
      for (const bool transposed : {false, true})
        for (const bool accumulate : {false, true}) {
          SCOPED_TRACE(name(isa));
          Product<TypeParam> product(m, n, k, transposed, accumulate);
          product.run(*kernels_for(isa));
          ASSERT_NO_FATAL_FAILURE(product.check());
        }
}

TYPED_TEST(Gemm, APartOfTheProductHasTheBitsOfTheWhole) {
  for (const Isa isa : runnable_isas()) {
    Product<TypeParam> whole(30, 75, 200, false, false), part = whole;
    whole.run(*kernels_for(isa));
    part.shape.m = 11;
    part.shape.n = 40;
    TypeParam::multiply(*kernels_for(isa), part.c.data(), part.a.data() + 9 * part.shape.a_stride, part.b.data() + 20, part.shape,
                        part.workspace.data());
    for (std::size_t i = 0; i < 11; ++i)
      for (std::size_t j = 0; j < 40; ++j)
        ASSERT_EQ(part.c[i * part.shape.c_stride + j], whole.c[(9 + i) * whole.shape.c_stride + 20 + j]) << name(isa);
  }
}

TYPED_TEST(Gemm, NoColumnsOfAAreAProductOfZeros) {
  for (const Isa isa : runnable_isas()) {
    Product<TypeParam> product(4, 5, 0, false, false), sum(4, 5, 0, false, true), nothing(0, 0, 3, true, false);
    for (auto* each : {&product, &sum, &nothing}) each->run(*kernels_for(isa));
    product.check();
    sum.check();
    nothing.check();
  }
}

TEST(GemmOfBytes, WrapsAtThirtyTwoBits) {
  const std::size_t k = 140'000;  // 140000 * 128 * 128 is past 2^31
  const std::vector<std::int8_t> a(k, -128), b(k, -128);
  const GemmShape shape{.m = 1, .n = 1, .k = k, .a_stride = k, .b_stride = k, .c_stride = 1, .b_transposed = true};
  std::vector<std::byte> workspace(gemm_workspace_bytes(shape));
  for (const Isa isa : runnable_isas()) {
    std::int32_t c = 0;
    kernels_for(isa)->gemm_i8(&c, a.data(), b.data(), shape, workspace.data());
    EXPECT_EQ(c, static_cast<std::int32_t>(static_cast<std::uint32_t>(k * 128 * 128))) << name(isa);
  }
}

}  // namespace
}  // namespace libabi::simd
