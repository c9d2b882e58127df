#include "gguf/output_file.hpp"

#include <atomic>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace libabi::llm {

namespace {

ErrorCode code_of(int system_error) noexcept {
  switch (system_error) {
    case ENOENT: return ErrorCode::not_found;
    case EACCES:
    case EPERM:
    case EROFS: return ErrorCode::permission_denied;
    case EISDIR:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG: return ErrorCode::invalid_argument;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
    case ENOMEM: return ErrorCode::exhausted;
    default: return ErrorCode::internal;
  }
}

std::unexpected<Error> system_failure(int system_error, std::string_view action, const std::filesystem::path& file) {
  const std::string reason = std::generic_category().message(system_error);
  return error(code_of(system_error), "cannot {} {}: {}", action, file, reason);
}

template <class Call>
auto uninterrupted(Call&& call) noexcept {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

/// Renaming over a device would replace it, so only a regular file may be there.
Result<void> check_target(const std::filesystem::path& target) {
  struct stat status{};
  if (target.native().find('\0') != std::string::npos)
    return error(ErrorCode::invalid_argument, "a file name of {} bytes holds a zero byte", target.native().size());
  if (!target.has_filename()) return error(ErrorCode::invalid_argument, "'{}' names no file", target);
  if (::stat(target.c_str(), &status) != 0) return {};  // what is wrong with the folder shows when the file is made
  if (!S_ISREG(status.st_mode)) return error(ErrorCode::invalid_argument, "{} is there and is no regular file", target);
  return {};
}

/// The system would end a process that writes beyond its limit, so the limit is looked at first.
Result<void> check_limit(const std::filesystem::path& target, std::uint64_t bytes) {
  struct rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || bytes <= limit.rlim_cur) return {};
  return error(ErrorCode::exhausted, "{} would have {} bytes, the process may write files of {}", target, bytes,
               static_cast<std::uint64_t>(limit.rlim_cur));
}

std::filesystem::path folder_of(const std::filesystem::path& target) {
  return target.has_parent_path() ? target.parent_path() : std::filesystem::path(".");
}

/// A name that no other writer of this process uses; one left by a dead process of the same number is passed over.
std::filesystem::path temporary_name(const std::filesystem::path& target) {
  static std::atomic<unsigned> counter{0};
  return folder_of(target) / format(".abi-{}-{}.part", static_cast<int>(::getpid()), counter.fetch_add(1));
}

}  // namespace

OutputFile::OutputFile(std::filesystem::path target, std::filesystem::path temporary, int descriptor) noexcept
    : target_(std::move(target)), temporary_(std::move(temporary)), descriptor_(descriptor) {}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : target_(std::move(other.target_)),
      temporary_(std::exchange(other.temporary_, {})),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<OutputFile> OutputFile::create(const std::filesystem::path& target, std::uint64_t bytes) {
  constexpr int attempts = 100;
  ABI_TRY(check_target(target));
  ABI_TRY(check_limit(target, bytes));
  for (int i = 0; i < attempts; ++i) {
    auto copy = target;
    auto temporary = temporary_name(target);
    const int descriptor =
        uninterrupted([&] { return ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666); });
    if (descriptor >= 0) return OutputFile(std::move(copy), std::move(temporary), descriptor);
    if (errno != EEXIST) return system_failure(errno, "make a file beside", target);
  }
  return error(ErrorCode::already_exists, "{} temporary names beside {} are taken", attempts, target);
}

Result<void> OutputFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto written = uninterrupted([&] { return ::write(descriptor_, bytes.data(), bytes.size()); });
    if (written < 0) return system_failure(errno, "write", target_);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> OutputFile::commit() {
  // Made first, so that no memory is needed once the target is there.
  const auto folder = folder_of(target_);
  if (uninterrupted([&] { return ::fsync(descriptor_); }) != 0) return system_failure(errno, "sync", target_);
  if (::close(std::exchange(descriptor_, -1)) != 0 && errno != EINTR) return system_failure(errno, "close", target_);
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) return system_failure(errno, "rename a file to", target_);
  temporary_.clear();

  // The name itself is on disk once the folder is synced; some file systems have no such thing and say EINVAL.
  const int descriptor = uninterrupted([&] { return ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (descriptor < 0) return system_failure(errno, "open", folder);
  const int failed = uninterrupted([&] { return ::fsync(descriptor); }) != 0 ? errno : 0;
  ::close(descriptor);
  if (failed != 0 && failed != EINVAL) return system_failure(failed, "sync", folder);
  return {};
}

}  // namespace libabi::llm
