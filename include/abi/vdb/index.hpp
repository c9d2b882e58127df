#pragma once
/// An index in memory: rows of numbers, and the nearest of them to a query. What a collection's segments are searched with, and
/// of use by itself where nothing has to be kept on disk.
///
///     ABI_TRY(vdb::Index index, vdb::Index::create({.dimension = 768, .metric = vdb::Metric::cosine, .kind = "hnsw"}));
///     ABI_TRY(std::vector<vdb::Row> rows, index.add(vectors));                       // any multiple of 768 floats
///     ABI_TRY(std::vector<vdb::Hit> hits, index.search(query, {.k = 10, .beam = 64}));  // nearest first
///     ABI_TRY(index.remove(rows));
///
/// ## Kinds
/// flat   compares with every row: exact; memory-bound. The truth that the others are tested against.
/// hnsw   a hierarchical graph (Malkov and Yashunin, TPAMI 2020) whose edges are chosen by relaxed occlusion as in Vamana
///        (Jayaram Subramanya et al., DiskANN, NeurIPS 2019). The walk sees rows through a codec.
///
/// ## Codecs: how the walk of an index sees a row
/// f32    the row, rotated so that its first elements tell the most (principal axes of the first rows); a distance is given up
///        as soon as the elements seen so far are too far. Nothing else is kept: memory is that of the rows and the edges.
/// i8     the first principal coordinates in 8 bits, as many as hold 97 % of the variance (else all), 64 bytes where 60 do; after
///        LeanVec (Tepper et al., TMLR 2024). What the walk finds is put in order by the rows themselves, which are kept beside
///        it. About twice the queries of f32 at the same recall (rows vdb.*.i8 and vdb.*.f32 of `./dev bench`), and as many
///        bytes a row more.
///
/// ## Rows
/// A row is a number that add() gives out, from 0 on; those of removed rows are given out again. Scores are the metric's own
/// value (squared distance, inner product, cosine), from f32; equal ones are in the order of their rows.
///
/// ## Threads
/// Searches may run at any time, in any number of threads, also while rows are added and removed; a search sees each row whole or
/// not at all, and every row whose add() had returned before it began. add() and remove() take turns among themselves and use
/// all threads of the scheduler. The graph depends on the order of the calls and the rows alone, not on threads or chance.
///
/// ## Removal
/// When remove() returns, the rows' numbers are overwritten and no edge leads to them; their neighbours are joined anew, as in
/// FreshDiskANN (Singh et al., 2021). It looks at all edges once: remove many rows at a time.

#include <abi/base/error.hpp>
#include <abi/memory/account.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace libabi::task {
class Scheduler;
}

namespace libabi::vdb {

using Row = std::uint32_t;

enum class Metric : std::uint8_t {
  l2,             ///< squared Euclidean distance; smaller is nearer
  inner_product,  ///< larger is nearer
  cosine,         ///< of the angle; larger is nearer; 0 for a row of zeros
};
ABI_API std::string_view name(Metric metric) noexcept;
/// Errors: not_found (names those that there are).
ABI_API Result<Metric> metric_named(std::string_view name);

/// The members of the families, in the order of index.def and codec.def.
ABI_API std::span<const std::string_view> index_kinds() noexcept;
ABI_API std::span<const std::string_view> codecs() noexcept;

struct IndexOptions {
  std::size_t dimension = 0;  ///< 1 to 65536
  Metric metric = Metric::l2;
  std::string kind = "hnsw";
  std::string codec = "i8";       ///< of a graph; `flat` compares the rows themselves
  std::uint32_t degree = 32;      ///< edges of a row in the base layer, 4 to 128; half as many above
  std::uint32_t build_beam = 64;  ///< rows that are kept in view while the edges of a new one are looked for, up to 4096
  float slack = 1.2F;             ///< of the occlusion rule, 1 to 2: more keeps longer edges
  memory::MemoryAccount* account = nullptr;  ///< null: the default account; outlives the index
  task::Scheduler* scheduler = nullptr;      ///< null: the one of the process; outlives the index
};

/// Bits of rows, 64 a word; rows beyond the last word are not in the set.
using RowBits = std::span<const std::uint64_t>;

struct SearchOptions {
  std::size_t k = 10;            ///< at most so many hits; 1 to 65536
  std::size_t beam = 64;         ///< rows that the walk keeps in view, at least k: more finds more, and takes longer
  std::optional<RowBits> among;  ///< only rows of this set; then min(k, the set's rows that are here) are found, always
};

struct Hit {
  Row row = 0;
  float score = 0;
};

struct IndexFigures {
  std::size_t rows = 0;  ///< that can be found
  std::size_t dimension = 0;
  std::uint64_t memory_bytes = 0;  ///< charged to the account
  double mean_degree = 0;          ///< of the base layer
  std::size_t layers = 0;
};

/// Movable; not to be moved while in use.
class ABI_API Index {
 public:
  /// Errors: invalid_argument (an option out of its range, named), not_found (no such kind or codec), exhausted.
  static Result<Index> create(const IndexOptions& options);
  Index(Index&&) noexcept;
  Index& operator=(Index&&) noexcept;
  ~Index();

  /// Adds vectors, [n, dimension], and gives their rows. All or nothing. The first ones teach the codec what rows look like: give
  /// some thousands where there are so many. Errors: invalid_argument (not a multiple of the dimension; an element that is not
  /// finite, or beyond 1e18), exhausted (memory; more than 2^31 rows).
  Result<std::vector<Row>> add(std::span<const float> vectors);
  /// Errors: not_found (a row that is not here: nothing is removed), exhausted (nothing is removed).
  Result<void> remove(std::span<const Row> rows);
  /// The nearest rows first. Errors: invalid_argument (the query's length, an element that is not finite; k or beam out of
  /// range), exhausted.
  Result<std::vector<Hit>> search(std::span<const float> query, const SearchOptions& options = {}) const;

  const IndexOptions& options() const noexcept;
  Result<IndexFigures> figures() const;

  struct Impl;  ///< complete inside libabi only

 private:
  explicit Index(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace libabi::vdb
