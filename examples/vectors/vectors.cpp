// Puts 20,000 points into an index in memory, asks for the nearest of one of them, once among all and once among a few, and takes
// some away again. Says how many of the answers a look at every point agrees with.
#include <abi/vdb/index.hpp>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <random>
#include <vector>

using namespace libabi::vdb;

constexpr std::size_t dimension = 64;

// Points around twenty centres.
std::vector<float> make_points(std::size_t count) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  std::vector<float> centres(20 * dimension);
  for (float& value : centres) value = 2 * normal(random);
  std::vector<float> points(count * dimension);
  for (std::size_t i = 0; i < points.size(); ++i)
    points[i] = centres[i / dimension % 20 * dimension + i % dimension] + normal(random);
  return points;
}

std::size_t in_both(const std::vector<Hit>& a, const std::vector<Hit>& b) {
  return static_cast<std::size_t>(
      std::ranges::count_if(a, [&](const Hit& hit) { return std::ranges::find(b, hit.row, &Hit::row) != b.end(); }));
}

libabi::Result<void> run() {
  const std::vector<float> points = make_points(20'000);
  const std::span query = std::span(points).first(dimension);
  ABI_TRY(Index graph, Index::create({.dimension = dimension, .metric = Metric::l2, .kind = "hnsw"}));
  ABI_TRY(Index flat, Index::create({.dimension = dimension, .metric = Metric::l2, .kind = "flat"}));
  ABI_TRY(graph.add(points));
  ABI_TRY(flat.add(points));

  ABI_TRY(const std::vector<Hit> nearest, graph.search(query, {.k = 10, .beam = 64}));
  ABI_TRY(const std::vector<Hit> truth, flat.search(query, {.k = 10}));
  std::cout << "the nearest of point 0:";
  for (const Hit& hit : nearest) std::cout << ' ' << hit.row;
  std::cout << "\n" << in_both(nearest, truth) << " of 10 are those that a look at every point finds\n";

  // Every hundredth point only. A filter never makes the answer shorter than it can be.
  std::vector<std::uint64_t> hundredth((20'000 + 63) / 64);
  for (std::size_t row = 0; row < 20'000; row += 100) hundredth[row / 64] |= std::uint64_t{1} << (row % 64);
  ABI_TRY(const std::vector<Hit> among, graph.search(query, {.k = 10, .among = hundredth}));
  std::cout << among.size() << " of the hundredth points, the nearest is " << among.front().row << "\n";

  std::vector<Row> gone;
  for (const Hit& hit : nearest) gone.push_back(hit.row);
  ABI_TRY(graph.remove(gone));
  ABI_TRY(const std::vector<Hit> others, graph.search(query, {.k = 10}));
  std::cout << "without these, " << in_both(nearest, others) << " of them are found\n";
  return {};
}

int main() {
  const auto done = run();
  if (!done) std::cerr << done.error().text() << "\n";
  return done ? 0 : 1;
}
