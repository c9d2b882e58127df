// The public face: row numbers, arguments, and who waits for whom.
#include "codec/codec.hpp"
#include "index/body.hpp"

#include <abi/base/boundary.hpp>
#include <abi/simd/kernels.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <mutex>
#include <shared_mutex>
#include <utility>

namespace libabi::vdb {

namespace {

constexpr std::size_t most_rows = std::size_t{1} << 31;
constexpr std::size_t most_k = 65536;
constexpr std::size_t most_dimension = 65536;
constexpr float largest = 1e18F;  // squares of it, and their sums, are finite

struct MetricName {
  Metric metric;
  std::string_view name;
};
constexpr MetricName metric_names[] = {{Metric::l2, "l2"}, {Metric::inner_product, "inner_product"}, {Metric::cosine, "cosine"}};

template <class T>
Result<void> check_range(std::string_view what, T value, T least, T most) {
  if (value >= least && value <= most) return {};
  return error(ErrorCode::invalid_argument, "{} is {}, expected {} to {}", what, value, least, most);
}

Result<void> check(const IndexOptions& options) {
  ABI_TRY(check_range<std::size_t>("dimension", options.dimension, 1, most_dimension));
  ABI_TRY(check_range<std::uint32_t>("degree", options.degree, 4, 128));
  ABI_TRY(check_range<std::uint32_t>("build_beam", options.build_beam, 1, 4096));
  return check_range<float>("slack", options.slack, 1, 2);
}

Result<void> check_numbers(std::span<const float> numbers, std::size_t dimension) {
  const auto& k = simd::kernels();
  if (k.all_finite(numbers.data(), numbers.size()) && k.max_abs(numbers.data(), numbers.size()) <= largest) return {};
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (!(std::abs(numbers[i]) <= largest))
      return error(ErrorCode::invalid_argument, "element {} of vector {} is {}, expected a number within +-1e18", i % dimension,
                   i / dimension, numbers[i]);
  return {};
}

}  // namespace

std::string_view name(Metric metric) noexcept {
  for (const MetricName& each : metric_names)
    if (each.metric == metric) return each.name;
  return "unknown";
}

Result<Metric> metric_named(std::string_view name) {
  for (const MetricName& each : metric_names)
    if (each.name == name) return each.metric;
  return error(ErrorCode::not_found, "metric '{}' is unknown, expected l2, inner_product or cosine", name);
}

struct [[gnu::visibility("hidden")]] Index::Impl {
  IndexOptions options;
  std::unique_ptr<IndexBody> body;

  std::mutex writing;               ///< add() and remove() take turns
  mutable std::shared_mutex moved;  ///< shared by searches; exclusive where arrays move and rows are forgotten
  std::vector<std::uint64_t> live;  ///< bits of rows; words are atomic while shared
  std::atomic<std::size_t> count{0};
  // Of the one that writes.
  std::vector<Row> free;
  std::size_t used = 0;
  std::size_t capacity = 0;
  bool learned = false;

  Result<void> make_room(std::size_t rows, std::span<const float> first);
  Result<std::vector<Row>> add(std::span<const float> vectors);
  Result<void> remove(std::span<const Row> rows);
  Result<std::vector<Hit>> search(std::span<const float> query, const SearchOptions& search_options) const;

