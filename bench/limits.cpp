#include "limits.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
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

constexpr std::size_t kLine = 64;

#if defined(__x86_64__)
void load_line_512(const std::byte* at) { asm volatile("vmovdqu64 (%0), %%zmm0" : : "r"(at) : "xmm0"); }
void load_line_128(const std::byte* at) {
  asm volatile("movdqu (%0), %%xmm0\n\tmovdqu 16(%0), %%xmm1\n\tmovdqu 32(%0), %%xmm2\n\tmovdqu 48(%0), %%xmm3"
               :
               : "r"(at)
               : "xmm0", "xmm1", "xmm2", "xmm3");
}
#else
void load_line_128(const std::byte* at) {
  for (std::size_t i = 0; i < kLine; i += 16) {
    typedef float Four __attribute__((vector_size(16)));
    const Four four = *reinterpret_cast<const Four*>(at + i);
    asm volatile("" : : "w"(four));
  }
}
#endif

/// Loads `count` lines, all but a few, as `streams` streams that advance together, each asked for `ahead` lines before its use,
/// to be kept in all caches (3) or in as few as can be (0).
template <void (*load)(const std::byte*), std::size_t streams, std::size_t ahead, int locality = 3>
void read_lines(const std::byte* from, std::size_t count) {
  constexpr std::size_t step = 8 / streams;  // lines of one stream a turn
  // Streams that are a power of two apart would meet in the same sets of the caches and the same banks of the memory.
  const std::size_t length = streams == 1 ? count : count / streams - 37;
  for (std::size_t i = 0; i + step <= length; i += step)
#pragma GCC unroll 8
    for (std::size_t s = 0; s < streams; ++s)
#pragma GCC unroll 8
      for (std::size_t l = 0; l < step; ++l) {
        const std::byte* const line = from + (s * length + i + l) * kLine;
        if constexpr (ahead > 0) __builtin_prefetch(line + ahead * kLine, 0, locality);
        load(line);
      }
}

using Read = void (*)(const std::byte*, std::size_t);
/// Which way of asking is the fastest depends on the processor's own prefetching, and changes from one run to the next: the limit
/// is the best of these, the best of 34 that were tried (1 to 8 streams, 0 to 512 lines ahead, any locality, line by line or in
/// batches), of which the worst are a fifth slower.
template <void (*load)(const std::byte*)>
constexpr Read reads[] = {&read_lines<load, 1, 0>,      &read_lines<load, 1, 128>,   &read_lines<load, 1, 256>,
                          &read_lines<load, 1, 64, 2>,  &read_lines<load, 1, 32, 0>, &read_lines<load, 1, 64, 0>,
                          &read_lines<load, 1, 256, 0>, &read_lines<load, 2, 64>,    &read_lines<load, 2, 64, 0>,
                          &read_lines<load, 4, 32>};

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

#define ABI_EIGHT(f) f(0) f(1) f(2) f(3) f(4) f(5) f(6) f(7)
#define ABI_SIXTEEN(f) ABI_EIGHT(f) f(8) f(9) f(10) f(11) f(12) f(13) f(14) f(15)
#define ABI_REGISTERS                                                                                                          \
  "zmm0", "zmm1", "zmm2", "zmm3", "zmm4", "zmm5", "zmm6", "zmm7", "zmm8", "zmm9", "zmm10", "zmm11", "zmm12", "zmm13", "zmm14", \
      "zmm15", "zmm16", "zmm17", "zmm18", "zmm19", "zmm20", "zmm21", "zmm22", "zmm23", "zmm24", "zmm25", "zmm26", "zmm27",     \
      "zmm28", "zmm29", "zmm30", "zmm31"
/// Sixteen sums in zmm0..15, operands in zmm16 and 17, results in between in zmm18..31; bytes of a row a step.
#define ABI_STEPS(elements, step)                                                               \
  {                                                                                             \
    for (int i = 0; i < kRounds / 64; ++i) asm volatile(ABI_SIXTEEN(step) : : : ABI_REGISTERS); \
    return 16.0 * (kRounds / 64) * (elements);                                                  \
  }
#define ABI_FMA(sum, a, b) "vfmadd231ps %%zmm" #a ",%%zmm" #b ",%%zmm" #sum "\n\t"
#define ABI_SUB(to) "vsubps %%zmm16,%%zmm17,%%zmm" #to "\n\t"
#define ABI_WIDEN(to) "vcvtph2ps %%ymm16,%%zmm" #to "\n\t"
#define ABI_DPB(sum) "vpdpbusd %%zmm16,%%zmm17,%%zmm" #sum "\n\t"
#define ABI_DP16(sum) "vdpbf16ps %%zmm16,%%zmm17,%%zmm" #sum "\n\t"
#define ABI_TURN(to) "vpxord %%zmm16,%%zmm17,%%zmm" #to "\n\t"
#define ABI_F32_DOT(i) ABI_FMA(i, 16, 17)
#define ABI_F32_L2(i) ABI_SUB(18) ABI_FMA(i, 18, 18)
#define ABI_F32_COSINE(i) ABI_FMA(i, 16, 17) ABI_FMA(i, 16, 16)
#define ABI_F16_DOT(i) ABI_WIDEN(18) ABI_FMA(i, 18, 17)
#define ABI_F16_L2(i) ABI_WIDEN(19) "vsubps %%zmm19,%%zmm17,%%zmm18\n\t" ABI_FMA(i, 18, 18)
#define ABI_F16_COSINE(i) ABI_WIDEN(18) ABI_FMA(i, 18, 17) ABI_FMA(i, 18, 18)
#define ABI_BF16_L2(i)                                                                                 \
  "vpslld $16,%%zmm16,%%zmm18\n\tvpandd %%zmm17,%%zmm16,%%zmm19\n\tvsubps %%zmm18,%%zmm17,%%zmm20\n\t" \
  "vsubps %%zmm19,%%zmm17,%%zmm21\n\t" ABI_FMA(i, 20, 20) ABI_FMA(i, 21, 21)
