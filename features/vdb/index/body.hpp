#pragma once
/// What a kind of index implements. A member of the family is one line of index.def and one constant, index_<name>.

#include "index/space.hpp"

#include <abi/task/scheduler.hpp>
#include <abi/vdb/index.hpp>

#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace libabi::vdb {

/// Where an index lives.
struct House {
  memory::MemoryAccount& account;
  task::Scheduler& scheduler;
};

/// Rows that are there now, and may be found.
struct Selection {
  std::span<const std::uint64_t> bits;  ///< exactly these
  std::size_t count = 0;
  bool all = true;  ///< every row that is there
};

/// Searches are const and may run at any time, but not during learn(), grow() and forget(). The others come one at a time.
class IndexBody {
 public:
  virtual ~IndexBody() = default;
  IndexBody(const IndexBody&) = delete;
  IndexBody& operator=(const IndexBody&) = delete;

  /// Room for rows below `capacity`. Errors: exhausted, as before then.
  virtual Result<void> grow(std::size_t capacity) = 0;
  /// What rows look like, from the first ones, once before these are added. Errors: exhausted, as before then.
  virtual Result<void> learn(std::span<const float> /*vectors*/) { return {}; }
  /// Rows that are not there get vectors, [rows, dimension]. All or nothing. Errors: exhausted.
  virtual Result<void> add(std::span<const Row> rows, std::span<const float> vectors) = 0;
  /// What will be asked for no more: searches that are under way may still find it. Errors: exhausted, and nothing has changed.
  virtual Result<void> detach(std::span<const std::uint64_t> dead) = 0;
  /// And now its bytes go.
  virtual void forget(std::span<const std::uint64_t> dead) noexcept = 0;
  /// Errors: exhausted. May throw bad_alloc, as all of these.
  virtual Result<std::vector<Hit>> search(std::span<const float> query, const SearchOptions& options,
                                          const Selection& among) const = 0;
  virtual void describe(IndexFigures& figures) const noexcept = 0;

 protected:
  IndexBody() = default;
};

struct IndexMember {
  std::string_view name;
  Result<std::unique_ptr<IndexBody>> (*make)(const IndexOptions& options, const House& house);
};

#define ABI_INDEX(name) extern const IndexMember index_##name;
#include "index/index.def"
#undef ABI_INDEX

/// Errors: not_found (names those that there are).
Result<const IndexMember*> find_index(std::string_view name);

}  // namespace libabi::vdb
