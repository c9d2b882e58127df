// Are our products of matrices as fast as oneDNN's, on one core and on two? Square matrices, nothing packed beforehand, each
// type of element beside the peak of its own instructions.
#include "measure.hpp"
#include "report.hpp"

#include <abi/compute/gemm.hpp>

#if BENCH_HAS_ONEDNN
#include "peer/onednn.hpp"
#endif

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace bench {

namespace {

constexpr double kBar = 1.0;  // of oneDNN's speed
constexpr int kRounds = 9;

using Peer = std::function<double()> (*)(std::size_t n, unsigned threads);

template <class Sum, class Element>
using Product = libabi::Result<void> (*)(libabi::task::Scheduler&, Sum*, const Element*, const Element*,
                                         const libabi::compute::GemmShape&, libabi::memory::MemoryAccount&);

template <class Sum, class Element>
void measure(Report& report, const std::string& type, Product<Sum, Element> product, Peer peer) {
  for (const std::size_t n : {std::size_t{1024}, std::size_t{2048}})
    for (const unsigned threads : {1u, 2u}) {
      const std::string name = "runtime.gemm." + type + "." + std::to_string(n) + "." + std::to_string(threads) + "t";
      if (!report.wants(name)) continue;
      const auto scheduler = libabi::task::Scheduler::create({.threads = threads}).value();
      const std::vector<Element> a(n * n, Element{1}), b(n * n, Element{1});
      std::vector<Sum> c(n * n);
      const libabi::compute::GemmShape shape{.m = n, .n = n, .k = n, .a_stride = n, .b_stride = n, .c_stride = n};
      const auto ours = [&] {
        return seconds([&] {
          if (!product(*scheduler, c.data(), a.data(), b.data(), shape, libabi::memory::default_account()))
            throw std::runtime_error("a product of matrices fails");
        });
      };
      const std::vector<double> times = medians({ours, peer ? peer(n, threads) : Contestant()}, kRounds);
      const double operations = 2.0 * static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n) / 1e9;
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