#define ABI_BF16_COSINE(i) ABI_DP16(i) ABI_DP16(i)
#define ABI_I8_L2(i)                                                                                                      \
  "vpmaxsb %%zmm16,%%zmm17,%%zmm18\n\tvpminsb %%zmm16,%%zmm17,%%zmm19\n\tvpsubb %%zmm19,%%zmm18,%%zmm20\n\t" ABI_TURN(21) \
      ABI_DPB(i) ABI_DPB(i)
#define ABI_I8_COSINE(i) ABI_TURN(18) ABI_DPB(i) ABI_DPB(i) ABI_DPB(i)

ABI_TARGET("avx512f,avx512vnni,avx512bf16") double arithmetic_work(Arithmetic arithmetic) {
  asm volatile("vpxord %%zmm16,%%zmm16,%%zmm16\n\tvpxord %%zmm17,%%zmm17,%%zmm17" : : : ABI_REGISTERS);
  switch (arithmetic) {
    case Arithmetic::f32_dot: ABI_STEPS(16, ABI_F32_DOT)
    case Arithmetic::f32_l2: ABI_STEPS(16, ABI_F32_L2)
    case Arithmetic::f32_cosine: ABI_STEPS(16, ABI_F32_COSINE)
    case Arithmetic::f16_dot: ABI_STEPS(16, ABI_F16_DOT)
    case Arithmetic::f16_l2: ABI_STEPS(16, ABI_F16_L2)
    case Arithmetic::f16_cosine: ABI_STEPS(16, ABI_F16_COSINE)
    case Arithmetic::bf16_dot: ABI_STEPS(32, ABI_DP16)
    case Arithmetic::bf16_l2: ABI_STEPS(32, ABI_BF16_L2)
    case Arithmetic::bf16_cosine: ABI_STEPS(32, ABI_BF16_COSINE)
    case Arithmetic::i8_dot: ABI_STEPS(64, ABI_DPB)
    case Arithmetic::i8_l2: ABI_STEPS(64, ABI_I8_L2)
    case Arithmetic::i8_cosine: ABI_STEPS(64, ABI_I8_COSINE)
  }
  return 0;
}

constexpr std::size_t kNearBytes = 16384;
#define ABI_LOAD(i) "vmovdqu64 64*" #i "(%0),%%zmm" #i "\n\t"
ABI_TARGET("avx512f") void load_512(const std::byte* from) {
  for (std::size_t i = 0; i < kNearBytes; i += 1024) asm volatile(ABI_SIXTEEN(ABI_LOAD) : : "r"(from + i) : ABI_REGISTERS);
}
#undef ABI_LOAD
#define ABI_LOAD(i) "vmovdqu 32*" #i "(%0),%%ymm" #i "\n\t"
ABI_TARGET("avx") void load_256(const std::byte* from) {
  for (std::size_t i = 0; i < kNearBytes; i += 512)
    asm volatile(ABI_SIXTEEN(ABI_LOAD)
                 :
                 : "r"(from + i)
                 : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
                   "xmm13", "xmm14", "xmm15");
}
void load_all(const std::byte* from) { __builtin_cpu_supports("avx512f") ? load_512(from) : load_256(from); }

bool has_arithmetic() { return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16"); }

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
bool has_arithmetic() { return false; }
double arithmetic_work(Arithmetic) { return 0; }
constexpr std::size_t kNearBytes = 16384;
void load_all(const std::byte* from) {
  typedef float Four __attribute__((vector_size(16)));
  for (std::size_t i = 0; i < kNearBytes; i += sizeof(Four)) {
    const Four four = *reinterpret_cast<const Four*>(from + i);
    asm volatile("" : : "w"(four));
  }
}
#endif

constexpr int kPasses = 5;

}  // namespace

double memory_read_bytes_per_second(unsigned threads) {
  constexpr std::size_t bytes = std::size_t{512} << 20;  // a thread
  std::vector<std::unique_ptr<std::byte, decltype(&std::free)>> memory;
  for (unsigned i = 0; i < threads; ++i) {
    memory.emplace_back(static_cast<std::byte*>(std::aligned_alloc(std::size_t{2} << 20, bytes)), &std::free);
    if (!memory.back()) throw std::bad_alloc();
    madvise(memory.back().get(), bytes, MADV_HUGEPAGE);  // the limit is that of memory, not of address translation
    std::memset(memory.back().get(), 1, bytes);
  }
  const Read* ways = reads<load_line_128>;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) ways = reads<load_line_512>;
#endif
  double best = 0;
  for (std::size_t i = 0; i < std::size(reads<load_line_128>); ++i)
    best = std::max(best, best_rate(threads, 3, [&](unsigned index) {
                      ways[i](memory[index].get(), bytes / kLine);
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

double l1_read_bytes_per_second() {
  alignas(64) static std::byte memory[kNearBytes];
  std::fill_n(reinterpret_cast<volatile std::uint8_t*>(memory), kNearBytes, std::uint8_t{1});  // pages of its own
  return best_rate(1, kPasses, [](unsigned) {
    constexpr int rounds = 2000;
    for (int i = 0; i < rounds; ++i) load_all(memory);
    return static_cast<double>(rounds) * kNearBytes;
  });
}

double elements_per_second(Arithmetic arithmetic) {
  if (!has_arithmetic()) return std::numeric_limits<double>::quiet_NaN();
  return best_rate(1, kPasses, [=](unsigned) { return arithmetic_work(arithmetic); });
}

}  // namespace bench
