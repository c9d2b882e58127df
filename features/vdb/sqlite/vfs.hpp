#pragma once
/// SQLite's files on a Storage: what SQLite reads, writes, syncs and names goes through it, and nothing past it, so that a
/// simulated disk sees every byte of a database.
///
///     ABI_TRY(std::unique_ptr<sqlite::Vfs> files, sqlite::Vfs::create(storage));
///     ABI_TRY(sqlite::Connection documents, sqlite::Connection::open(*files, "c/documents.db"));
///
/// Each Vfs is registered with SQLite under a name of its own, and unregistered at its end; it is never the default one, and
/// changes nothing for others who use SQLite in the process. Thread-safe. Outlives its connections.
///
/// - Locks and the WAL index are kept in memory (shared_file.hpp): several connections of this process, one process.
/// - The device is said to give nothing but that a write changes no byte outside of it and that what is synced stays; in
///   particular, no write of a sector is atomic, no two writes are in order.
/// - The name of a file that was opened for writing is synced with the first sync of the file; SQLite alone does so for journals.
/// - After a failed sync the file takes no write and no sync any more until all its connections are closed: SQLite would go on,
///   and the next commit that is synced would stand on pages that are lost.
/// - A WAL that is found is written once more in place, with the same bytes, and synced before it is used: it may be what a
/// failed
///   sync left, readable, but not durable and never to be by a sync of its own.
/// - What is left in the unused part of a database's page is not written (page_gap.hpp).
/// - There are no temporary files: connections keep what is temporary in memory.

#include <abi/io/storage.hpp>

#include <chrono>
#include <memory>

namespace libabi::vdb::sqlite {

struct VfsOptions {
  /// The time for SQL's date functions; nothing else asks for it. Null: the system's.
  std::chrono::system_clock::time_point (*now)() noexcept = nullptr;
  /// Of the bytes that SQLite asks this Vfs for. (Its own generator, which salts a WAL, is seeded by the process's default VFS.)
  std::uint64_t seed = 1;
};

class Vfs {
 public:
  /// Errors: exhausted.
  static Result<std::unique_ptr<Vfs>> create(io::Storage& storage, const VfsOptions& options = {});
  /// No connection is open any more.
  ~Vfs();
  Vfs(const Vfs&) = delete;
  Vfs& operator=(const Vfs&) = delete;

  /// What SQLite knows it by.
  const char* name() const noexcept;

 private:
  struct Impl;
  explicit Vfs(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace libabi::vdb::sqlite
