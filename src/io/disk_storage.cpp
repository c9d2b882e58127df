#include "disk_file.hpp"
#include "lazy_engine.hpp"
#include "system_error.hpp"

#include <abi/base/boundary.hpp>
#include <abi/io/disk_storage.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace libabi::io {

namespace {

constexpr unsigned most_depth = 4096, most_threads = 64;

Result<void> check_name(const std::filesystem::path& path) {
  if (path.native().find('\0') == std::string::npos) return {};
  return error(ErrorCode::invalid_argument, "a file name of {} bytes holds a zero byte", path.native().size());
}

Result<struct stat> status_of(const std::filesystem::path& path) {
  ABI_TRY(check_name(path));
  struct stat status{};
  if (uninterrupted([&] { return ::stat(path.c_str(), &status); }) != 0) return system_failure(errno, "look at", path);
  return status;
}

int flags_of(const OpenOptions& options) noexcept {
  int flags = O_CLOEXEC | (options.access == Access::write ? O_RDWR : O_RDONLY);
  if (options.create) flags |= O_CREAT;
  if (options.create && options.exclusive) flags |= O_EXCL;
  if (options.truncate) flags |= O_TRUNC;
  if (options.direct) flags |= O_DIRECT;
  return flags;
}

Result<Descriptor> open_descriptor(const std::filesystem::path& path, int flags) {
  ABI_TRY(check_name(path));
  const int number = uninterrupted([&] { return ::open(path.c_str(), flags, 0666); });
  if (number < 0) return system_failure(errno, "open", path);
  return Descriptor(number);
}

// A lock of the open file description: it ends with the descriptor, and counts between two users in one process too.
class DiskLock final : public Lock {
 public:
  explicit DiskLock(Descriptor descriptor) noexcept : descriptor_(std::move(descriptor)) {}

 private:
  Descriptor descriptor_;
};

std::string owner_in(int descriptor) {
  std::array<char, 256> text;
  const ssize_t length = ::pread(descriptor, text.data(), text.size(), 0);
  return length > 0 ? std::string(text.data(), static_cast<std::size_t>(length)) : "somebody unknown";
}

struct Folder {
  explicit Folder(DIR* opened) noexcept : stream(opened) {}
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    if (stream) ::closedir(stream);
  }
  DIR* stream;
};

Entry entry_of(std::string name, const struct stat& status) {
  const bool folder = S_ISDIR(status.st_mode);
  return {.name = std::move(name), .folder = folder, .bytes = folder ? 0 : static_cast<std::uint64_t>(status.st_size)};
}

}  // namespace

struct DiskStorage::Impl {
  explicit Impl(const DiskOptions& options) : engine(options) {}
  LazyEngine engine;
};

Result<std::unique_ptr<DiskStorage>> DiskStorage::create(const DiskOptions& options) {
  return boundary([&]() -> Result<std::unique_ptr<DiskStorage>> {
    if (options.depth == 0 || options.depth > most_depth)
      return error(ErrorCode::invalid_argument, "a depth of {} is asked for, 1 to {} are possible", options.depth, most_depth);
    if (options.threads == 0 || options.threads > most_threads)
      return error(ErrorCode::invalid_argument, "{} threads for files are asked for, 1 to {} are possible", options.threads,
                   most_threads);
    auto impl = std::make_unique<Impl>(options);
    if (options.engine == EngineKind::io_uring) ABI_TRY(impl->engine.ensure());
    return std::unique_ptr<DiskStorage>(new DiskStorage(std::move(impl)));
  });
}

