#include "documents.hpp"

#include "schema.hpp"
#include "text_index.hpp"

#include <abi/base/boundary.hpp>

#include <limits>

namespace libabi::vdb {

namespace {

constexpr std::uint64_t most_id = std::numeric_limits<std::int64_t>::max();

sqlite::Value value_of(const ExternalIdView& id) {
  if (const auto* const number = std::get_if<std::uint64_t>(&id)) return *number;
  return std::get<std::string_view>(id);
}

template <class T>
sqlite::Value value_of(const std::optional<T>& value) {
  return value ? sqlite::Value(*value) : sqlite::Value(nullptr);
}

}  // namespace

struct Documents::Batch {
  std::uint64_t position = 0;
  std::int64_t added = 0;  // records, less those removed
  bool traces = false;
  // By id: FTS5 writes a segment whenever the ids that it is given do not ascend.
  std::map<std::uint64_t, TextChange> texts;
};

Result<Documents> Documents::open(const sqlite::Vfs& files, const std::filesystem::path& path,
                                  const sqlite::ConnectionOptions& options) {
  return boundary([&]() -> Result<Documents> {
    Documents made;
    ABI_TRY(sqlite::Connection database, sqlite::Connection::open(files, path, options));
    made.read_.database_ = std::make_unique<sqlite::Connection>(std::move(database));
    if (Result<void> prepared = made.prepare(); !prepared) return within(path.native(), std::move(prepared).error());
    return made;
  });
}

Result<void> Documents::prepare() {
  ABI_TRY(prepare_schema(*read_.database_));
  ABI_TRY(read_.prepare());
  const auto to = [this](sqlite::Statement& statement, std::string_view sql) -> Result<void> {
    ABI_TRY(statement, read_.database_->prepare(sql));
    return {};
  };
  ABI_TRY(to(old_text_, "SELECT text FROM record WHERE id = ?"));
  ABI_TRY(to(put_,
             "INSERT INTO record VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(id) DO UPDATE SET external = ?2, payload = ?3, "
             "text = ?4, expires = ?5, position = ?6"));
  ABI_TRY(to(update_, "UPDATE record SET payload = ?2, position = ?3 WHERE id = ?1"));
  ABI_TRY(to(remove_, "DELETE FROM record WHERE id = ?"));
  ABI_TRY(to(unindex_, "INSERT INTO search(search, rowid, text) VALUES('delete', ?, ?)"));
  ABI_TRY(to(index_, "INSERT INTO search(rowid, text) VALUES(?, ?)"));
  ABI_TRY(to(write_state_, "UPDATE state SET position = ?, records = records + ?, traces = max(traces, ?)"));
  return to(traces_, "SELECT traces FROM state");
}

Result<void> Documents::apply(std::span<const DocumentChange> changes, std::uint64_t position) {
  return boundary([&]() -> Result<void> {
    ABI_TRY(const std::uint64_t last, read_.position());
    if (position <= last) return {};
    ABI_TRY(sqlite::Transaction transaction, sqlite::Transaction::begin(*read_.database_));
    Batch batch{.position = position};
    for (const DocumentChange& change : changes) {
      if (const auto* const given = std::get_if<PutDocument>(&change))
        ABI_TRY(put(*given, batch));
      else if (const auto* const updated = std::get_if<UpdatePayload>(&change))
        ABI_TRY(update(*updated, batch));
      else
        ABI_TRY(remove(std::get<RemoveDocument>(change), batch));
    }
    ABI_TRY(index_texts(batch));
    ABI_TRY(write_state(batch));
    return transaction.commit();
  });
}

Result<bool> Documents::replace_text(std::uint64_t id, std::optional<std::string_view> text, Batch& batch) {
  if (id > most_id)
    return error(ErrorCode::invalid_argument, "a document cannot have the id {}, which is more than {}", id, most_id);
  ABI_TRY(old_text_.bind({id}));
  ABI_TRY(const bool there, old_text_.step());
  const bool had_text = there && !old_text_.is_null(0);
  if (had_text || text) {
    const auto [entry, first] = batch.texts.try_emplace(id);
    if (first && had_text) entry->second.before = old_text_.text(0);
    entry->second.after = text;
  }
  old_text_.reset();
  batch.traces = batch.traces || there;
  return there;
}

Result<void> Documents::put(const PutDocument& change, Batch& batch) {
  ABI_TRY(const bool there, replace_text(change.id, change.text, batch));
  if (!there) ++batch.added;
  return put_.run({change.id, value_of(change.external_id), change.payload, value_of(change.text), value_of(change.expires_ms),
                   batch.position});
}

Result<void> Documents::update(const UpdatePayload& change, Batch& batch) {
  batch.traces = true;
  return update_.run({change.id, change.payload, batch.position});
}

Result<void> Documents::remove(const RemoveDocument& change, Batch& batch) {
  ABI_TRY(const bool there, replace_text(change.id, std::nullopt, batch));
  if (!there) return {};
  --batch.added;
  return remove_.run({change.id});
}

Result<void> Documents::index_texts(const Batch& batch) {
  for (const auto& [id, text] : batch.texts) {
    if (text.before && text.after && *text.before == *text.after) continue;
    if (text.before) ABI_TRY(unindex_.run({id, *text.before}));
    if (text.after) ABI_TRY(index_.run({id, *text.after}));
  }
  return {};
}

Result<void> Documents::write_state(const Batch& batch) { return write_state_.run({batch.position, batch.added, batch.traces}); }

Result<void> Documents::erase(std::span<const std::uint64_t> ids, std::uint64_t position) {
  return boundary([&]() -> Result<void> {
    std::vector<DocumentChange> changes;
    changes.reserve(ids.size());
    for (const std::uint64_t id : ids) changes.emplace_back(RemoveDocument{id});
    ABI_TRY(apply(changes, position));
    return purge();
  });
}

Result<void> Documents::purge() {
  return boundary([&]() -> Result<void> {
    ABI_TRY(sqlite::Transaction transaction, sqlite::Transaction::begin(*read_.database_));
    ABI_TRY(traces_.bind({}));
    ABI_TRY(const bool found, traces_.step());
    const bool traces = found && traces_.integer(0) != 0;
    traces_.reset();
    if (traces) {
      ABI_TRY(drop_removed_terms(*read_.database_));
      ABI_TRY(read_.database_->execute("UPDATE state SET traces = 0"));
    }
    ABI_TRY(transaction.commit());
    return checkpoint();
  });
}

}  // namespace libabi::vdb
