// Exact neighbours: an f32 scan in blocks of queries keeps more than is asked for, sums in f64 put them in order.
#include "vdb/dataset.hpp"
#include "vdb/threads.hpp"

#include <algorithm>
#include <queue>
#include <utility>

namespace bench::vdb {

namespace {

constexpr std::size_t spare = 60;  // kept beyond k, for what f32 puts into the wrong order
constexpr std::size_t block = 8;   // queries that share a pass over the vectors

using Near = std::pair<float, std::uint32_t>;

float squared_distance(const float* a, const float* b, std::size_t n) {
  constexpr std::size_t lanes = 16;
  float sums[lanes] = {};
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    for (std::size_t l = 0; l < lanes; ++l) {
      const float d = a[i + l] - b[i + l];
      sums[l] += d * d;
    }
  }
  float sum = 0;
  for (const float s : sums) sum += s;
  for (; i < n; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

double precise(const float* a, const float* b, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double d = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += d * d;
  }
  return sum;
}

void scan(const Dataset& data, std::size_t first, std::size_t last, std::uint32_t below, std::size_t keep,
          std::vector<std::priority_queue<Near>>& nearest) {
  for (std::size_t i = 0; i < data.count; ++i) {
    if (data.attribute[i] >= below) continue;
    for (std::size_t q = first; q < last; ++q) {
      auto& heap = nearest[q - first];
      const float d = squared_distance(&data.query[q * data.dimension], &data.base[i * data.dimension], data.dimension);
      if (heap.size() == keep && d >= heap.top().first) continue;
      heap.emplace(d, static_cast<std::uint32_t>(i));
      if (heap.size() > keep) heap.pop();
    }
  }
}

void write_order(const Dataset& data, std::size_t query, std::size_t k, std::priority_queue<Near>& heap, std::uint32_t* out) {
  std::vector<std::pair<double, std::uint32_t>> order;
  for (; !heap.empty(); heap.pop()) {
    const std::uint32_t id = heap.top().second;
    order.emplace_back(precise(&data.query[query * data.dimension], &data.base[id * data.dimension], data.dimension), id);
  }
  std::ranges::sort(order);
  for (std::size_t j = 0; j < std::min(k, order.size()); ++j) out[j] = order[j].second;
}

}  // namespace

std::vector<std::uint32_t> exact_neighbours(const Dataset& data, std::size_t k, std::uint32_t below) {
  std::vector<std::uint32_t> truth(data.queries * k);
  on_all_cores((data.queries + block - 1) / block, [&](std::size_t begin, std::size_t end) {
    for (std::size_t b = begin; b < end; ++b) {
      const std::size_t first = b * block;
      const std::size_t last = std::min(first + block, data.queries);
      std::vector<std::priority_queue<Near>> nearest(last - first);
      scan(data, first, last, below, k + spare, nearest);
      for (std::size_t q = first; q < last; ++q) write_order(data, q, k, nearest[q - first], &truth[q * k]);
    }
  });
  return truth;
}

double recall(const std::uint32_t* truth, const std::uint32_t* found, std::size_t k) {
  std::size_t hits = 0;
  for (std::size_t j = 0; j < k; ++j) hits += std::find(truth, truth + k, found[j]) != truth + k;
  return static_cast<double>(hits) / static_cast<double>(k);
}

}  // namespace bench::vdb
