// Are distances as fast as their loads, or in batches as their arithmetic? One to one, two loads of a vector are needed for each
// step, so the rate of loads from the first-level cache is the limit; of a batch only the rows are loaded, so arithmetic is; from
// memory, its bandwidth. Peers: Eigen, Highway's contrib/dot.
//
// What misses a bar, and why. A load takes half a cycle, so that two of them leave room for two instructions of the multiplier
// and two others in each step of one to one:
//   f16          there is no arithmetic of binary16 here: two conversions and a multiply-add take 1.6 cycles
//   cosine       three products of a step take 1.5 cycles (i8: five, and 2.5)
//   l2 of bf16   both operands are split into halves: 8 instructions, 2 cycles
//   l2 of i8     |a - b| takes three instructions, its square two products: 1.5 cycles
//   dot of i8    signed by signed takes two products and a turned bit: both multipliers, without a slot to spare
//   dot of bf16  0.53 cycles a product, which comes after 6: four sums hide 4 of them in a call
// Rows of up to 256 elements have few loads beside the sum across the lanes, the call, and the branches of a length that is only
// known at run time: some 4 cycles, against 6 of loads for 96 elements of f32 and 2 for i8. Batches of such rows share the call
// but not the sum. From memory, what computes longer than it loads keeps fewer lines on their way.
#include "distances.hpp"
#include "limits.hpp"
#include "measure.hpp"
#include "report.hpp"

#include <abi/simd/kernels.hpp>

#include <sys/mman.h>

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

constexpr std::size_t kLengths[] = {96, 100, 128, 256, 384, 768, 1024, 1536};
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

template <class Element, class Result>
struct Case {
  using One = Result (*)(const Element*, const Element*, std::size_t);
  using Many = void (*)(float*, const Element*, const Rows<Element>&, std::size_t);

  std::string name;  // "dot.f32"
  Arithmetic arithmetic;
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
    const std::size_t count = std::max<std::size_t>(kNear / (stride * sizeof(Element)) / 24 * 24, 6);  // whole tiles of any size
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

  void near(Report& report, const Buffer& memory, std::size_t n) const {
    const std::string stem = "runtime.distance." + name + "." + std::to_string(n);
    if (!report.wants(stem + ".one") && !report.wants(stem + ".rows")) return;
    const auto result = medians({[&] { return pairs_rate(memory, n); }, [] { return l1_read_bytes_per_second(); },
                                 [&] { return rows_rate(memory, n); }, [&] { return elements_per_second(arithmetic); }},
                                5);
    const double lines = 2 * static_cast<double>(up_to_line(n * sizeof(Element)));
    report.add({.name = stem + ".one",
                .value = result[0] * lines / static_cast<double>(n) / 1e9,
                .unit = "GB/s",
                .against = "loads from L1",
                .reference = result[1] / 1e9,
                .bar = kOneBar,
                .note = nanoseconds(n, result[0])});
    report.add({.name = stem + ".rows",
                .value = result[2] / 1e9,
                .unit = "Gelem/s",
                .against = "its arithmetic",
                .reference = known(result[3] / 1e9),
                .bar = kRowsBar,
                .note = nanoseconds(n, result[2])});
  }

  void far(Report& report, const Buffer& memory) const {
    constexpr std::size_t n = 768;
    const std::string stem = "runtime.distance." + name + "." + std::to_string(n) + ".memory";
    if (!report.wants(stem + ".one") && !report.wants(stem + ".rows")) return;
    static double limit = 0;  // of the machine: once for each type, as the bandwidth of a shared host moves
    if (limit == 0 || name.starts_with("dot")) limit = memory_read_bytes_per_second(1);
    const auto result = medians({[&] { return memory_rate(memory, n, false); }, [&] { return memory_rate(memory, n, true); }}, 5);
    for (const bool batched : {false, true})
      report.add({.name = stem + (batched ? ".rows" : ".one"),
                  .value = result[batched] / 1e9,
                  .unit = "GB/s",
                  .against = "memory read, 1 thread",
                  .reference = limit / 1e9,
                  .bar = kMemoryBar,
                  .note = {}});
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
  static std::string nanoseconds(std::size_t n, double rate) {
    char text[32];
    std::snprintf(text, sizeof text, "(%.2f ns)", static_cast<double>(n) / rate * 1e9);
    return text;
  }
};

template <class Element, class Result>
void measure(Report& report, const Buffer& memory, const Case<Element, Result>& each) {
  for (const std::size_t n : kLengths) each.near(report, memory, n);
  each.far(report, memory);
}

}  // namespace

void run_distances(Report& report) {
  const auto& k = libabi::simd::kernels();
  const Buffer memory;
  const Case<float, float> dot_f32{"dot.f32", Arithmetic::f32_dot, k.dot_f32, k.dot_f32_rows};
  const Case<float, float> l2_f32{"l2.f32", Arithmetic::f32_l2, k.l2_f32, k.l2_f32_rows};
  const Case<std::uint16_t, float> dot_bf16{"dot.bf16", Arithmetic::bf16_dot, k.dot_bf16, k.dot_bf16_rows};
  measure(report, memory, dot_f32);
  measure(report, memory, l2_f32);
  measure<float, float>(report, memory, {"cosine.f32", Arithmetic::f32_cosine, k.cosine_f32, k.cosine_f32_rows});
  measure<std::uint16_t, float>(report, memory, {"dot.f16", Arithmetic::f16_dot, k.dot_f16, k.dot_f16_rows});
  measure<std::uint16_t, float>(report, memory, {"l2.f16", Arithmetic::f16_l2, k.l2_f16, k.l2_f16_rows});
  measure<std::uint16_t, float>(report, memory, {"cosine.f16", Arithmetic::f16_cosine, k.cosine_f16, k.cosine_f16_rows});
  measure(report, memory, dot_bf16);
  measure<std::uint16_t, float>(report, memory, {"l2.bf16", Arithmetic::bf16_l2, k.l2_bf16, k.l2_bf16_rows});
  measure<std::uint16_t, float>(report, memory, {"cosine.bf16", Arithmetic::bf16_cosine, k.cosine_bf16, k.cosine_bf16_rows});
  measure<std::int8_t, std::int64_t>(report, memory, {"dot.i8", Arithmetic::i8_dot, k.dot_i8, k.dot_i8_rows});
  measure<std::int8_t, std::int64_t>(report, memory, {"l2.i8", Arithmetic::i8_l2, k.l2_i8, k.l2_i8_rows});
  measure<std::int8_t, float>(report, memory, {"cosine.i8", Arithmetic::i8_cosine, k.cosine_i8, k.cosine_i8_rows});
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
