#pragma once
/// A file that SQLite has open: its methods, over an io::File.

#include "shared_file.hpp"

#include <abi/io/storage.hpp>

#include <filesystem>

#include <sqlite3.h>

namespace libabi::vdb::sqlite {

/// Stands in memory that SQLite gives; made in place by xOpen, ended by xClose.
struct OpenFile : sqlite3_file {
  io::Storage& storage;
  std::filesystem::path folder;
  std::shared_ptr<io::File> file;
  std::shared_ptr<SharedFile> shared;
  int lock = SQLITE_LOCK_NONE;
  bool uses_index = false;
  unsigned index_shared = 0, index_exclusive = 0;  // slots of the WAL index that this connection has, as bits

  const int kind;  // SQLITE_OPEN_MAIN_DB, SQLITE_OPEN_WAL or another

  OpenFile(io::Storage& on, std::filesystem::path in, std::shared_ptr<io::File> opened, std::shared_ptr<SharedFile> with,
           int of_kind);

  /// Pages of a database without what is left in their gaps (page_gap.hpp).
  Result<void> write(std::uint64_t offset, std::span<const std::byte> bytes);
  /// Of a WAL it is durable at once: SQLite does not sync what it cut off, and a power cut would bring back what was erased.
  Result<void> truncate(std::uint64_t bytes);
  /// Writes the same bytes once more and syncs them (vfs.hpp says why).
  Result<void> write_again();
  Result<void> sync();

 private:
  Result<void> check_synced() const;
};

}  // namespace libabi::vdb::sqlite
