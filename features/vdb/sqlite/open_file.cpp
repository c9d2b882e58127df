#include "open_file.hpp"

#include "failure.hpp"
#include "page_gap.hpp"

#include <abi/base/boundary.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace libabi::vdb::sqlite {

namespace {

constexpr int sector_bytes = 4096;  // what a write may tear around it at most, on disks of today
constexpr std::size_t copy_bytes = std::size_t{1} << 20;

OpenFile& self(sqlite3_file* file) noexcept { return *static_cast<OpenFile*>(file); }

constexpr std::string_view sync_has_failed = "an earlier sync of the file failed; it takes no writes until it is opened again";

int close(sqlite3_file* file) noexcept {
  self(file).shared->lock.give(file, self(file).lock, SQLITE_LOCK_NONE);
  self(file).~OpenFile();
  return SQLITE_OK;
}

int read(sqlite3_file* file, void* to, int bytes, sqlite3_int64 offset) noexcept {
  const std::span<std::byte> wanted(static_cast<std::byte*>(to), static_cast<std::size_t>(bytes));
  const Result<std::size_t> count = self(file).file->read(static_cast<std::uint64_t>(offset), wanted);
  if (!count) return note(count.error(), SQLITE_IOERR_READ);
  if (*count == wanted.size()) return SQLITE_OK;
  std::ranges::fill(wanted.subspan(*count), std::byte{0});
  return SQLITE_IOERR_SHORT_READ;
}

int write(sqlite3_file* file, const void* from, int bytes, sqlite3_int64 offset) noexcept {
  const ErrorCode before = self(file).shared->sync_failure.load(std::memory_order_acquire);
  if (before != ErrorCode::ok) return note(before, sync_has_failed, SQLITE_IOERR_WRITE);
  const std::span<const std::byte> given(static_cast<const std::byte*>(from), static_cast<std::size_t>(bytes));
  const Result<void> written = boundary([&] { return self(file).write(static_cast<std::uint64_t>(offset), given); });
  return written ? SQLITE_OK : note_write(written.error(), SQLITE_IOERR_WRITE);
}

int truncate(sqlite3_file* file, sqlite3_int64 bytes) noexcept {
  const Result<void> cut = boundary([&] { return self(file).truncate(static_cast<std::uint64_t>(bytes)); });
  return cut ? SQLITE_OK : note_write(cut.error(), SQLITE_IOERR_TRUNCATE);
}

int sync(sqlite3_file* file, int) noexcept {
  const Result<void> synced = boundary([&] { return self(file).sync(); });
  return synced ? SQLITE_OK : note(synced.error(), SQLITE_IOERR_FSYNC);
}

int size(sqlite3_file* file, sqlite3_int64* bytes) noexcept {
  const Result<std::uint64_t> found = self(file).file->size();
  if (!found) return note(found.error(), SQLITE_IOERR_FSTAT);
  *bytes = static_cast<sqlite3_int64>(*found);
  return SQLITE_OK;
}

int lock(sqlite3_file* file, int level) noexcept {
  return self(file).shared->lock.take(file, self(file).lock, level) ? SQLITE_OK : SQLITE_BUSY;
}

int unlock(sqlite3_file* file, int level) noexcept {
  self(file).shared->lock.give(file, self(file).lock, level);
  return SQLITE_OK;
}

int check_reserved_lock(sqlite3_file* file, int* reserved) noexcept {
  *reserved = self(file).shared->lock.reserved();
  return SQLITE_OK;
}

int control(sqlite3_file*, int, void*) noexcept { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) noexcept { return sector_bytes; }
int device_characteristics(sqlite3_file*) noexcept { return 0; }

int index_map(sqlite3_file* file, int region, int bytes, int make, void volatile** to) noexcept {
  if (!std::exchange(self(file).uses_index, true)) self(file).shared->index.enter();
  const Result<void*> found =
      self(file).shared->index.region(static_cast<std::size_t>(region), static_cast<std::size_t>(bytes), make != 0);
  *to = found ? *found : nullptr;
  return found ? SQLITE_OK : SQLITE_NOMEM;
}

int index_lock(sqlite3_file* file, int first, int count, int flags) noexcept {
  OpenFile& opened = self(file);
  WalIndex& index = opened.shared->index;
  const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  unsigned& held = exclusive ? opened.index_exclusive : opened.index_shared;
  const unsigned bits = ((1u << count) - 1) << first;
  if ((flags & SQLITE_SHM_LOCK) != 0) {
    if ((held & bits) == bits) return SQLITE_OK;
    if (!(exclusive ? index.exclude(first, count) : index.share(first, count))) return SQLITE_BUSY;
    held |= bits;
    return SQLITE_OK;
  }
  if ((held & bits) == 0) return SQLITE_OK;
  exclusive ? index.unexclude(first, count) : index.unshare(first, count);
  held &= ~bits;
  return SQLITE_OK;
}

void index_barrier(sqlite3_file* file) noexcept { self(file).shared->index.barrier(); }

int index_unmap(sqlite3_file* file, int) noexcept {
  OpenFile& opened = self(file);
  if (!std::exchange(opened.uses_index, false)) return SQLITE_OK;
  for (int slot = 0; slot < WalIndex::slots; ++slot) {
    if ((opened.index_shared >> slot & 1u) != 0) opened.shared->index.unshare(slot, 1);
    if ((opened.index_exclusive >> slot & 1u) != 0) opened.shared->index.unexclude(slot, 1);
  }
  opened.index_shared = opened.index_exclusive = 0;
  opened.shared->index.leave();
  return SQLITE_OK;
}

constexpr sqlite3_io_methods methods = {
    .iVersion = 2,  // shared memory, and no mapping of the file
    .xClose = close,
    .xRead = read,
    .xWrite = write,
    .xTruncate = truncate,
    .xSync = sync,
    .xFileSize = size,
    .xLock = lock,
    .xUnlock = unlock,
    .xCheckReservedLock = check_reserved_lock,
    .xFileControl = control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = device_characteristics,
    .xShmMap = index_map,
    .xShmLock = index_lock,
    .xShmBarrier = index_barrier,
    .xShmUnmap = index_unmap,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

}  // namespace

OpenFile::OpenFile(io::Storage& on, std::filesystem::path in, std::shared_ptr<io::File> opened, std::shared_ptr<SharedFile> with,
                   int of_kind)
    : sqlite3_file{&methods},
      storage(on),
      folder(std::move(in)),
      file(std::move(opened)),
      shared(std::move(with)),
      kind(of_kind) {}

Result<void> OpenFile::check_synced() const {
  const ErrorCode before = shared->sync_failure.load(std::memory_order_acquire);
  if (before == ErrorCode::ok) return {};
  return error(before, "{}", sync_has_failed);
}

Result<void> OpenFile::sync() {
  ABI_TRY(check_synced());
  Result<void> synced = file->sync();
  if (synced && shared->name_unsynced.load(std::memory_order_acquire)) {
    synced = storage.sync_folder(folder);
    if (synced) shared->name_unsynced.store(false, std::memory_order_release);
  }
  if (!synced) shared->sync_failure.store(synced.error().code, std::memory_order_release);
  return synced;
}

Result<void> OpenFile::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  const Gap gap = kind == SQLITE_OPEN_MAIN_DB ? gap_of(bytes, offset == 0) : Gap{};
  const auto unused = bytes.subspan(gap.begin, gap.end - gap.begin);
  if (std::ranges::all_of(unused, [](std::byte byte) { return byte == std::byte{0}; })) return file->write(offset, bytes);
  std::vector<std::byte> clean(bytes.begin(), bytes.end());
  std::fill(clean.begin() + static_cast<std::ptrdiff_t>(gap.begin), clean.begin() + static_cast<std::ptrdiff_t>(gap.end),
            std::byte{0});
  return file->write(offset, clean);
}

Result<void> OpenFile::truncate(std::uint64_t bytes) {
  ABI_TRY(check_synced());
  ABI_TRY(file->resize(bytes));
  return kind == SQLITE_OPEN_WAL ? sync() : Result<void>();
}

Result<void> OpenFile::write_again() {
  ABI_TRY(const std::uint64_t bytes, file->size());
  if (bytes == 0) return {};
  std::vector<std::byte> piece(std::min<std::uint64_t>(bytes, copy_bytes));
  for (std::uint64_t at = 0; at < bytes; at += copy_bytes) {
    ABI_TRY(const std::size_t count, file->read(at, piece));
    ABI_TRY(file->write(at, std::span(piece).first(count)));
  }
  return sync();
}

}  // namespace libabi::vdb::sqlite
