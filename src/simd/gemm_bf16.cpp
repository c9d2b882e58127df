#include "gemm.hpp"

namespace libabi::simd::ABI_ISA_NS {

namespace {

struct Bf16Type {
  using Element = std::uint16_t;
  using Sum = float;
  using Sums = F32;

#if defined(__AVX512BF16__)
  static constexpr std::size_t group = 2;

  ABI_INLINE static U32 words(const std::uint16_t* from) { return load_as<U32>(from); }
  ABI_INLINE static U32 interleave(const std::uint16_t* from, std::size_t stride) {
    return widen(load_u16(from)) | widen(load_u16(from + stride)) << 16;
  }
  ABI_INLINE static std::uint32_t last_word(const std::uint16_t* from, std::size_t stride, std::size_t count) {
    return count == 2 ? from[0] | std::uint32_t{from[stride]} << 16 : from[0];
  }
  ABI_INLINE static F32 step(F32 sum, U32 a, U32 b) {
    return bits<F32>(_mm512_dpbf16_ps(bits<__m512>(sum), bits<__m512bh>(a), bits<__m512bh>(b)));
  }
#else
  static constexpr std::size_t group = 1;  // widened while it is packed

  ABI_INLINE static U32 words(const std::uint16_t* from) { return bits<U32>(from_bf16(load_u16(from))); }
  ABI_INLINE static U32 interleave(const std::uint16_t* from, std::size_t) { return words(from); }
  ABI_INLINE static std::uint32_t last_word(const std::uint16_t* from, std::size_t, std::size_t) {
    return std::uint32_t{*from} << 16;
  }
  ABI_INLINE static F32 step(F32 sum, U32 a, U32 b) { return fma(bits<F32>(a), bits<F32>(b), sum); }
#endif
  ABI_INLINE static U32 a_words(U32 words) { return words; }
  ABI_INLINE static F32 correct(F32 sum, U32) { return sum; }
  ABI_INLINE static float add(float a, float b) { return a + b; }
};

}  // namespace

void gemm_bf16(float* c, const std::uint16_t* a, const std::uint16_t* b, const GemmShape& shape, std::byte* workspace) {
  Product<Bf16Type>(c, a, b, shape, workspace).run();
}

}  // namespace libabi::simd::ABI_ISA_NS
