// Are distances as fast as their loads and steps, or in batches as their arithmetic? Peers: Eigen, Highway's contrib/dot.
//
// The limit of one to one is a function that loads both rows and takes the steps of the distance, without a loop or a sum across
// the lanes, called as often (distance_limits.hpp). Loads alone are a limit only of dot and l2 of f32 and dot of bf16: a step of
// f16 converts twice (0.8 cycles each, against half a cycle for a load), one of cosine takes three products, one of i8 two to
// five. The ratio to loads alone stands behind each row. The limit of a batch is the arithmetic of its rows, the sums across
// their lanes among it: a row of 96 bytes takes one and a half vectors and a whole sum. From memory it is the best of four ways
// to read the same buffer in the same rounds.
//
// What misses a bar, and why:
//   short rows, one to one    the call, the loop's branches and the sum across the lanes stand beside 6 to 8 cycles of loads of
//                             f32. One jump into straight code instead of the loop took 3 to 8 cycles more, why is not known.
//   cosine, one to one        three sums across lanes, two roots and a quotient come one after another. Four sums of each kind
//                             instead of two gave long rows of f32 0.87 to 0.93, but their batches 0.62 instead of 0.77.
//   i8, one to one            a call is a few vectors and its sum, which the bare steps leave out.
//   l2 of bf16, one to one    0.6 to 0.88; not explained.
//   short batches of bf16, i8 a tile of eight rows is 12 to 24 vectors beside its addresses and its sum.
//   f32 of 1536, batches      six rows are all that the first-level cache holds: a tile of four and one of two.
//   batches near the bar      two runs differ by up to a tenth, and some fifteen rows change sides.
//   from memory, one to one   a kernel cannot know which row comes next. Batches ask for it: 0.89 to 1.0 in two runs.
#include "distances.hpp"

#include "distance_limits.hpp"
#include "measure.hpp"
#include "report.hpp"

#include <abi/simd/kernels.hpp>

#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <vector>

namespace bench {

namespace {

using libabi::simd::Rows;

constexpr std::size_t kLine = 64;
constexpr std::size_t kPairs = 12 * 1024;             // of one side
constexpr std::size_t kNear = 36 * 1024;              // of the first-level cache
constexpr std::size_t kFar = std::size_t{256} << 20;  // much more than the last-level cache
constexpr double kOneBar = 0.95, kRowsBar = 0.75, kMemoryBar = 0.95;
constexpr double kSampleElements = 1e7;

/// The result stays in its register: a store would take the place of a load.
void used(float x) {
#if defined(__x86_64__)
  asm volatile("" : : "x"(x));
#else
  asm volatile("" : : "w"(x));
#endif
}
typedef float Four __attribute__((vector_size(16)));
void used(Four x) {
#if defined(__x86_64__)
  asm volatile("" : : "x"(x));
#else
  asm volatile("" : : "w"(x));
#endif
}
void used(std::int64_t x) { asm volatile("" : : "r"(x)); }

std::size_t up_to_line(std::size_t bytes) { return (bytes + kLine - 1) / kLine * kLine; }

/// Memory of large pages, filled with a number that is ordinary for every type; taken when the first row needs it.
class Buffer {
 public:
  template <class Element>
  Element* as() const {
    if (!bytes_) fill();
    return reinterpret_cast<Element*>(bytes_.get());
  }

 private:
  void fill() const {
    bytes_.reset(static_cast<std::byte*>(std::aligned_alloc(std::size_t{2} << 20, kFar)));
    if (!bytes_) throw std::bad_alloc();
    madvise(bytes_.get(), kFar, MADV_HUGEPAGE);
    std::memset(bytes_.get(), 0x3c, kFar);
  }

  mutable std::unique_ptr<std::byte, decltype(&std::free)> bytes_{nullptr, &std::free};
};

template <Arithmetic arithmetic, class Element, class Result>
struct Case {
  using One = Result (*)(const Element*, const Element*, std::size_t);
  using Many = void (*)(float*, const Element*, const Rows<Element>&, std::size_t);

  std::string name;  // "dot.f32"
  One one;
  Many many;

  /// By itself, so that nothing but the call is in the loop: what a closure holds would be loaded again each time.
  [[gnu::noinline]] static void call_pairs(One one, const Element* a, const Element* b, std::size_t n, std::size_t stride,
                                           std::size_t count, int rounds) {
    for (int round = 0; round < rounds; ++round)
      for (std::size_t i = 0; i < count * stride; i += stride) used(one(a + i, b + i, n));
  }

