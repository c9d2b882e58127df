// Compiled without contraction of a * b + c (see CMakeLists.txt): the same bits on every processor.
#include "vdb/dataset.hpp"

#include "vdb/threads.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>
#include <stdexcept>
#include <string>

namespace bench::vdb {

namespace {

struct Shape {
  std::string_view name;
  std::size_t count;
  std::size_t dimension;
  std::size_t latent;  ///< dimensions of the space of the clusters
  std::size_t clusters;
  double decay;                       ///< the j-th latent axis has the scale (j + 1)^-decay
  bool unit;                          ///< vectors of length 1
  double query_shift;                 ///< along one direction, for queries
  double query_spread;                ///< of queries, as a multiple of the others'
  std::uint64_t base_sum, query_sum;  ///< XXH3 of the values
};

constexpr std::size_t queries = 1000;
constexpr double spread = 2.0;  // of a cluster, in units of its axes' scales
constexpr double noise = 0.20;

constexpr Shape shapes[] = {
    {"sift", 200'000, 128, 48, 400, 0.40, false, 0.0, 1.0, 0x69630498fb363ef4, 0x8c7558a38024f22b},
    {"embed", 100'000, 768, 64, 200, 0.50, true, 0.30, 1.1, 0xd593a08ba6dc9b5f, 0x9eab2b97fa40fa2c},
    {"deep", 1'000'000, 96, 48, 1000, 0.40, false, 0.0, 1.0, 0x75ced099aca7c5af, 0x48c5bfbc4aa7b3c3},
};

// Each kind of number has a stream of its own.
enum Stream : std::uint64_t {
  basis = 1,
  centre = 2,
  assignment = 3,
  position = 4,
  base_noise = 5,
  query_assignment = 13,
  query_position = 14,
  query_noise = 15,
  shift = 16,
  attributes = 21,
};

/// The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) over a counter.
std::uint64_t random(std::uint64_t stream, std::uint64_t counter) {
  std::uint64_t z = 0x5EED2026 + stream * 0xD1B54A32D192ED03 + (counter + 1) * 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

double uniform(std::uint64_t stream, std::uint64_t counter) {
  return static_cast<double>(random(stream, counter) >> 11) * 0x1p-53;
}

/// Normal deviates number `first` and on; both are even (Box and Muller, 1958).
void normals(std::uint64_t stream, std::uint64_t first, std::span<double> out) {
  for (std::size_t i = 0; i < out.size(); i += 2) {
    const std::uint64_t pair = (first + i) / 2;
    const double u1 = static_cast<double>((random(stream, 2 * pair) >> 11) + 1) * 0x1p-53;
    const double u2 = uniform(stream, 2 * pair + 1);
    const double radius = std::sqrt(-2.0 * std::log(u1));
    const double angle = 2 * std::numbers::pi * u2;
    out[i] = radius * std::cos(angle);
    out[i + 1] = radius * std::sin(angle);
  }
}

/// What the vectors of a set have in common.
struct World {
  explicit World(const Shape& of);

  const Shape& shape;
  std::vector<double> scale;    ///< [latent]
  std::vector<double> basis;    ///< [latent, dimension]
  std::vector<double> centres;  ///< [clusters, latent]
  std::vector<double> share;    ///< [clusters], cumulative
  std::vector<double> shift;    ///< [latent]
};

World::World(const Shape& of) : shape(of) {
  const std::size_t latent = shape.latent;
  double squares = 0;
  for (std::size_t j = 0; j < latent; ++j) {
    scale.push_back(std::pow(static_cast<double>(j) + 1.0, -shape.decay));
    squares += scale[j] * scale[j];
  }
  for (double& s : scale) s /= std::sqrt(squares);

  basis.resize(latent * shape.dimension);
  normals(Stream::basis, 0, basis);
  for (double& b : basis) b /= std::sqrt(static_cast<double>(shape.dimension));

  centres.resize(shape.clusters * latent);
  normals(Stream::centre, 0, centres);
  for (std::size_t i = 0; i < centres.size(); ++i) centres[i] *= scale[i % latent];

  double total = 0;
  for (std::size_t k = 0; k < shape.clusters; ++k) share.push_back(total += 1.0 / std::sqrt(static_cast<double>(k) + 10.0));
  for (double& s : share) s /= total;

  shift.resize(latent);
  normals(Stream::shift, 0, shift);
  for (std::size_t j = 0; j < latent; ++j) shift[j] *= scale[j];
}

struct Kind {
  Stream assignment, position, noise;
  double spread, shift;
};

void fill_row(const World& world, const Kind& kind, std::size_t row, std::span<double> z, std::span<double> x,
              std::span<float> out) {
  const std::size_t latent = world.shape.latent;
  const std::size_t dimension = world.shape.dimension;
  const auto place = std::ranges::lower_bound(world.share, uniform(kind.assignment, row));
  const auto cluster = std::min(static_cast<std::size_t>(place - world.share.begin()), world.shape.clusters - 1);
  normals(kind.position, row * latent, z);
  for (std::size_t j = 0; j < latent; ++j)
    z[j] = world.centres[cluster * latent + j] + kind.spread * world.scale[j] * z[j] + kind.shift * world.shift[j];
  normals(kind.noise, row * dimension, x);
  for (double& value : x) value = noise / std::sqrt(static_cast<double>(dimension)) * value;
  for (std::size_t j = 0; j < latent; ++j)
    for (std::size_t c = 0; c < dimension; ++c) x[c] += z[j] * world.basis[j * dimension + c];
  double factor = 1.0;
  if (world.shape.unit) {
    double squares = 0;
    for (const double value : x) squares += value * value;
    factor = 1.0 / std::sqrt(squares);
  }
  for (std::size_t c = 0; c < dimension; ++c) out[c] = static_cast<float>(x[c] * factor);
}

std::vector<float> rows(const World& world, const Kind& kind, std::size_t count) {
  const std::size_t dimension = world.shape.dimension;
  std::vector<float> out(count * dimension);
  on_all_cores(count, [&](std::size_t begin, std::size_t end) {
    std::vector<double> z(world.shape.latent);
    std::vector<double> x(dimension);
    for (std::size_t i = begin; i < end; ++i) fill_row(world, kind, i, z, x, std::span(out).subspan(i * dimension, dimension));
  });
  return out;
}

void check(const Shape& shape, std::string_view what, const std::vector<float>& values, std::uint64_t expected) {
  const std::uint64_t found = XXH3_64bits(values.data(), values.size() * sizeof(float));
  if (found == expected) return;
  throw std::runtime_error("the " + std::string(what) + " of '" + std::string(shape.name) + "' have the checksum " +
                           std::to_string(found) + ", expected " + std::to_string(expected));
}

}  // namespace

std::optional<Dataset> make_dataset(std::string_view name) {
  const auto* const shape = std::ranges::find(shapes, name, &Shape::name);
  if (shape == std::end(shapes)) return std::nullopt;
  const World world(*shape);
  Dataset data{
      .dimension = shape->dimension, .count = shape->count, .queries = queries, .base = {}, .query = {}, .attribute = {}};
  data.base = rows(world, {assignment, position, base_noise, spread, 0.0}, shape->count);
  data.query =
      rows(world, {query_assignment, query_position, query_noise, spread * shape->query_spread, shape->query_shift}, queries);
  check(*shape, "vectors", data.base, shape->base_sum);
  check(*shape, "queries", data.query, shape->query_sum);
  for (std::size_t i = 0; i < shape->count; ++i)
    data.attribute.push_back(static_cast<std::uint32_t>(random(attributes, i) % 1000));
  return data;
}

}  // namespace bench::vdb
