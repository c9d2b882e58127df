// Does the graph index answer more queries at the same recall than its peers, is it built sooner, and does a filter cost less
// than looking at every match?
//
// abi_bench --only vdb. Data of vdb/dataset.hpp: sift, 200,000 x 128 by L2, and embed, 100,000 x 768 by inner product, 1,000
// queries each, one query a call; recall is of the ten nearest. Peers that are Python packages are not in this suite yet.
#include "measure.hpp"
#include "report.hpp"
#include "vdb/curve.hpp"

#include <abi/vdb/index.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace bench {

namespace {

using namespace vdb;
using libabi::vdb::Index;

constexpr unsigned cores = 2;

std::optional<double> known(double value) { return std::isnan(value) ? std::nullopt : std::optional(value); }

Searcher ours(const Dataset& data, const std::string& codec, std::uint32_t degree, libabi::vdb::Metric metric) {
  auto made = Index::create({.dimension = data.dimension, .metric = metric, .kind = "hnsw", .codec = codec, .degree = degree});
  if (!made) throw std::runtime_error(made.error().text());
  auto index = std::make_shared<Index>(std::move(*made));
  Searcher searcher{.name = codec};
  searcher.build_seconds = seconds([&] {
    if (const auto rows = index->add(data.base); !rows) throw std::runtime_error(rows.error().text());
  });
  searcher.search = [index, n = data.dimension](const float* query, std::size_t beam, std::uint32_t* out) {
    const auto hits = index->search({query, n}, {.k = k, .beam = beam});
    if (!hits || hits->size() != k) throw std::runtime_error("a search failed");
    for (std::size_t i = 0; i < k; ++i) out[i] = (*hits)[i].row;
  };
  searcher.index = index;
  return searcher;
}

void add_rates(Report& report, const std::string& name, const Curve& mine, const Curve* theirs, double bar, std::string note) {
  for (const int percent : {95, 99}) {
    const std::string row = libabi::format("{}.r{}", name, percent);
    if (!report.wants(row)) continue;
    report.add({.name = row,
                .value = known(rate_at(mine, percent / 100.0)),
                .unit = "queries/s",
                .against = "hnswlib",
                .reference = theirs ? known(rate_at(*theirs, percent / 100.0)) : std::nullopt,
                .bar = bar,
                .note = note});
  }
}

/// The bits of the rows whose attribute is within [low, low + width).
void select(const std::vector<std::uint32_t>& attribute, std::uint32_t low, std::uint32_t width,
            std::vector<std::uint64_t>& bits) {
  for (std::size_t word = 0; word < bits.size(); ++word) {
    std::array<std::uint8_t, 64> in{};
    const std::size_t rows = std::min(in.size(), attribute.size() - word * in.size());
    const std::uint32_t* const from = &attribute[word * in.size()];
    for (std::size_t i = 0; i < rows; ++i) in[i] = from[i] - low < width;
    const auto eights = std::bit_cast<std::array<std::uint64_t, 8>>(in);
    bits[word] = 0;
    for (std::size_t i = 0; i < eights.size(); ++i)  // eight bytes of 0 or 1 become eight bits
      bits[word] |= eights[i] * 0x0102040810204080 >> 56 << (8 * i);
  }
}

/// Queries with one of 100 predicates each, whose evaluation is timed: ours beside an f32 scan of the matches.
void filters(Report& report, const std::string& name, const Dataset& data, const Index& graph, const Index& flat) {
  for (const unsigned percent : {10u, 1u}) {
    const std::string row = libabi::format("{}.filter_{}.1t", name, percent);
    if (!report.wants(row)) continue;
    const std::uint32_t width = percent * 10;
    std::vector<std::uint64_t> bits((data.count + 63) / 64);
    std::vector<std::uint32_t> found(data.queries * k), truth(data.queries * k);
    const auto pass = [&](const Index& index, std::size_t beam, std::vector<std::uint32_t>& out) {
      return static_cast<double>(data.queries) / seconds([&] {
               for (std::size_t q = 0; q < data.queries; ++q) {
                 const std::uint32_t low = static_cast<std::uint32_t>(q % 100) * (1000 - width) / 99;
                 select(data.attribute, low, width, bits);
                 const auto hits = index.search(std::span(data.query).subspan(q * data.dimension, data.dimension),
                                                {.k = k, .beam = beam, .among = bits});
                 if (!hits || hits->size() != k) throw std::runtime_error("a filtered search has not k rows");
                 for (std::size_t i = 0; i < k; ++i) out[q * k + i] = (*hits)[i].row;
               }
             });
    };
    pass(flat, k, truth);
    const auto recall_with = [&](std::size_t beam) {
      pass(graph, beam, found);
      double sum = 0;
      for (std::size_t q = 0; q < data.queries; ++q) sum += recall(&truth[q * k], &found[q * k], k);
      return sum / static_cast<double>(data.queries);
    };
    std::size_t beam = k;
    double reached = recall_with(beam);
    while (reached < 0.95 && beam < 1000) reached = recall_with(beam += 2);
    const auto rates = medians({[&] { return pass(graph, beam, found); }, [&] { return pass(flat, k, truth); }}, 3);
    report.add({.name = row,
                .value = rates[0],
                .unit = "queries/s",
                .against = "f32 scan of the matches",
                .reference = rates[1],
                .bar = 1,
                .note = libabi::format("recall {:.3f}, beam {}", reached, beam)});
  }
}

void compare(Report& report, const std::string& set, libabi::vdb::Metric metric, std::uint32_t degree) {
  const std::string name = "vdb." + set;
  const auto data = make_dataset(set);
  const auto truth = exact_neighbours(*data, k);
  std::vector<Searcher> searchers{ours(*data, "f32", 32, metric), ours(*data, "i8", degree, metric)};
#if BENCH_HAS_HNSWLIB
  searchers.push_back(hnswlib(*data, metric != libabi::vdb::Metric::l2, cores));
#endif
  const bool has_peer = searchers.size() == 3;
  const auto& compressed = *static_cast<const Index*>(searchers[1].index.get());
  const double raw = static_cast<double>(data->dimension * sizeof(float));
  for (const unsigned threads : {1u, cores}) {
    const auto all = curves(*data, truth, searchers, threads);
    const Curve* const peer = has_peer ? &all[2] : nullptr;
    const std::string suffix = libabi::format(".{}t", threads);
    add_rates(report, name + ".f32" + suffix, all[0], peer, 1.5, {});
    const double times_raw = static_cast<double>(compressed.figures()->memory_bytes) / static_cast<double>(data->count) / raw;
    add_rates(report, name + ".i8" + suffix, all[1], peer, 0, libabi::format("memory {:.2f} x the raw vectors", times_raw));
    if (threads != cores) continue;
    report.add({.name = name + ".build" + suffix,
                .value = searchers[0].build_seconds,
                .unit = "s",
                .against = "hnswlib",
                .reference = has_peer ? std::optional(searchers[2].build_seconds) : std::nullopt,
                .bar = 0.5,
                .better = Better::lower,
                .note = libabi::format("recall with a beam of 64: {:.3f}, hnswlib {:.3f}", recall_at(all[0], 64),
                                       peer ? recall_at(*peer, 64) : 0.0)});
  }
  auto flat = Index::create({.dimension = data->dimension, .metric = metric, .kind = "flat"});
  if (!flat || !flat->add(data->base)) throw std::runtime_error("no flat index");
  filters(report, name, *data, compressed, *flat);
}

void run(Report& report) {
  if (!libabi::vdb::index_kinds().empty()) {
    if (report.wants("vdb.sift.f32.1t.r95")) compare(report, "sift", libabi::vdb::Metric::l2, 48);
    if (report.wants("vdb.embed.f32.1t.r95")) compare(report, "embed", libabi::vdb::Metric::inner_product, 32);
  }
}

}  // namespace

extern const Suite suite_vdb;
const Suite suite_vdb{
    .name = "vdb", .question = "does the index answer more queries at the same recall than its peers?", .run = run};

}  // namespace bench
