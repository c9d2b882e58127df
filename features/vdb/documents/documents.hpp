#pragma once
/// The documents of a collection: records with their payload and text, in one SQLite database (schema.hpp), which is derived from
/// the log: each batch is applied with its position, in one transaction.
///
///     ABI_TRY(std::unique_ptr<sqlite::Vfs> files, sqlite::Vfs::create(storage));
///     ABI_TRY(Documents documents, Documents::open(*files, "c/documents.db"));
///     ABI_TRY(const std::uint64_t position, documents.read().position());   // replay the log from the one behind it
///     ABI_TRY(documents.apply(changes, position + 1));
///     ABI_TRY(auto hits, documents.read().search("quick fox", 10));
///
/// A power cut takes the last batches, whole, in their order, and position() says which is the last one left; all that were
/// applied before a checkpoint() are kept. What is read sees a batch as a whole or not at all.
///
/// Erasing. A record that is removed or replaced leaves traces: its terms in the full text index, its bytes in the WAL. purge()
/// rewrites the index and empties the WAL, so that its text and payload stand in no byte of any file, also not after a power
/// cut. It costs as much as the index is large, whether for one record or for thousands (text_index.hpp): erase together what
/// is to be erased.

#include "reader.hpp"

#include <map>
#include <span>

namespace libabi::vdb {

/// One per database; used by one thread at a time; movable. Errors: sqlite/failure.hpp's. After an error of an operation nothing
/// of it was done, and it may be tried again; where that fails too, the database is opened again.
class Documents {
 public:
  Documents() = default;  ///< closed, to be assigned to
  /// Errors also: unsupported, corrupt (schema.hpp).
  static Result<Documents> open(const sqlite::Vfs& files, const std::filesystem::path& path,
                                const sqlite::ConnectionOptions& options = {.durability = sqlite::Durability::at_checkpoints});

  /// All changes in their order, or none. Without effect where the position is not past the last one: it was applied already.
  /// Errors also: already_exists (an external id that another record has), invalid_argument (an id of 2^63 or more).
  Result<void> apply(std::span<const DocumentChange> changes, std::uint64_t position);
  /// Removes the records and purges; to be repeated, with the same position, until it succeeds. Errors as purge().
  Result<void> erase(std::span<const std::uint64_t> ids, std::uint64_t position);
  /// Nothing of what was removed or replaced is in a file when this returns. Errors also: aborted, where a reader holds a
  /// snapshot.
  Result<void> purge();
  /// What was applied outlasts a power cut when this returns. Errors as purge().
  Result<void> checkpoint() { return read_.database_->checkpoint(); }

  /// On the writer's connection.
  DocumentReader& read() noexcept { return read_; }

 private:
  // What a batch does to the texts of a record: from the one before the batch to the one after it.
  struct TextChange {
    std::optional<std::string> before;
    std::optional<std::string_view> after;
  };
  struct Batch;
  Result<void> prepare();
  Result<void> put(const PutDocument& change, Batch& batch);
  Result<void> update(const UpdatePayload& change, Batch& batch);
  Result<void> remove(const RemoveDocument& change, Batch& batch);
  /// Whether there is the record; notes its text.
  Result<bool> replace_text(std::uint64_t id, std::optional<std::string_view> text, Batch& batch);
  Result<void> index_texts(const Batch& batch);
  Result<void> write_state(const Batch& batch);

  DocumentReader read_;
  sqlite::Statement old_text_, put_, update_, remove_, unindex_, index_, write_state_, traces_;
};

}  // namespace libabi::vdb
