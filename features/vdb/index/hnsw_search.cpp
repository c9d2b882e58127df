#include "graph/walk.hpp"
#include "index/hnsw.hpp"
#include "index/score.hpp"

namespace libabi::vdb {

namespace {

// What a walk does for a row of its beam, in rows of a scan: it sees some 20 rows that it has not seen, at random places.
constexpr double walk_step = 30;

}  // namespace

Result<std::vector<Hit>> Hnsw::search(std::span<const float> query, const SearchOptions& options, const Selection& among) const {
  if (graph_.empty() || among.count == 0) return std::vector<Hit>();
  const auto scratch = scratches_.borrow();
  const std::size_t width = std::max(options.beam, options.k);
  ABI_TRY(scratch->make_room(*codec_, capacity_, width, house_.account));
  space_.lift_query(query.data(), scratch->vector.data());
  if (space_.metric() == Metric::inner_product)
    codec_->prepare_product(scratch->vector.data(), scratch->query);
  else
    codec_->prepare(scratch->vector.data(), scratch->query);
  if (among.all) {
    walk(graph_.base(), codes(), nullptr, scratch->query, graph_.entries(codes(), scratch->query, *scratch), {.beam = width},
         *scratch);
    return in_order(query, scratch->beam, options.k, *scratch);
  }
  const std::size_t wanted = std::min(options.k, among.count);
  if (!scan_is_cheaper(options, among)) {
    const double share = static_cast<double>(among.count) / static_cast<double>(graph_.nodes());
    const auto wide = static_cast<std::size_t>(static_cast<double>(width) / share);
    walk(graph_.base(), codes(), nullptr, scratch->query, graph_.entries(codes(), scratch->query, *scratch),
         {.beam = wide, .among = among.bits, .found = width}, *scratch);
    if (scratch->found.size() >= wanted) return in_order(query, scratch->found, options.k, *scratch);
  }
  scan(among, width, *scratch);
  return in_order(query, scratch->found, options.k, *scratch);
}

bool Hnsw::scan_is_cheaper(const SearchOptions& options, const Selection& among) const noexcept {
  const double share = static_cast<double>(among.count) / static_cast<double>(std::max<std::size_t>(graph_.nodes(), 1));
  const double wide = static_cast<double>(std::max(options.beam, options.k)) / share;
  return static_cast<double>(among.count) <= walk_step * wide;
}

/// The nearest by their codes of all rows that are let through: in scratch.found.
void Hnsw::scan(const Selection& among, std::size_t width, Scratch& scratch) const {
  scratch.found.reset(width);
  for_blocks<most_rows_at_once>(among.bits, [&](const Row* rows, std::size_t count) {
    codes().distances(scratch.query, rows, count, scratch.found.bound(), scratch.distances.data());
    for (std::size_t i = 0; i < count; ++i) scratch.found.insert(scratch.distances[i], rows[i]);
  });
}

std::vector<Hit> Hnsw::in_order(std::span<const float> query, const Beam& found, std::size_t k, Scratch& scratch) const {
  Nearest nearest(space_.metric(), std::min(k, found.size()));
  const bool exact = codec_->exact();
  const Metric metric = exact && space_.metric() == Metric::cosine ? Metric::inner_product : space_.metric();  // rows of length 1
  const float* const from = exact ? codec_->values(scratch.query.bytes.data()) : query.data();
  const std::size_t dimension = exact ? space_.lifted() : space_.dimension();
  const std::size_t stride = exact ? codec_->row_bytes() / sizeof(float) : dimension;
  const float* const rows = exact ? codec_->values(codes_.data()) : row(0);
  // Of exact distances the first k are the nearest ones; others are only about in order.
  const std::size_t looked_at = exact ? std::min(k, found.size()) : found.size();
  for (std::size_t begin = 0; begin < looked_at; begin += most_rows_at_once) {
    const std::size_t count = std::min(looked_at - begin, most_rows_at_once);
    for (std::size_t i = 0; i < count; ++i) scratch.nodes[i] = found[begin + i].node;
    score(metric, from, {.data = rows, .stride = stride, .count = count, .index = scratch.nodes.data()}, dimension,
          scratch.distances.data());
    for (std::size_t i = 0; i < count; ++i) nearest.offer({scratch.nodes[i], scratch.distances[i]});
  }
  return std::move(nearest).take();
}

}  // namespace libabi::vdb
