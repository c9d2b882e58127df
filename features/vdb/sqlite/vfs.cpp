#include "vfs.hpp"

#include "failure.hpp"
#include "open_file.hpp"

#include <abi/base/boundary.hpp>

#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <random>
#include <string>
#include <thread>
#include <utility>

namespace libabi::vdb::sqlite {

namespace {

constexpr int most_path_bytes = 4096;
constexpr sqlite3_int64 unix_epoch_ms = 210866760000000;  // 1970 on the scale of Julian days, which SQLite counts in
constexpr double day_ms = 86400000.0;

std::chrono::system_clock::time_point system_now() noexcept { return std::chrono::system_clock::now(); }

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

std::string unique_name() {
  static std::atomic<std::uint64_t> made{0};
  const auto number = made.fetch_add(1, std::memory_order_relaxed);
  return format("abi-{:x}-{}", reinterpret_cast<std::uintptr_t>(&made), number);  // two libabi in one process differ too
}

}  // namespace

struct Vfs::Impl : sqlite3_vfs {
  Impl(io::Storage& on, const VfsOptions& options)
      : sqlite3_vfs{}, storage(on), now(options.now ? options.now : system_now), random(options.seed), own_name(unique_name()) {}

  // Fails by exceptions too; open_file() is where they end.
  Result<void> open(const char* path, sqlite3_file* to, int flags);
  // The file that others have open already, or a new one.
  std::pair<std::shared_ptr<SharedFile>, bool> share(const std::string& path);

  io::Storage& storage;
  std::chrono::system_clock::time_point (*const now)() noexcept;
  std::mutex mutex;  // of what follows
  std::mt19937_64 random;
  std::map<std::string, std::weak_ptr<SharedFile>> files;
  const std::string own_name;
};

std::pair<std::shared_ptr<SharedFile>, bool> Vfs::Impl::share(const std::string& path) {
  const std::lock_guard lock(mutex);
  std::erase_if(files, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<SharedFile>& known = files[path];
  if (std::shared_ptr<SharedFile> file = known.lock()) return {std::move(file), false};
  auto fresh = std::make_shared<SharedFile>();
  known = fresh;
  return {std::move(fresh), true};
}

Result<void> Vfs::Impl::open(const char* path, sqlite3_file* to, int flags) {
  if (!path) return error(ErrorCode::unsupported, "SQLite asks for a temporary file, which is to be kept in memory");
  const bool writes = (flags & SQLITE_OPEN_READWRITE) != 0;
  ABI_TRY(std::shared_ptr<io::File> file, storage.open(path, {.access = writes ? io::Access::write : io::Access::read,
                                                              .create = (flags & SQLITE_OPEN_CREATE) != 0,
                                                              .exclusive = (flags & SQLITE_OPEN_EXCLUSIVE) != 0}));
  auto [shared, first] = share(path);
  if (writes) shared->name_unsynced.store(true, std::memory_order_release);
  const int kind = flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL);
  auto* const opened = new (to) OpenFile(storage, folder_of(path), std::move(file), std::move(shared), kind);
  if (!first || !writes || kind != SQLITE_OPEN_WAL) return {};
  Result<void> written = boundary([&] { return opened->write_again(); });
  if (written) return {};
  opened->~OpenFile();
  return written;
}

namespace {

template <class Impl>
struct Methods {
  static Impl& self(sqlite3_vfs* vfs) noexcept { return *static_cast<Impl*>(vfs); }

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* to, int flags, int* given) noexcept {
    to->pMethods = nullptr;
    const Result<void> opened = boundary([&] { return self(vfs).open(path, to, flags); });
    if (opened) {
      if (given) *given = flags;
      return SQLITE_OK;
    }
    to->pMethods = nullptr;
    return note(opened.error(), SQLITE_CANTOPEN);
  }

