// Attention's inner loops over one tile of keys and values. Each score and each mixed value is one chain of multiply-adds
// in a fixed order, whatever block of rows it is computed in: a query gives the same bits alone and in a batch.
#include "kernels/declarations.hpp"

#include <abi/simd/vec.hpp>

namespace libabi::backends::cpu::ABI_ISA_NS {

namespace {

using namespace simd::ABI_ISA_NS;

// A block of rows times a block of vectors stays in registers: 16 of 32 accumulators, or 8 of 16, beside what is loaded.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr std::size_t block_rows = 4;
#else
constexpr std::size_t block_rows = 2;
#endif
constexpr std::size_t block_vectors = 4;
constexpr float infinity = __builtin_inff();

static_assert(key_tile % (block_vectors * lanes) == 0 && dim_step % lanes == 0);

/// Scores of R rows against V vectors of keys.
template <std::size_t R, std::size_t V>
ABI_INLINE void score_block(const float* q, std::size_t dim, const float* keys, float factor, float* scores) {
  F32 sums[R][V] = {};
  for (std::size_t d = 0; d < dim; ++d) {
    F32 k[V];
    for (std::size_t v = 0; v < V; ++v) k[v] = load(keys + d * key_tile + v * lanes);
    for (std::size_t r = 0; r < R; ++r) {
      const F32 x = broadcast(q[r * dim + d]);
      for (std::size_t v = 0; v < V; ++v) sums[r][v] = fma(x, k[v], sums[r][v]);
    }
  }
  for (std::size_t r = 0; r < R; ++r)
    for (std::size_t v = 0; v < V; ++v) store(scores + r * key_tile + v * lanes, sums[r][v] * factor);
}

template <std::size_t R>
ABI_INLINE void score_rows(const float* q, std::size_t dim, const float* keys, float factor, float* scores) {
  for (std::size_t j = 0; j < key_tile; j += block_vectors * lanes)
    score_block<R, block_vectors>(q, dim, keys + j, factor, scores + j);
}

/// R rows of V vectors of the result: `common` values go into all of them, then each row takes what is left of its own.
template <std::size_t R, std::size_t V>
ABI_INLINE void mix_block(const float* scores, const std::uint32_t* counts, const float* rescale, const float* values,
                          std::size_t dim, float* out) {
  F32 sums[R][V];
  std::size_t common = key_tile;
  for (std::size_t r = 0; r < R; ++r) {
    common = counts[r] < common ? counts[r] : common;
    for (std::size_t v = 0; v < V; ++v) sums[r][v] = load(out + r * dim + v * lanes) * rescale[r];
  }
  for (std::size_t j = 0; j < common; ++j) {
    F32 x[V];
    for (std::size_t v = 0; v < V; ++v) x[v] = load(values + j * dim + v * lanes);
    for (std::size_t r = 0; r < R; ++r) {
      const F32 s = broadcast(scores[r * key_tile + j]);
      for (std::size_t v = 0; v < V; ++v) sums[r][v] = fma(s, x[v], sums[r][v]);
    }
  }
  for (std::size_t r = 0; r < R; ++r) {
    for (std::size_t j = common; j < counts[r]; ++j) {
      const F32 s = broadcast(scores[r * key_tile + j]);
      for (std::size_t v = 0; v < V; ++v) sums[r][v] = fma(s, load(values + j * dim + v * lanes), sums[r][v]);
    }
    for (std::size_t v = 0; v < V; ++v) store(out + r * dim + v * lanes, sums[r][v]);
  }
}

template <std::size_t R>
ABI_INLINE void mix_rows(const float* scores, const std::uint32_t* counts, const float* rescale, const float* values,
                         std::size_t dim, float* out) {
  std::size_t d = 0;
  for (; d + block_vectors * lanes <= dim; d += block_vectors * lanes)
    mix_block<R, block_vectors>(scores, counts, rescale, values + d, dim, out + d);
  for (; d < dim; d += lanes) mix_block<R, 1>(scores, counts, rescale, values + d, dim, out + d);
}

ABI_INLINE float exp_of(float x) { return exp(broadcast(x))[0]; }

/// e^(x - shift) in place, and their sum, which depends on n and the values alone.
ABI_INLINE float exp_sum_row(float* x, float shift, std::size_t n) {
  F32 sum{};
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const F32 v = exp(load(x + i) - shift);
    store(x + i, v);
    sum += v;
  }
  if (i < n) {
    store_part(x + i, exp(load_part(x + i, n - i) - shift), n - i);
    sum += load_part(x + i, n - i);
  }
  return reduce_add(sum);
}

ABI_INLINE float max_of(const float* x, std::size_t n) {
  F32 largest = broadcast(-infinity);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) largest = max(load(x + i), largest);
  float result = reduce_max(largest);
  for (; i < n; ++i) result = x[i] > result ? x[i] : result;
  return result;
}

/// Shuffling row i with row i + lanes/2, log2(lanes) times over, transposes a square block.
ABI_INLINE void transpose_block(const float* in, std::size_t in_stride, float* out, std::size_t out_stride) {
  F32 a[lanes], b[lanes];
  for (std::size_t i = 0; i < lanes; ++i) a[i] = load(in + i * in_stride);
  for (std::size_t step = 1; step < lanes; step *= 2) {
    for (std::size_t i = 0; i < lanes / 2; ++i) {
      b[2 * i] = zip_low(a[i], a[i + lanes / 2]);
      b[2 * i + 1] = zip_high(a[i], a[i + lanes / 2]);
    }
    for (std::size_t i = 0; i < lanes; ++i) a[i] = b[i];
  }
  for (std::size_t i = 0; i < lanes; ++i) store(out + i * out_stride, a[i]);
}

}  // namespace

void transpose_keys(const float* in, std::size_t dim, float* out) {
  for (std::size_t j = 0; j < key_tile; j += lanes)
    for (std::size_t d = 0; d < dim; d += lanes) transpose_block(in + j * dim + d, dim, out + d * key_tile + j, key_tile);
}

void score_keys(const float* q, std::size_t rows, std::size_t dim, const float* keys, float factor, float* scores) {
  std::size_t i = 0;
  for (; i + block_rows <= rows; i += block_rows) score_rows<block_rows>(q + i * dim, dim, keys, factor, scores + i * key_tile);
  for (; i < rows; ++i) score_rows<1>(q + i * dim, dim, keys, factor, scores + i * key_tile);
}

void soften_scores(float* scores, const std::uint32_t* counts, std::size_t rows, float* maximum, float* total, float* rescale) {
  for (std::size_t i = 0; i < rows; ++i) {
    rescale[i] = 1;
    if (counts[i] == 0) continue;
    float* row = scores + i * key_tile;
    const float largest = max_of(row, counts[i]);
    const float shift = largest > maximum[i] ? largest : maximum[i];
    if (shift != maximum[i]) rescale[i] = exp_of(maximum[i] - shift);
    maximum[i] = shift;
    total[i] = fma(total[i], rescale[i], exp_sum_row(row, shift, counts[i]));
  }
}

void mix_values(const float* scores, const std::uint32_t* counts, const float* rescale, std::size_t rows, const float* values,
                std::size_t dim, float* out) {
  std::size_t i = 0;
  for (; i + block_rows <= rows; i += block_rows)
    mix_rows<block_rows>(scores + i * key_tile, counts + i, rescale + i, values, dim, out + i * dim);
  for (; i < rows; ++i) mix_rows<1>(scores + i * key_tile, counts + i, rescale + i, values, dim, out + i * dim);
}

}  // namespace libabi::backends::cpu::ABI_ISA_NS
