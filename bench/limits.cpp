#include "limits.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace bench {

namespace {

using Clock = std::chrono::steady_clock;

/// Work of all threads a second: every thread calls `work`, which returns how much it did; the best of `passes`.
template <class Work>
double best_rate(unsigned threads, int passes, Work work) {
  double best = 0;
  std::vector<double> done(threads);
  Clock::time_point begin;
  std::barrier start(static_cast<std::ptrdiff_t>(threads), [&]() noexcept { begin = Clock::now(); });
  std::barrier finish(static_cast<std::ptrdiff_t>(threads), [&]() noexcept {
    double sum = 0;
    for (const double each : done) sum += each;
    best = std::max(best, sum / std::chrono::duration<double>(Clock::now() - begin).count());
  });
  const auto member = [&](unsigned index) {
    for (int pass = 0; pass < passes; ++pass) {
      start.arrive_and_wait();
      done[index] = work(index);
      finish.arrive_and_wait();
    }
  };
  std::vector<std::jthread> others;
  for (unsigned i = 1; i < threads; ++i) others.emplace_back(member, i);
  member(0);
  return best;
}

// Keeps a result alive without a store in the loop.
volatile std::uint64_t sink;

typedef std::uint64_t Wide __attribute__((vector_size(64)));

/// Reads `count` lines as `streams` streams that advance together, each asked for `ahead` lines before its use.
template <std::size_t streams, std::size_t ahead>
std::uint64_t sum_lines(const Wide* lines, std::size_t count) {
  constexpr std::size_t step = 8 / streams;  // lines of one stream a turn
  const std::size_t length = count / streams;
  Wide sums[8] = {};
  for (std::size_t i = 0; i + step <= length; i += step)
#pragma GCC unroll 8
    for (std::size_t s = 0; s < streams; ++s)
#pragma GCC unroll 8
      for (std::size_t l = 0; l < step; ++l) {
        const Wide* const line = lines + s * length + i + l;
        if constexpr (ahead > 0) __builtin_prefetch(line + ahead);
        sums[s * step + l] += *line;
      }
  std::uint64_t sum = 0;
  for (const Wide& each : sums)
    for (int lane = 0; lane < 8; ++lane) sum += each[lane];
  return sum;
}

constexpr int kRounds = 2'000'000;
constexpr int kChains = 20;  // enough to hide the latency, few enough for the registers

#if defined(__x86_64__)
#define ABI_TARGET(isa) __attribute__((target(isa), noinline))

ABI_TARGET("avx512f") double fma_512(unsigned seed) {
  __m512 sums[kChains];
  for (int c = 0; c < kChains; ++c) sums[c] = _mm512_set1_ps(static_cast<float>(seed + c));
  const __m512 a = _mm512_set1_ps(0.999f), b = _mm512_set1_ps(1e-3f);
  for (int i = 0; i < kRounds; ++i)
#pragma GCC unroll 32
    for (int c = 0; c < kChains; ++c) sums[c] = _mm512_fmadd_ps(sums[c], a, b);
  float total = 0;
  for (const __m512& sum : sums) total += _mm512_cvtss_f32(sum);
  sink = static_cast<std::uint64_t>(total);
  return 2.0 * 16 * kChains * kRounds;
}

ABI_TARGET("avx2,fma") double fma_256(unsigned seed) {
  constexpr int chains = 12;
  __m256 sums[chains];
  for (int c = 0; c < chains; ++c) sums[c] = _mm256_set1_ps(static_cast<float>(seed + c));
  const __m256 a = _mm256_set1_ps(0.999f), b = _mm256_set1_ps(1e-3f);
  for (int i = 0; i < kRounds; ++i)
#pragma GCC unroll 32
    for (int c = 0; c < chains; ++c) sums[c] = _mm256_fmadd_ps(sums[c], a, b);
  float total = 0;
  for (const __m256& sum : sums) total += _mm256_cvtss_f32(sum);
  sink = static_cast<std::uint64_t>(total);
  return 2.0 * 8 * chains * kRounds;
}

ABI_TARGET("avx512f,avx512vnni") double dot_512(unsigned seed) {
  constexpr int chains = 8;
  const __m512i a = _mm512_set1_epi32(static_cast<int>(seed * 0x01010101u)), b = _mm512_set1_epi32(0x01020304);
  __m512i s0 = a, s1 = b, s2 = a + b, s3 = a - b, s4 = a + 1, s5 = b + 1, s6 = a + 2, s7 = b + 2;
  for (int i = 0; i < kRounds; ++i) {
    // Written out: the compiler folds chains that it sees through, and spills those in an array.
    asm volatile(
        "vpdpbusd %9, %8, %0\n\tvpdpbusd %9, %8, %1\n\tvpdpbusd %9, %8, %2\n\tvpdpbusd %9, %8, %3\n\t"
        "vpdpbusd %9, %8, %4\n\tvpdpbusd %9, %8, %5\n\tvpdpbusd %9, %8, %6\n\tvpdpbusd %9, %8, %7"
        : "+v"(s0), "+v"(s1), "+v"(s2), "+v"(s3), "+v"(s4), "+v"(s5), "+v"(s6), "+v"(s7)
        : "v"(a), "v"(b));
  }
  sink = static_cast<std::uint64_t>(_mm512_cvtsi512_si32(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7));
  return 2.0 * 64 * chains * kRounds;
}

ABI_TARGET("avx2") double dot_256(unsigned seed) {
  constexpr int chains = 12;
  __m256i sums[chains] = {};
  const __m256i ones = _mm256_set1_epi16(1), b = _mm256_set1_epi32(0x01020304);
  __m256i a = _mm256_set1_epi32(static_cast<int>(seed * 0x01010101u));
  for (int i = 0; i < kRounds; ++i)
#pragma GCC unroll 32
    for (int c = 0; c < chains; ++c) {
      sums[c] = _mm256_add_epi32(sums[c], _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), ones));
      asm("" : "+x"(a));
    }
  int total = 0;
  for (const __m256i& sum : sums) total += _mm256_cvtsi256_si32(sum);
  sink = static_cast<std::uint64_t>(total);
  return 2.0 * 32 * chains * kRounds;
}