DiskStorage::DiskStorage(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
DiskStorage::~DiskStorage() = default;

EngineKind DiskStorage::engine() const noexcept { return impl_->engine.kind(); }

Result<std::shared_ptr<File>> DiskStorage::open(const std::filesystem::path& path, const OpenOptions& options) {
  return boundary([&]() -> Result<std::shared_ptr<File>> {
    // Looked at before it is opened too, since opening a device or a pipe may do something or wait.
    if (const Result<struct stat> before = status_of(path); before && !S_ISREG(before->st_mode))
      return error(ErrorCode::invalid_argument, "{} is no regular file", path);
    ABI_TRY(Descriptor descriptor, open_descriptor(path, flags_of(options)));
    struct stat status{};
    if (::fstat(descriptor.number(), &status) != 0) return system_failure(errno, "look at", path);
    if (!S_ISREG(status.st_mode)) return error(ErrorCode::invalid_argument, "{} is no regular file", path);
    return std::make_shared<DiskFile>(std::move(descriptor), path, impl_->engine);
  });
}

Result<void> DiskStorage::create_folder(const std::filesystem::path& path) {
  return boundary([&]() -> Result<void> {
    ABI_TRY(check_name(path));
    if (::mkdir(path.c_str(), 0777) == 0) return {};
    const int failure = errno;
    if (const Result<struct stat> there = status_of(path); failure == EEXIST && there && S_ISDIR(there->st_mode)) return {};
    return system_failure(failure, "create folder", path);
  });
}

Result<void> DiskStorage::remove(const std::filesystem::path& path) {
  return boundary([&]() -> Result<void> {
    ABI_TRY(check_name(path));
    if (::unlink(path.c_str()) == 0) return {};
    if (errno != EISDIR && errno != EPERM) return system_failure(errno, "remove", path);
    if (::rmdir(path.c_str()) != 0) return system_failure(errno, "remove", path);
    return {};
  });
}

Result<void> DiskStorage::rename(const std::filesystem::path& from, const std::filesystem::path& to) {
  return boundary([&]() -> Result<void> {
    ABI_TRY(check_name(from));
    ABI_TRY(check_name(to));
    if (::rename(from.c_str(), to.c_str()) != 0) return within(from.native(), system_failure(errno, "rename to", to).error());
    return {};
  });
}

Result<void> DiskStorage::sync_folder(const std::filesystem::path& path) {
  return boundary([&]() -> Result<void> {
    ABI_TRY(const Descriptor descriptor, open_descriptor(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (::fsync(descriptor.number()) != 0) return system_failure(errno, "sync folder", path);
    return {};
  });
}

Result<std::vector<Entry>> DiskStorage::list(const std::filesystem::path& path) {
  return boundary([&]() -> Result<std::vector<Entry>> {
    ABI_TRY(check_name(path));
    const Folder folder(::opendir(path.c_str()));
    if (!folder.stream) return system_failure(errno, "list", path);
    std::vector<Entry> entries;
    for (;;) {
      errno = 0;
      const dirent* const found = ::readdir(folder.stream);
      if (!found && errno != 0) return system_failure(errno, "list", path);
      if (!found) break;
      std::string name = found->d_name;
      struct stat status{};
      if (name == "." || name == "..") continue;
      // What was removed meanwhile is not there.
      if (::fstatat(::dirfd(folder.stream), found->d_name, &status, 0) == 0) entries.push_back(entry_of(std::move(name), status));
    }
    std::ranges::sort(entries, {}, &Entry::name);
    return entries;
  });
}

Result<Entry> DiskStorage::info(const std::filesystem::path& path) {
  return boundary([&]() -> Result<Entry> {
    ABI_TRY(const struct stat status, status_of(path));
    return entry_of(path.filename().native(), status);
  });
}

Result<std::unique_ptr<Lock>> DiskStorage::lock(const std::filesystem::path& path, std::string_view owner) {
  return boundary([&]() -> Result<std::unique_ptr<Lock>> {
    ABI_TRY(Descriptor descriptor, open_descriptor(path, O_RDWR | O_CREAT | O_CLOEXEC));
    struct flock whole{};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    if (::fcntl(descriptor.number(), F_OFD_SETLK, &whole) != 0) {
      if (errno != EAGAIN && errno != EACCES) return system_failure(errno, "lock", path);
      return error(ErrorCode::failed_precondition, "{} is locked by {}", path, owner_in(descriptor.number()));
    }
    if (::ftruncate(descriptor.number(), 0) != 0) return system_failure(errno, "write", path);
    const ssize_t written = uninterrupted([&] { return ::pwrite(descriptor.number(), owner.data(), owner.size(), 0); });
    if (written < 0) return system_failure(errno, "write", path);
    return std::make_unique<DiskLock>(std::move(descriptor));
  });
}

}  // namespace libabi::io
