#include "vdb/curve.hpp"

#include "measure.hpp"
#include "report.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>

namespace bench::vdb {

namespace {

constexpr std::size_t beams[] = {10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512};
constexpr int rounds = 3;

/// The time for all queries, by threads that each take every so manieth.
double pass(const Dataset& data, const Searcher& searcher, std::size_t beam, unsigned threads,
            std::vector<std::uint32_t>& found) {
  const auto part = [&](std::size_t first) {
    for (std::size_t q = first; q < data.queries; q += threads)
      searcher.search(&data.query[q * data.dimension], beam, &found[q * k]);
  };
  return seconds([&] {
    std::vector<std::thread> others;
    for (unsigned t = 1; t < threads; ++t) others.emplace_back(part, t);
    part(0);
    for (std::thread& other : others) other.join();
  });
}

double mean_recall(const Dataset& data, std::span<const std::uint32_t> truth, const std::vector<std::uint32_t>& found) {
  double sum = 0;
  for (std::size_t q = 0; q < data.queries; ++q) sum += recall(&truth[q * k], &found[q * k], k);
  return sum / static_cast<double>(data.queries);
}

}  // namespace

std::vector<Curve> curves(const Dataset& data, std::span<const std::uint32_t> truth, const std::vector<Searcher>& searchers,
                          unsigned threads) {
  std::vector<Curve> all(searchers.size());
  std::vector<std::uint32_t> found(data.queries * k);
  for (const std::size_t beam : beams) {
    std::vector<std::vector<double>> times(searchers.size());
    for (int round = -1; round < rounds; ++round)  // the first is thrown away
      for (std::size_t s = 0; s < searchers.size(); ++s) {
        if (!all[s].empty() && all[s].back().beam != beam && all[s].back().recall > 0.996) continue;
        const double time = pass(data, searchers[s], beam, threads, found);
        if (round >= 0) times[s].push_back(time);
        if (round == 0) all[s].push_back({.beam = beam, .recall = mean_recall(data, truth, found), .rate = 0});
      }
    for (std::size_t s = 0; s < searchers.size(); ++s)
      if (!times[s].empty()) all[s].back().rate = static_cast<double>(data.queries) / median(times[s]);
  }
  return all;
}

double rate_at(const Curve& curve, double recall) {
  for (std::size_t i = 0; i < curve.size(); ++i) {
    if (curve[i].recall < recall) continue;
    if (i == 0) return curve[0].rate;
    const double share = (recall - curve[i - 1].recall) / (curve[i].recall - curve[i - 1].recall);
    return std::exp(std::log(curve[i - 1].rate) * (1 - share) + std::log(curve[i].rate) * share);
  }
  return std::numeric_limits<double>::quiet_NaN();
}

double recall_at(const Curve& curve, std::size_t beam) {
  const auto at = std::ranges::find(curve, beam, &Point::beam);
  return at == curve.end() ? std::numeric_limits<double>::quiet_NaN() : at->recall;
}

}  // namespace bench::vdb
