#pragma once
/// Reading a collection's documents.

#include "document.hpp"
#include "sqlite/transaction.hpp"
#include "text_query.hpp"

#include <vector>

namespace libabi::vdb {

struct TextHit {
  std::uint64_t id = 0;
  double score = 0;  ///< BM25 (k1 = 1.2, b = 0.75): larger is better
};

/// On a connection of its own, used by one thread at a time; sees the last batch that was applied, or, while a snapshot is held,
/// the last one of then. Errors of all: sqlite/failure.hpp's.
class DocumentReader {
 public:
  DocumentReader() = default;  ///< closed, to be assigned to
  static Result<DocumentReader> open(const sqlite::Vfs& files, const std::filesystem::path& path,
                                     const sqlite::ConnectionOptions& options = {});

  /// What is read until it ends is of one moment. One at a time. It keeps an erase() from being complete, and the WAL from being
  /// moved: for as long as one answer takes.
  Result<sqlite::Transaction> snapshot() { return sqlite::Transaction::begin(*database_, sqlite::Purpose::read); }

  Result<std::uint64_t> position();  ///< of the last batch
  Result<std::uint64_t> count();     ///< of the records; O(1)
  Result<std::optional<Document>> get(std::uint64_t id);
  Result<std::optional<Document>> find(const ExternalIdView& external_id);
  Result<std::optional<std::uint64_t>> id_of(const ExternalIdView& external_id);
  /// The next ones in the order of their ids, from `first` on; fewer than `limit` at the end only.
  Result<std::vector<Document>> scroll(std::uint64_t first, std::size_t limit);
  /// Those whose time has come, the longest overdue first.
  Result<std::vector<std::uint64_t>> expired(std::int64_t now_ms, std::size_t limit);
  /// The best ones, equal ones in the order of their ids. Errors also: invalid_argument (text_query.hpp; what FTS5 does not
  /// understand, with its sentence).
  Result<std::vector<TextHit>> search(std::string_view query, std::size_t limit, TextMatch match = TextMatch::any_word);

 private:
  friend class Documents;
  Result<void> prepare();
  Result<std::uint64_t> state(int column);

  std::unique_ptr<sqlite::Connection> database_;  // whose statements follow, and end before it
  sqlite::Statement state_, get_, find_, id_of_, scroll_, expired_, search_;
};

}  // namespace libabi::vdb
