#include "reader.hpp"

#include <abi/base/boundary.hpp>

#include <algorithm>
#include <limits>

namespace libabi::vdb {

namespace {

// Ends the snapshot of a statement that is left before its last row.
class Resetting {
 public:
  explicit Resetting(sqlite::Statement& statement) noexcept : statement_(statement) {}
  Resetting(const Resetting&) = delete;
  Resetting& operator=(const Resetting&) = delete;
  ~Resetting() { statement_.reset(); }

 private:
  sqlite::Statement& statement_;
};

sqlite::Value value_of(const ExternalIdView& id) {
  if (const auto* const number = std::get_if<std::uint64_t>(&id)) return *number;
  return std::get<std::string_view>(id);
}

std::int64_t limit_of(std::size_t limit) noexcept {
  return static_cast<std::int64_t>(std::min<std::size_t>(limit, std::numeric_limits<std::int64_t>::max()));
}

Document document_at(const sqlite::Statement& row) {
  Document document;
  document.id = static_cast<std::uint64_t>(row.integer(0));
  if (row.is_text(1))
    document.external_id = std::string(row.text(1));
  else
    document.external_id = static_cast<std::uint64_t>(row.integer(1));
  document.payload = row.text(2);
  if (!row.is_null(3)) document.text = row.text(3);
  if (!row.is_null(4)) document.expires_ms = row.integer(4);
  document.position = static_cast<std::uint64_t>(row.integer(5));
  return document;
}

Result<std::optional<Document>> one(sqlite::Statement& statement, const sqlite::Value& key) {
  return boundary([&]() -> Result<std::optional<Document>> {
    ABI_TRY(statement.bind({key}));
    const Resetting resetting(statement);
    ABI_TRY(const bool found, statement.step());
    if (!found) return std::nullopt;
    return document_at(statement);
  });
}

constexpr std::uint64_t most_id = std::numeric_limits<std::int64_t>::max();

}  // namespace

Result<DocumentReader> DocumentReader::open(const sqlite::Vfs& files, const std::filesystem::path& path,
                                            const sqlite::ConnectionOptions& options) {
  return boundary([&]() -> Result<DocumentReader> {
    sqlite::ConnectionOptions reading = options;
    reading.read_only = true;
    DocumentReader made;
    ABI_TRY(sqlite::Connection database, sqlite::Connection::open(files, path, reading));
    made.database_ = std::make_unique<sqlite::Connection>(std::move(database));
    ABI_TRY(made.prepare());
    return made;
  });
}

Result<void> DocumentReader::prepare() {
  const auto to = [this](sqlite::Statement& statement, std::string_view sql) -> Result<void> {
    ABI_TRY(statement, database_->prepare(sql));
    return {};
  };
  ABI_TRY(to(state_, "SELECT position, records FROM state"));
  ABI_TRY(to(get_, "SELECT id, external, payload, text, expires, position FROM record WHERE id = ?"));
  ABI_TRY(to(find_, "SELECT id, external, payload, text, expires, position FROM record WHERE external = ?"));
  ABI_TRY(to(id_of_, "SELECT id FROM record WHERE external = ?"));
  ABI_TRY(to(scroll_, "SELECT id, external, payload, text, expires, position FROM record WHERE id >= ? ORDER BY id LIMIT ?"));
  ABI_TRY(to(expired_, "SELECT id FROM record WHERE expires <= ? ORDER BY expires, id LIMIT ?"));
  return to(search_, "SELECT rowid, bm25(search) FROM search WHERE search MATCH ? ORDER BY 2, 1 LIMIT ?");
}

Result<std::uint64_t> DocumentReader::state(int column) {
  return boundary([&]() -> Result<std::uint64_t> {
    ABI_TRY(state_.bind({}));
    const Resetting resetting(state_);
    ABI_TRY(const bool found, state_.step());
    if (!found) return error(ErrorCode::corrupt, "the documents have no state");
    return static_cast<std::uint64_t>(state_.integer(column));
  });
}

Result<std::uint64_t> DocumentReader::position() { return state(0); }
Result<std::uint64_t> DocumentReader::count() { return state(1); }

Result<std::optional<Document>> DocumentReader::get(std::uint64_t id) {
  if (id > most_id) return std::nullopt;
  return one(get_, id);
}

Result<std::optional<Document>> DocumentReader::find(const ExternalIdView& external_id) {
  return one(find_, value_of(external_id));
}

Result<std::optional<std::uint64_t>> DocumentReader::id_of(const ExternalIdView& external_id) {
  return boundary([&]() -> Result<std::optional<std::uint64_t>> {
    ABI_TRY(id_of_.bind({value_of(external_id)}));
    const Resetting resetting(id_of_);
    ABI_TRY(const bool found, id_of_.step());
    if (!found) return std::nullopt;
    return static_cast<std::uint64_t>(id_of_.integer(0));
  });
}

Result<std::vector<Document>> DocumentReader::scroll(std::uint64_t first, std::size_t limit) {
  return boundary([&]() -> Result<std::vector<Document>> {
    std::vector<Document> documents;
    if (first > most_id) return documents;
    ABI_TRY(scroll_.bind({first, limit_of(limit)}));
    const Resetting resetting(scroll_);
    for (;;) {
      ABI_TRY(const bool row, scroll_.step());
      if (!row) return documents;
      documents.push_back(document_at(scroll_));
    }
  });
}

Result<std::vector<std::uint64_t>> DocumentReader::expired(std::int64_t now_ms, std::size_t limit) {
  return boundary([&]() -> Result<std::vector<std::uint64_t>> {
    std::vector<std::uint64_t> ids;
    ABI_TRY(expired_.bind({now_ms, limit_of(limit)}));
    const Resetting resetting(expired_);
    for (;;) {
      ABI_TRY(const bool row, expired_.step());
      if (!row) return ids;
      ids.push_back(static_cast<std::uint64_t>(expired_.integer(0)));
    }
  });
}

Result<std::vector<TextHit>> DocumentReader::search(std::string_view query, std::size_t limit, TextMatch match) {
  return boundary([&]() -> Result<std::vector<TextHit>> {
    std::vector<TextHit> hits;
    ABI_TRY(const std::string expression, text_expression(query, match));
    if (expression.empty() || limit == 0) return hits;
    ABI_TRY(search_.bind({expression, limit_of(limit)}));
    const Resetting resetting(search_);
    for (;;) {
      Result<bool> row = search_.step();
      // SQLite has no code for what FTS5 does not understand but its general one, which is our own mistake elsewhere.
      if (!row && row.error().code == ErrorCode::internal && match == TextMatch::syntax)
        row.error().code = ErrorCode::invalid_argument;
      if (!row) return std::unexpected(std::move(row).error());
      if (!*row) return hits;
      hits.push_back({.id = static_cast<std::uint64_t>(search_.integer(0)), .score = -search_.real(1)});
    }
  });
}

}  // namespace libabi::vdb