  /// Elements a second of one row, from rows that are near; each pass over them counts as so many elements.
  double pairs_rate(const Buffer& memory, std::size_t n) const {
    const std::size_t stride = up_to_line(n * sizeof(Element)) / sizeof(Element);
    const std::size_t count = std::max<std::size_t>(kPairs / (stride * sizeof(Element)), 2);
    const Element* rows = memory.as<Element>();
    const int rounds = static_cast<int>(kSampleElements / static_cast<double>(n * count)) + 1;
    const double time = seconds([&] { call_pairs(one, rows, rows + count * stride, n, stride, count, rounds); });
    return static_cast<double>(rounds) * static_cast<double>(n * count) / time;
  }
  double rows_rate(const Buffer& memory, std::size_t n) const {
    const std::size_t stride = up_to_line(n * sizeof(Element)) / sizeof(Element);
    const std::size_t count = std::max<std::size_t>(kNear / (stride * sizeof(Element)) / 8 * 8, 6);
    const Element* query = memory.as<Element>();
    std::vector<float> out(count);
    const int rounds = static_cast<int>(kSampleElements / static_cast<double>(n * count)) + 1;
    const double time = seconds([&] {
      for (int round = 0; round < rounds; ++round) {
        many(out.data(), query, {.data = query + stride, .stride = stride, .count = count}, n);
        keep(out[0]);
      }
    });
    return static_cast<double>(rounds) * static_cast<double>(n * count) / time;
  }
  /// Bytes a second, all of the buffer once.
  double memory_rate(const Buffer& memory, std::size_t n, bool batched) const {
    const std::size_t count = kFar / (n * sizeof(Element));
    const Element* rows = memory.as<Element>();
    constexpr std::size_t batch = 1024;
    float out[batch];
    const double time = seconds([&] {
      if (batched)
        for (std::size_t i = 0; i + batch <= count; i += batch) {
          many(out, rows, {.data = rows + i * n, .stride = n, .count = batch}, n);
          keep(out[0]);
        }
      else
        for (std::size_t i = 0; i < count / batch * batch; ++i) used(one(rows, rows + i * n, n));
    });
    return static_cast<double>(count / batch * batch * n * sizeof(Element)) / time;
  }

  template <std::size_t n>
  void near(Report& report, const Buffer& memory) const {
    const std::string stem = "runtime.distance." + name + "." + std::to_string(n);
    if (!report.wants(stem + ".one") && !report.wants(stem + ".rows")) return;
    constexpr std::size_t lines = (n * sizeof(Element) + kLine - 1) / kLine;
    Case bare = *this;
    bare.one = &bare_pair<arithmetic, lines, Element, Result>;
    std::vector<Contestant> contestants = {[&] { return pairs_rate(memory, n); },
                                           nullptr,
                                           [] { return l1_read_bytes_per_second(); },
                                           [&] { return rows_rate(memory, n); },
                                           [&] { return static_cast<double>(n) * rows_per_second<arithmetic>(lines); },
                                           [] { return elements_per_second(arithmetic); }};
    if (knows_bare()) contestants[1] = [&] { return bare.pairs_rate(memory, n); };
    const auto result = medians(contestants, 5);
    const double loads = result[0] * 2 * static_cast<double>(lines * kLine) / static_cast<double>(n) / result[2];
    report.add({.name = stem + ".one",
                .value = result[0] / 1e9,
                .unit = "Gelem/s",
                .against = "its loads and steps, as many calls",
                .reference = known(result[1] / 1e9),
                .bar = kOneBar,
                .note = note(n, result[0], loads, "loads alone")});
    report.add({.name = stem + ".rows",
                .value = result[3] / 1e9,
                .unit = "Gelem/s",
                .against = "its arithmetic, sums across lanes",
                .reference = known(result[4] / 1e9),
                .bar = kRowsBar,
                .note = note(n, result[3], result[3] / result[5], "its steps alone")});
  }

  void far(Report& report, const Buffer& memory) const {
    constexpr std::size_t n = 768;
    const std::string stem = "runtime.distance." + name + "." + std::to_string(n) + ".memory";
    if (!report.wants(stem + ".one") && !report.wants(stem + ".rows")) return;
    const auto result = medians({[&] { return memory_rate(memory, n, false); }, [&] { return memory_rate(memory, n, true); },
                                 [&] { return plain_rate<0, 0>(memory); }, [&] { return plain_rate<256, 3>(memory); },
                                 [&] { return plain_rate<64, 0>(memory); }, [&] { return plain_rate<128, 0>(memory); }},
                                5);
    const double limit = *std::max_element(result.begin() + 2, result.end());
    for (const bool batched : {false, true})
      report.add({.name = stem + (batched ? ".rows" : ".one"),
                  .value = result[batched] / 1e9,
                  .unit = "GB/s",
                  .against = "the same memory, only read",
                  .reference = limit / 1e9,
                  .bar = kMemoryBar,
                  .note = {}});
  }

