// Kernels that treat every element alike.
#include "declarations.hpp"

#include <abi/simd/vec.hpp>

namespace libabi::simd::ABI_ISA_NS {

namespace {

/// out[i] = f(a[i]), and out[i] = f(a[i], b[i]) below; the last vector is partial.
template <class F>
ABI_INLINE void map(float* out, const float* a, std::size_t n, F f) {
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) store(out + i, f(load(a + i)));
  if (i < n) store_part(out + i, f(load_part(a + i, n - i)), n - i);
}
template <class F>
ABI_INLINE void map(float* out, const float* a, const float* b, std::size_t n, F f) {
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) store(out + i, f(load(a + i), load(b + i)));
  if (i < n) store_part(out + i, f(load_part(a + i, n - i), load_part(b + i, n - i)), n - i);
}

}  // namespace

void add(float* out, const float* a, const float* b, std::size_t n) {
  map(out, a, b, n, [](F32 x, F32 y) { return x + y; });
}

void mul(float* out, const float* a, const float* b, std::size_t n) {
  map(out, a, b, n, [](F32 x, F32 y) { return x * y; });
}

void scale(float* out, const float* in, float s, std::size_t n) {
  map(out, in, n, [s](F32 x) { return x * s; });
}

void scale_add(float* y, const float* x, float s, std::size_t n) {
  const F32 factor = broadcast(s);
  map(y, y, x, n, [factor](F32 old, F32 v) { return fma(factor, v, old); });
}

void silu(float* out, const float* in, std::size_t n) {
  map(out, in, n, [](F32 x) { return x / (1.0f + exp(-x)); });
}

void swiglu(float* out, const float* gate, const float* up, std::size_t n) {
  map(out, gate, up, n, [](F32 g, F32 u) { return g / (1.0f + exp(-g)) * u; });
}

void gelu(float* out, const float* in, std::size_t n) {
  // (1 + tanh(u)) / 2 = 1 / (1 + e^-2u), which loses nothing where tanh is near -1.
  constexpr float twice_root = 1.5957691216057308f;  // 2 sqrt(2 / pi)
  map(out, in, n, [](F32 x) {
    const F32 twice_u = x * twice_root * fma(x * x, broadcast(0.044715f), broadcast(1.0f));
    return x / (1.0f + exp(-twice_u));
  });
}

void rope_halves(float* out, const float* in, const float* cosine, const float* sine, std::size_t pairs) {
  std::size_t i = 0;
  for (; i + lanes <= pairs; i += lanes) {
    const F32 a = load(in + i), b = load(in + pairs + i), c = load(cosine + i), s = load(sine + i);
    store(out + i, fma(a, c, -(b * s)));
    store(out + pairs + i, fma(a, s, b * c));
  }
  if (i == pairs) return;
  const std::size_t rest = pairs - i;
  const F32 a = load_part(in + i, rest), b = load_part(in + pairs + i, rest);
  const F32 c = load_part(cosine + i, rest), s = load_part(sine + i, rest);
  store_part(out + i, fma(a, c, -(b * s)), rest);
  store_part(out + pairs + i, fma(a, s, b * c), rest);
}

void rope_neighbours(float* out, const float* in, const float* cosine, const float* sine, std::size_t pairs) {
  std::size_t i = 0;
  for (; i + lanes <= pairs; i += lanes) {
    const F32 low = load(in + 2 * i), high = load(in + 2 * i + lanes), c = load(cosine + i), s = load(sine + i);
    const F32 a = even(low, high), b = odd(low, high);
    const F32 x = fma(a, c, -(b * s)), y = fma(a, s, b * c);
    store(out + 2 * i, zip_low(x, y));
    store(out + 2 * i + lanes, zip_high(x, y));
  }
  for (; i < pairs; ++i) {
    const float a = in[2 * i], b = in[2 * i + 1], c = cosine[i], s = sine[i];
    out[2 * i] = fma(a, c, -(b * s));
    out[2 * i + 1] = fma(a, s, b * c);
  }
}

}  // namespace libabi::simd::ABI_ISA_NS