double fma_work(unsigned seed) { return __builtin_cpu_supports("avx512f") ? fma_512(seed) : fma_256(seed); }
double dot_work(unsigned seed) { return __builtin_cpu_supports("avx512vnni") ? dot_512(seed) : dot_256(seed); }
#else
double fma_work(unsigned seed) {
  typedef float Four __attribute__((vector_size(16)));
  Four sums[kChains] = {};
  const Four a = Four{} + 0.999f, b = Four{} + static_cast<float>(seed);
  for (int i = 0; i < kRounds; ++i)
#pragma GCC unroll 32
    for (int c = 0; c < kChains; ++c) sums[c] = sums[c] * a + b;
  float total = 0;
  for (const Four& sum : sums) total += sum[0];
  sink = static_cast<std::uint64_t>(total);
  return 2.0 * 4 * kChains * kRounds;
}
double dot_work(unsigned seed) { return fma_work(seed); }
#endif

constexpr int kPasses = 5;

}  // namespace

double memory_read_bytes_per_second(unsigned threads) {
  constexpr std::size_t bytes = std::size_t{512} << 20;  // a thread
  std::vector<std::unique_ptr<std::uint64_t, decltype(&std::free)>> memory;
  for (unsigned i = 0; i < threads; ++i) {
    memory.emplace_back(static_cast<std::uint64_t*>(std::aligned_alloc(std::size_t{2} << 20, bytes)), &std::free);
    if (!memory.back()) throw std::bad_alloc();
    madvise(memory.back().get(), bytes, MADV_HUGEPAGE);  // the limit is that of memory, not of address translation
    std::fill_n(memory.back().get(), bytes / 8, i + 1);
  }
  // Which way of asking is the fastest depends on the processor's own prefetching: the limit is the best of four.
  double best = 0;
  for (const auto read : {&sum_lines<1, 0>, &sum_lines<1, 128>, &sum_lines<4, 0>, &sum_lines<8, 32>})
    best = std::max(best, best_rate(threads, 3, [&](unsigned index) {
                      sink = read(reinterpret_cast<const Wide*>(memory[index].get()), bytes / sizeof(Wide));
                      return static_cast<double>(bytes);
                    }));
  return best;
}

double f32_operations_per_second(unsigned threads) {
  return best_rate(threads, kPasses, [](unsigned index) { return fma_work(index + 1); });
}

double int8_operations_per_second(unsigned threads) {
  return best_rate(threads, kPasses, [](unsigned index) { return dot_work(index + 1); });
}

}  // namespace bench
