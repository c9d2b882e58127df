// Kernels that look at a whole row: sums, norms and softmax.
#include "declarations.hpp"

#include <abi/simd/vec.hpp>

namespace libabi::simd::ABI_ISA_NS {

namespace {

constexpr std::size_t ways = 4;  ///< independent accumulators, enough to hide the latency of an addition
constexpr float infinity = __builtin_inff();

/// Sums f(i) over vectors starting at i, f(i, rest) over the partial last one.
template <class F>
ABI_INLINE float accumulate(std::size_t n, F step) {
  F32 sums[ways] = {};
  std::size_t i = 0;
  for (; i + ways * lanes <= n; i += ways * lanes)
    for (std::size_t w = 0; w < ways; ++w) sums[w] = step(sums[w], i + w * lanes, lanes);
  for (; i + lanes <= n; i += lanes) sums[0] = step(sums[0], i, lanes);
  if (i < n) sums[1] = step(sums[1], i, n - i);
  return reduce_add((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

/// The largest f(x[i]), where op(a, b) is the larger of f(a) and b; `least` where there is none.
template <class Op>
ABI_INLINE float extreme(const float* x, std::size_t n, float least, Op op) {
  F32 largest[ways];
  for (F32& each : largest) each = broadcast(least);
  std::size_t i = 0;
  for (; i + ways * lanes <= n; i += ways * lanes)
    for (std::size_t w = 0; w < ways; ++w) largest[w] = op(load(x + i + w * lanes), largest[w]);
  for (; i + lanes <= n; i += lanes) largest[0] = op(load(x + i), largest[0]);
  F32 all = max(max(largest[0], largest[1]), max(largest[2], largest[3]));
  for (; i < n; ++i) all = op(broadcast(x[i]), all);
  return reduce_max(all);
}

ABI_INLINE F32 load_up_to(const float* from, std::size_t n) { return n == lanes ? load(from) : load_part(from, n); }

ABI_INLINE void store_up_to(float* to, F32 v, std::size_t n) {
  if (n == lanes)
    store(to, v);
  else
    store_part(to, v, n);
}

}  // namespace

float sum(const float* x, std::size_t n) {
  return accumulate(n, [&](F32 s, std::size_t i, std::size_t count) { return s + load_up_to(x + i, count); });
}

float sum_squares(const float* x, std::size_t n) {
  return accumulate(n, [&](F32 s, std::size_t i, std::size_t count) {
    const F32 v = load_up_to(x + i, count);
    return fma(v, v, s);
  });
}

float norm_l1(const float* x, std::size_t n) {
  return accumulate(n, [&](F32 s, std::size_t i, std::size_t count) { return s + abs(load_up_to(x + i, count)); });
}

float norm_l2(const float* x, std::size_t n) {
  const float squares = sum_squares(x, n);
  if (squares >= 0x1p-100f && squares <= 0x1p126f) return __builtin_sqrtf(squares);
  const float factor = squares < 1 ? 0x1p100f : 0x1p-100f;
  const float scaled = accumulate(n, [&](F32 s, std::size_t i, std::size_t count) {
    const F32 v = load_up_to(x + i, count) * factor;
    return fma(v, v, s);
  });
  return __builtin_sqrtf(scaled) / factor;
}

float max(const float* x, std::size_t n) {
  return extreme(x, n, -infinity, [](F32 a, F32 b) { return max(a, b); });
}

float min(const float* x, std::size_t n) {
  return -extreme(x, n, -infinity, [](F32 a, F32 b) { return max(-a, b); });
}

float max_abs(const float* x, std::size_t n) {
  return extreme(x, n, 0, [](F32 a, F32 b) { return max(abs(a), b); });
}

std::size_t argmax(const float* x, std::size_t n) {
  const float largest = max(x, n);
  std::size_t i = 0;
  for (; i + ways * lanes <= n; i += ways * lanes) {
    I32 found{};
    for (std::size_t w = 0; w < ways; ++w) found |= load(x + i + w * lanes) == largest;
    if (reduce(found, [](auto a, auto b) { return a | b; }) != 0) break;
  }
  while (i < n && x[i] != largest) ++i;
  return i;
}

bool all_finite(const float* x, std::size_t n) {
  I32 found{};  // the exponent of infinity and NaN is all ones
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) found |= bits<I32>((bits<U32>(load(x + i)) & 0x7f800000u) == 0x7f800000u);
  if (i < n) found |= bits<I32>((bits<U32>(load_part(x + i, n - i)) & 0x7f800000u) == 0x7f800000u);
  return reduce(found, [](auto a, auto b) { return a | b; }) == 0;
}

void rms_norm(float* out, const float* in, const float* weight, std::size_t n, float epsilon) {
  if (n == 0) return;
  const float mean = sum_squares(in, n) / static_cast<float>(n);
  const float factor = 1.0f / __builtin_sqrtf(mean + epsilon);
  for (std::size_t i = 0; i < n; i += lanes) {
    const std::size_t count = n - i < lanes ? n - i : lanes;
    const F32 scaled = load_up_to(in + i, count) * factor;
    store_up_to(out + i, weight ? scaled * load_up_to(weight + i, count) : scaled, count);
  }
}

void layer_norm(float* out, const float* in, const float* weight, const float* bias, std::size_t n, float epsilon) {
  if (n == 0) return;
  const float mean = sum(in, n) / static_cast<float>(n);
  const float squares = accumulate(n, [&](F32 s, std::size_t i, std::size_t count) {
    F32 difference = load_up_to(in + i, count) - mean;
    // Lanes behind the end of the row held zeros before the mean was taken off.
    if (count != lanes)
      for (std::size_t lane = count; lane < lanes; ++lane) difference[lane] = 0;
    return fma(difference, difference, s);
  });
  const float factor = 1.0f / __builtin_sqrtf(squares / static_cast<float>(n) + epsilon);
  for (std::size_t i = 0; i < n; i += lanes) {
    const std::size_t count = n - i < lanes ? n - i : lanes;
    F32 v = (load_up_to(in + i, count) - mean) * factor;
    if (weight) v *= load_up_to(weight + i, count);
    if (bias) v += load_up_to(bias + i, count);
    store_up_to(out + i, v, count);
  }
}

float exp_sum(float* x, float shift, std::size_t n) {
  return accumulate(n, [&](F32 s, std::size_t i, std::size_t count) {
    const F32 v = exp(load_up_to(x + i, count) - shift);
    store_up_to(x + i, v, count);
    if (count == lanes) return s + v;
    return s + load_part(x + i, count);
  });
}

void softmax(float* x, std::size_t n) {
  const float largest = max(x, n);
  if (largest == -infinity) {
    for (std::size_t i = 0; i < n; ++i) x[i] = x[i] == -infinity ? 0 : x[i];  // NaN stays to be seen
    return;
  }
  const float total = exp_sum(x, largest, n);
  scale(x, x, 1.0f / total, n);
}

}  // namespace libabi::simd::ABI_ISA_NS
