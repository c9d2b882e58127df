#pragma once
/// A connection to one database file.
///
///     ABI_TRY(sqlite::Connection writer, sqlite::Connection::open(*files, "documents.db", {.durability =
///     sqlite::Durability::at_checkpoints})); ABI_TRY(sqlite::Transaction batch, sqlite::Transaction::begin(writer));
///     ...
///     ABI_TRY(batch.commit());
///
/// The journal is a WAL whose index is in this process's memory. What decided for it: readers of other connections see the last
/// commit while the writer works, which a rollback journal does not give; a commit writes each page once, in a row, and needs no
/// sync where a log of ours stands behind it, so that a database that is derived grows in large batches at the speed of the
/// writes (a rollback journal syncs twice a commit or may be torn by a cut); and a cut leaves a prefix of the commits in either
/// durability. Of several processes only one may have it open.
///
/// What is deleted is overwritten with zeros (secure_delete, and page_gap.hpp), in the file after the next complete checkpoint;
/// the schema of a file is not trusted, and its cells are checked (hostile files are `corrupt`). A file has up to 128 GiB
/// (exhausted).

#include "statement.hpp"
#include "vfs.hpp"

#include <abi/memory/account.hpp>

#include <filesystem>
#include <string>

struct sqlite3;

namespace libabi::vdb::sqlite {

enum class Durability : std::uint8_t {
  at_commits,      ///< a commit that has returned outlasts a power cut
  at_checkpoints,  ///< a power cut may take the last commits, whole, in their order
};

struct ConnectionOptions {
  bool read_only = false;  ///< the file must be there
  Durability durability = Durability::at_commits;
  /// SQLite's cache of pages, the largest part of what it takes; charged as a whole. The rest (statements, the schema, a sort) is
  /// SQLite's own malloc, which is one for the process and not ours to redirect.
  std::uint64_t cache_bytes = std::uint64_t{8} << 20;
  memory::MemoryAccount* account = nullptr;  ///< null: the default one
  /// A commit checkpoints where the WAL has so many pages (of 4 KiB) and no reader is in the way.
  unsigned checkpoint_pages = 4000;
  /// How long a call waits for what another connection holds before it is aborted. Not 0 where several threads work: a reader
  /// that comes upon a commit half done takes the writer's lock for a moment, to see whether there is something to recover.
  int wait_ms = 100;
};

/// Used by one thread at a time; movable. Errors: failure.hpp's, exhausted where the account has no room.
class Connection {
 public:
  static Result<Connection> open(const Vfs& files, const std::filesystem::path& path, const ConnectionOptions& options = {});
  Connection() = default;

  /// One or several statements, without values.
  Result<void> execute(const char* sql);
  Result<Statement> prepare(std::string_view sql);
  /// Moves all of the WAL into the file, syncs it and leaves an empty WAL. Errors also: aborted, where a reader still reads an
  /// older state; what could be moved was.
  Result<void> checkpoint();
  bool in_transaction() const noexcept;

  /// The last one of a file moves the WAL into it and removes it, if that succeeds; else the next to open it goes on from it.
  /// Errors: failed_precondition, where statements are left.
  Result<void> close();

 private:
  struct End {
    void operator()(sqlite3* database) const noexcept;
  };
  Result<void> configure(const ConnectionOptions& options);
  Result<void> use_wal();

  std::unique_ptr<sqlite3, End> database_;
  memory::Charge cache_;
};

}  // namespace libabi::vdb::sqlite
