// Are our products of matrices as fast as oneDNN's, on one core and on two? Square matrices, nothing packed beforehand, each
// type of element beside the peak of its own instructions.
#include "measure.hpp"
#include "report.hpp"

#include <abi/compute/gemm.hpp>
#include <abi/memory/buffer.hpp>

#if BENCH_HAS_ONEDNN
#include "peer/onednn.hpp"
#endif

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench {

namespace {

// Rows that miss, by 1 to 10 %, and some are on either side of the bar from run to run on a processor that others share. The
// tiles alone make 96 % of the peak; packing a takes 1 to 4 % of a call, packing b 2 to 7 (18 where 128 rows meet a large b).
// Two attempts at the rest failed: other blocks (384 to 768 words, 96 to 240 rows) are no better, and fetching the next panel of
// b while tiles are made gains 3 % in f32 wide on one thread and loses 1 to 3 % in f32 1000 and 2048, where it has nothing to do
// but its code is in the loop; the same for the next block of a gains nothing. Huge pages for the workspace make no difference.
// Not tried: tiles that read a where it lies, and threads that share the packed b.
constexpr double kBar = 1.0;  // of oneDNN's speed
constexpr int kRounds = 9;

struct Size {
  const char* name;
  std::size_t m, n, k;
  bool b_transposed = false;
};
constexpr Size kSizes[] = {
    {"1024", 1024, 1024, 1024}, {"1024_transposed", 1024, 1024, 1024, true},
    {"1000", 1000, 1000, 1000}, {"2048", 2048, 2048, 2048},
    {"tall", 4096, 256, 512},   {"wide", 256, 4096, 512, true},
};

#if BENCH_HAS_ONEDNN
using Peer = std::function<double()> (*)(const peer::GemmCase& size, unsigned threads);
#else
using Peer = std::nullptr_t;
#endif

template <class Sum, class Element>
using Product = libabi::Result<void> (*)(libabi::task::Scheduler&, Sum*, const Element*, const Element*,
                                         const libabi::compute::GemmShape&, libabi::memory::MemoryAccount&);

/// The memory of the operands, as well aligned as oneDNN's own.
struct Operands {
  Operands(std::uint64_t a_bytes, std::uint64_t b_bytes, std::uint64_t c_bytes)
      : a(libabi::memory::Buffer::allocate(a_bytes).value()),
        b(libabi::memory::Buffer::allocate(b_bytes).value()),
        c(libabi::memory::Buffer::allocate_zeroed(c_bytes).value()) {}
  libabi::memory::Buffer a, b, c;
};

/// Seconds of one product, again at each call.
template <class Sum, class Element>
Contestant ours(Product<Sum, Element> product, const Size& size, libabi::task::Scheduler& scheduler) {
  const libabi::compute::GemmShape shape{.m = size.m,
                                         .n = size.n,
                                         .k = size.k,
                                         .a_stride = size.k,
                                         .b_stride = size.b_transposed ? size.k : size.n,
                                         .c_stride = size.n,
                                         .b_transposed = size.b_transposed};
  const std::size_t m = size.m, n = size.n, k = size.k;
  const auto memory = std::make_shared<Operands>(m * k * sizeof(Element), n * k * sizeof(Element), m * n * sizeof(Sum));
  const auto a = reinterpret_cast<Element*>(memory->a.data()), b = reinterpret_cast<Element*>(memory->b.data());
  std::fill_n(a, m * k, Element{1});
  std::fill_n(b, n * k, Element{1});
  return [=, &scheduler] {
    const auto run = [&] {
      const auto c = reinterpret_cast<Sum*>(memory->c.data());
      if (!product(scheduler, c, a, b, shape, libabi::memory::default_account()))
        throw std::runtime_error("a product of matrices fails");
    };
    run();
    return seconds(run);
  };
}

template <class Sum, class Element>
void measure(Report& report, const std::string& type, Product<Sum, Element> product, Peer peer) {
  for (const Size& size : kSizes)
    for (const unsigned threads : {1u, 2u}) {
      const std::string name = "runtime.gemm." + type + "." + size.name + "." + std::to_string(threads) + "t";
      if (!report.wants(name)) continue;
      const auto scheduler = libabi::task::Scheduler::create({.threads = threads}).value();
      Contestant theirs;
#if BENCH_HAS_ONEDNN
      theirs = peer({size.m, size.n, size.k, size.b_transposed}, threads);
#else
      static_cast<void>(peer);
#endif
      const std::vector<double> times = medians({ours(product, size, *scheduler), theirs}, kRounds);
      const double operations = 2.0 * static_cast<double>(size.m * size.n) * static_cast<double>(size.k) / 1e9;
      Row row{.name = name,
              .value = operations / times[0],
              .unit = "GOP/s",
              .against = "oneDNN, " + std::to_string(threads) + (threads == 1 ? " thread" : " threads"),
              .reference = {},
              .bar = kBar,
              .note = {}};
      if (!std::isnan(times[1])) row.reference = operations / times[1];
      report.add(row);
    }
}

}  // namespace

void run_gemm(Report& report) {
#if BENCH_HAS_ONEDNN
  constexpr Peer f32 = peer::onednn_f32, bf16 = peer::onednn_bf16, i8 = peer::onednn_i8;
#else
  constexpr Peer f32 = nullptr, bf16 = nullptr, i8 = nullptr;
#endif
  measure<float, float>(report, "f32", libabi::compute::gemm_f32, f32);
  measure<float, std::uint16_t>(report, "bf16", libabi::compute::gemm_bf16, bf16);
  measure<std::int32_t, std::int8_t>(report, "i8", libabi::compute::gemm_i8, i8);
}

}  // namespace bench
