// Is softmax faster than Eigen's? It is bound by its exponentials: 18 instructions on each vector, which leave the passes for the
// maximum and for the division in their shadow while a row is near.
#include "distances.hpp"
#include "measure.hpp"
#include "report.hpp"

#include <abi/simd/kernels.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace bench {

namespace {

constexpr std::size_t kElements = 4096;  // of the rows that are worked on in turn, unless one is longer
constexpr int kRounds = 200;

/// Elements a second; a row is fresh each time, since the softmax of a softmax is another question.
double rate(void (*softmax)(float*, std::size_t), const std::vector<float>& fresh, std::vector<float>& rows, std::size_t n) {
  double time = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::copy(fresh.begin(), fresh.end(), rows.begin());
    time += seconds([&] {
      for (std::size_t i = 0; i < rows.size(); i += n) softmax(rows.data() + i, n);
      keep(rows[0]);
    });
  }
  return kRounds * static_cast<double>(rows.size()) / time;
}

}  // namespace

void run_rows(Report& report) {
  for (const std::size_t n : {64, 256, 1024, 4096, 32768}) {
    const std::string name = "runtime.softmax." + std::to_string(n);
    if (!report.wants(name)) continue;
    std::vector<float> fresh(std::max(n, kElements)), rows(fresh.size());
    for (std::size_t i = 0; i < fresh.size(); ++i) fresh[i] = static_cast<float>(i * 7919 % 2003) / 100 - 10;
    std::vector<Contestant> contestants = {[&] { return rate(libabi::simd::kernels().softmax, fresh, rows, n); }, nullptr};
#if BENCH_HAS_EIGEN
    contestants[1] = [&] { return rate(eigen_softmax, fresh, rows, n); };
#endif
    const auto result = medians(contestants);
    report.add({.name = name,
                .value = result[0] / 1e9,
                .unit = "Gelem/s",
                .against = "Eigen",
                .reference = std::isnan(result[1]) ? std::nullopt : std::optional(result[1] / 1e9),
                .bar = 1,
                .note = {}});
  }
}

}  // namespace bench
