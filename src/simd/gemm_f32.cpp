#include "gemm.hpp"

namespace libabi::simd::ABI_ISA_NS {

namespace {

struct F32Type {
  using Element = float;
  using Sum = float;
  using Sums = F32;
  static constexpr std::size_t group = 1;

  ABI_INLINE static U32 words(const float* from) { return load_as<U32>(from); }
  ABI_INLINE static U32 interleave(const float* from, std::size_t) { return load_as<U32>(from); }
  ABI_INLINE static std::uint32_t last_word(const float* from, std::size_t, std::size_t) { return bits<std::uint32_t>(*from); }
  ABI_INLINE static U32 a_words(U32 words) { return words; }
  ABI_INLINE static F32 step(F32 sum, U32 a, U32 b) { return fma(bits<F32>(a), bits<F32>(b), sum); }
  ABI_INLINE static F32 correct(F32 sum, U32) { return sum; }
  ABI_INLINE static float add(float a, float b) { return a + b; }
};

}  // namespace

void gemm_f32(float* c, const float* a, const float* b, const GemmShape& shape, std::byte* workspace) {
  Product<F32Type>(c, a, b, shape, workspace).run();
}

}  // namespace libabi::simd::ABI_ISA_NS