  std::uint64_t load(std::size_t word) const noexcept {
    return std::atomic_ref(const_cast<std::uint64_t&>(live[word])).load(std::memory_order_acquire);
  }
  bool has(Row row) const noexcept { return row / 64 < live.size() && (load(row / 64) >> (row % 64) & 1) != 0; }
};

/// The first rows get what they need and no more; later ones half as much again as there is.
Result<void> Index::Impl::make_room(std::size_t rows, std::span<const float> first) {
  if (rows > most_rows) return error(ErrorCode::exhausted, "{} rows are more than an index holds, {}", rows, most_rows);
  if (rows <= capacity && learned) return {};
  const std::unique_lock lock(moved);
  if (rows > capacity) {
    const std::size_t wanted = capacity == 0 ? rows : std::min(most_rows, std::max(rows, capacity + capacity / 2));
    live.resize((wanted + 63) / 64, 0);
    free.reserve(wanted);
    ABI_TRY(body->grow(wanted));
    capacity = wanted;
  }
  if (learned) return {};
  ABI_TRY(body->learn(first));
  learned = true;
  return {};
}

Result<std::vector<Row>> Index::Impl::add(std::span<const float> vectors) {
  if (vectors.size() % options.dimension != 0)
    return error(ErrorCode::invalid_argument, "{} numbers are no whole number of vectors of dimension {}", vectors.size(),
                 options.dimension);
  ABI_TRY(check_numbers(vectors, options.dimension));
  const std::size_t added = vectors.size() / options.dimension;
  std::vector<Row> rows;
  rows.reserve(added);
  if (added == 0) return rows;

  const std::scoped_lock turn(writing);
  const std::size_t again = std::min(added, free.size());
  ABI_TRY(make_room(used + added - again, vectors));
  rows.assign(free.end() - static_cast<std::ptrdiff_t>(again), free.end());
  for (std::size_t row = used; rows.size() < added; ++row) rows.push_back(static_cast<Row>(row));
  {
    const std::shared_lock lock(moved);
    ABI_TRY(body->add(rows, vectors));
  }
  free.resize(free.size() - again);
  used += added - again;
  for (const Row row : rows) std::atomic_ref(live[row / 64]).fetch_or(std::uint64_t{1} << (row % 64), std::memory_order_release);
  count.fetch_add(added, std::memory_order_release);
  return rows;
}

Result<void> Index::Impl::remove(std::span<const Row> rows) {
  const std::scoped_lock turn(writing);
  std::vector<std::uint64_t> dead(live.size(), 0);
  std::size_t removed = 0;
  for (const Row row : rows) {
    if (!has(row)) return error(ErrorCode::not_found, "row {} is not in the index", row);
    std::uint64_t& word = dead[row / 64];
    const std::uint64_t bit = std::uint64_t{1} << (row % 64);
    removed += (word & bit) == 0;
    word |= bit;
  }
  if (removed == 0) return {};
  {
    const std::shared_lock lock(moved);
    ABI_TRY(body->detach(dead));
  }
  const std::unique_lock lock(moved);
  body->forget(dead);
  for (std::size_t word = dead.size(); word-- > 0;) {  // the lowest rows will be given out first
    live[word] &= ~dead[word];
    for (std::uint64_t left = dead[word]; left != 0;) {
      const auto highest = static_cast<Row>(63 - std::countl_zero(left));
      free.push_back(static_cast<Row>(word * 64) + highest);
      left &= ~(std::uint64_t{1} << highest);
    }
  }
  count.fetch_sub(removed, std::memory_order_release);
  return {};
}

Result<std::vector<Hit>> Index::Impl::search(std::span<const float> query, const SearchOptions& wanted) const {
  if (query.size() != options.dimension)
    return error(ErrorCode::invalid_argument, "the query has {} elements, the index has dimension {}", query.size(),
                 options.dimension);
  ABI_TRY(check_numbers(query, options.dimension));
  ABI_TRY(check_range<std::size_t>("k", wanted.k, 1, most_k));
  ABI_TRY(check_range<std::size_t>("beam", wanted.beam, 1, most_k));
  const std::shared_lock lock(moved);
  if (!wanted.among)
    return body->search(query, wanted, {.bits = live, .count = count.load(std::memory_order_acquire), .all = true});
  std::vector<std::uint64_t> bits(std::min(live.size(), wanted.among->size()));
  Selection among{.bits = bits, .count = 0, .all = false};
  for (std::size_t word = 0; word < bits.size(); ++word) {
    bits[word] = (*wanted.among)[word] & load(word);
    among.count += static_cast<std::size_t>(std::popcount(bits[word]));
  }
  return body->search(query, wanted, among);
}

Index::Index(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Index::Index(Index&&) noexcept = default;
Index& Index::operator=(Index&&) noexcept = default;
Index::~Index() = default;

Result<Index> Index::create(const IndexOptions& options) {
  return boundary([&]() -> Result<Index> {
    ABI_TRY(check(options));
    ABI_TRY(const IndexMember* member, find_index(options.kind));
    auto impl = std::make_unique<Impl>();
    impl->options = options;
    if (!options.account) impl->options.account = &memory::default_account();
    if (!options.scheduler) {
      ABI_TRY(impl->options.scheduler, task::Scheduler::shared());
    }
    ABI_TRY(impl->body, member->make(impl->options, {.account = *impl->options.account, .scheduler = *impl->options.scheduler}));
    return Index(std::move(impl));
  });
}

Result<std::vector<Row>> Index::add(std::span<const float> vectors) {
  return boundary([&] { return impl_->add(vectors); });
}

Result<void> Index::remove(std::span<const Row> rows) {
  return boundary([&] { return impl_->remove(rows); });
}

Result<std::vector<Hit>> Index::search(std::span<const float> query, const SearchOptions& options) const {
  return boundary([&] { return impl_->search(query, options); });
}

const IndexOptions& Index::options() const noexcept { return impl_->options; }

Result<IndexFigures> Index::figures() const {
  return boundary([&]() -> Result<IndexFigures> {
    const std::shared_lock lock(impl_->moved);
    IndexFigures figures{.rows = impl_->count.load(std::memory_order_acquire), .dimension = impl_->options.dimension};
    impl_->body->describe(figures);
    figures.memory_bytes += impl_->live.size() * sizeof(std::uint64_t);
    return figures;
  });
}

}  // namespace libabi::vdb