  /// Bytes a second of loads and nothing else, each line asked for so many lines ahead.
  template <std::size_t ahead, int locality>
  static double plain_rate(const Buffer& memory) {
    const auto* from = memory.as<std::byte>();
    return static_cast<double>(kFar) / seconds([&] {
             for (std::size_t i = 0; i < kFar; i += kLine) {
               if constexpr (ahead > 0) __builtin_prefetch(from + i + ahead * kLine, 0, locality);
               for (std::size_t j = 0; j < kLine; j += sizeof(Four)) used(*reinterpret_cast<const Four*>(from + i + j));
             }
           });
  }

  void peer(Report& report, const Buffer& memory, const std::string& who, bool there, One theirs) const {
    constexpr std::size_t n = 768;
    const std::string row = "runtime.distance." + name + "." + std::to_string(n) + ".vs_" + who;
    if (!report.wants(row)) return;
    Case other = *this;
    other.one = theirs;
    std::vector<Contestant> contestants = {[&] { return pairs_rate(memory, n); }, nullptr};
    if (there) contestants[1] = [&] { return other.pairs_rate(memory, n); };
    const auto result = medians(contestants);
    report.add({.name = row,
                .value = result[0] / 1e9,
                .unit = "Gelem/s",
                .against = who,
                .reference = known(result[1] / 1e9),
                .bar = 1,
                .note = {}});
  }

  static std::optional<double> known(double value) { return std::isnan(value) ? std::nullopt : std::optional(value); }
  static std::string note(std::size_t n, double rate, double ratio, const char* of) {
    char text[64];
    std::snprintf(text, sizeof text, "(%.2f ns; %.2f of %s)", static_cast<double>(n) / rate * 1e9, ratio, of);
    return text;
  }
};

template <Arithmetic arithmetic, class Element, class Result>
void measure(Report& report, const Buffer& memory, const Case<arithmetic, Element, Result>& each) {
  each.template near<96>(report, memory);
  each.template near<100>(report, memory);
  each.template near<128>(report, memory);
  each.template near<256>(report, memory);
  each.template near<384>(report, memory);
  each.template near<768>(report, memory);
  each.template near<1024>(report, memory);
  each.template near<1536>(report, memory);
  each.far(report, memory);
}

}  // namespace

void run_distances(Report& report) {
  const auto& k = libabi::simd::kernels();
  const Buffer memory;
  const Case<Arithmetic::f32_dot, float, float> dot_f32{"dot.f32", k.dot_f32, k.dot_f32_rows};
  const Case<Arithmetic::f32_l2, float, float> l2_f32{"l2.f32", k.l2_f32, k.l2_f32_rows};
  const Case<Arithmetic::bf16_dot, std::uint16_t, float> dot_bf16{"dot.bf16", k.dot_bf16, k.dot_bf16_rows};
  measure(report, memory, dot_f32);
  measure(report, memory, l2_f32);
  measure(report, memory, Case<Arithmetic::f32_cosine, float, float>{"cosine.f32", k.cosine_f32, k.cosine_f32_rows});
  measure(report, memory, Case<Arithmetic::f16_dot, std::uint16_t, float>{"dot.f16", k.dot_f16, k.dot_f16_rows});
  measure(report, memory, Case<Arithmetic::f16_l2, std::uint16_t, float>{"l2.f16", k.l2_f16, k.l2_f16_rows});
  measure(report, memory, Case<Arithmetic::f16_cosine, std::uint16_t, float>{"cosine.f16", k.cosine_f16, k.cosine_f16_rows});
  measure(report, memory, dot_bf16);
  measure(report, memory, Case<Arithmetic::bf16_l2, std::uint16_t, float>{"l2.bf16", k.l2_bf16, k.l2_bf16_rows});
  measure(report, memory, Case<Arithmetic::bf16_cosine, std::uint16_t, float>{"cosine.bf16", k.cosine_bf16, k.cosine_bf16_rows});
  measure(report, memory, Case<Arithmetic::i8_dot, std::int8_t, std::int64_t>{"dot.i8", k.dot_i8, k.dot_i8_rows});
  measure(report, memory, Case<Arithmetic::i8_l2, std::int8_t, std::int64_t>{"l2.i8", k.l2_i8, k.l2_i8_rows});
  measure(report, memory, Case<Arithmetic::i8_cosine, std::int8_t, float>{"cosine.i8", k.cosine_i8, k.cosine_i8_rows});
#if BENCH_HAS_EIGEN
  dot_f32.peer(report, memory, "eigen", true, eigen_dot);
  l2_f32.peer(report, memory, "eigen", true, eigen_l2);
#else
  dot_f32.peer(report, memory, "eigen", false, nullptr);
  l2_f32.peer(report, memory, "eigen", false, nullptr);
#endif
#if BENCH_HAS_HIGHWAY
  dot_f32.peer(report, memory, "highway", true, highway_dot_f32);
  dot_bf16.peer(report, memory, "highway", true, highway_dot_bf16);
#else
  dot_f32.peer(report, memory, "highway", false, nullptr);
  dot_bf16.peer(report, memory, "highway", false, nullptr);
#endif
}

}  // namespace bench