  // Durable also where SQLite does not ask for it: the WAL of a commit that failed must not come back after a power cut.
  static int remove(sqlite3_vfs* vfs, const char* path, int) noexcept {
    const Result<void> removed = boundary([&]() -> Result<void> {
      ABI_TRY(self(vfs).storage.remove(path));
      return self(vfs).storage.sync_folder(folder_of(path));
    });
    if (removed) return SQLITE_OK;
    return removed.error().code == ErrorCode::not_found ? SQLITE_IOERR_DELETE_NOENT : note(removed.error(), SQLITE_IOERR_DELETE);
  }

  // An empty file counts as none, as with SQLite's own: a journal that a cut left without a header is no journal.
  static int access(sqlite3_vfs* vfs, const char* path, int what, int* result) noexcept {
    const Result<io::Entry> entry = boundary([&] { return self(vfs).storage.info(path); });
    if (!entry && entry.error().code != ErrorCode::not_found) return note(entry.error(), SQLITE_IOERR_ACCESS);
    *result = entry && (what != SQLITE_ACCESS_EXISTS || entry->folder || entry->bytes > 0);
    return SQLITE_OK;
  }

  static int full_name(sqlite3_vfs*, const char* path, int bytes, char* to) noexcept {
    const std::size_t length = std::strlen(path) + 1;
    if (length > static_cast<std::size_t>(bytes)) return SQLITE_CANTOPEN;
    std::memcpy(to, path, length);
    return SQLITE_OK;
  }

  static int randomness(sqlite3_vfs* vfs, int bytes, char* to) noexcept {
    const std::lock_guard lock(self(vfs).mutex);
    for (int i = 0; i < bytes; ++i) to[i] = static_cast<char>(self(vfs).random());
    return bytes;
  }

  static int sleep(sqlite3_vfs*, int microseconds) noexcept {
    std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
    return microseconds;
  }

  static int now_ms(sqlite3_vfs* vfs, sqlite3_int64* to) noexcept {
    const auto since = self(vfs).now().time_since_epoch();
    *to = unix_epoch_ms + std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
    return SQLITE_OK;
  }

  static int now_days(sqlite3_vfs* vfs, double* to) noexcept {
    sqlite3_int64 ms = 0;
    now_ms(vfs, &ms);
    *to = static_cast<double>(ms) / day_ms;
    return SQLITE_OK;
  }

  static int last_error(sqlite3_vfs*, int, char*) noexcept { return 0; }

  static void fill(Impl& vfs) noexcept {
    vfs.iVersion = 2;
    vfs.szOsFile = sizeof(OpenFile);
    vfs.mxPathname = most_path_bytes;
    vfs.zName = vfs.own_name.c_str();
    vfs.xOpen = open;
    vfs.xDelete = remove;
    vfs.xAccess = access;
    vfs.xFullPathname = full_name;
    vfs.xRandomness = randomness;
    vfs.xSleep = sleep;
    vfs.xCurrentTime = now_days;
    vfs.xCurrentTimeInt64 = now_ms;
    vfs.xGetLastError = last_error;
  }
};

}  // namespace

Result<std::unique_ptr<Vfs>> Vfs::create(io::Storage& storage, const VfsOptions& options) {
  return boundary([&]() -> Result<std::unique_ptr<Vfs>> {
    auto impl = std::make_unique<Impl>(storage, options);
    Methods<Impl>::fill(*impl);
    std::unique_ptr<Vfs> vfs(new Vfs(std::move(impl)));
    if (const int result = sqlite3_vfs_register(vfs->impl_.get(), 0); result != SQLITE_OK)
      return std::unexpected(failure(nullptr, result, "take the storage for its files"));
    return vfs;
  });
}

Vfs::Vfs(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Vfs::~Vfs() { sqlite3_vfs_unregister(impl_.get()); }
const char* Vfs::name() const noexcept { return impl_->own_name.c_str(); }

}  // namespace libabi::vdb::sqlite
