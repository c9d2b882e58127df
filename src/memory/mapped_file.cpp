#include "pages.hpp"

#include <abi/base/boundary.hpp>
#include <abi/memory/mapped_file.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace libabi::memory {

namespace {

struct Descriptor {
  int number;
  explicit Descriptor(int open_number) noexcept : number(open_number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    // Linux closes the descriptor even when close() is interrupted; a second try could close somebody else's.
    if (number >= 0) ::close(number);
  }
};

ErrorCode code_of(int system_error) noexcept {
  switch (system_error) {
    case ENOENT:
    case ENOTDIR: return ErrorCode::not_found;
    case EACCES:
    case EPERM: return ErrorCode::permission_denied;
    case ELOOP:
    case ENAMETOOLONG: return ErrorCode::invalid_argument;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN: return ErrorCode::exhausted;
    default: return ErrorCode::internal;
  }
}

std::unexpected<Error> system_failure(int system_error, std::string_view action, const std::filesystem::path& file) {
  const std::string reason = std::generic_category().message(system_error);
  return error(code_of(system_error), "cannot {} {}: {}", action, file, reason);
}

std::string_view kind_of(mode_t mode) noexcept {
  switch (mode & S_IFMT) {
    case S_IFDIR: return "a directory";
    case S_IFCHR:
    case S_IFBLK: return "a device";
    case S_IFIFO: return "a pipe";
    case S_IFSOCK: return "a socket";
    default: return "no regular file";
  }
}

Result<void> expect_regular(const struct stat& status, const std::filesystem::path& file) {
  if (S_ISREG(status.st_mode)) return {};
  return error(ErrorCode::invalid_argument, "{} is {}, expected a regular file", file, kind_of(status.st_mode));
}

// stat(), open() and fstat() try again when a signal interrupts them, as they can on network file systems.
template <class Call>
int uninterrupted(Call&& call) noexcept {
  int result;
  do result = call();
  while (result < 0 && errno == EINTR);
  return result;
}

struct Mapping {
  std::byte* data = nullptr;
  std::size_t size = 0;
};

Result<Mapping> map(const std::filesystem::path& file) {
  if (file.native().find('\0') != std::string::npos)
    return error(ErrorCode::invalid_argument, "a file name of {} bytes holds a zero byte", file.native().size());
  // Looked at before it is opened, since opening a device or a pipe may do something or wait, and again afterwards, since
  // the name may stand for another file by then.
  struct stat status{};
  if (uninterrupted([&] { return ::stat(file.c_str(), &status); }) != 0) return system_failure(errno, "find", file);
  ABI_TRY(expect_regular(status, file));
  const Descriptor descriptor(uninterrupted([&] { return ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); }));
  if (descriptor.number < 0) return system_failure(errno, "open", file);
  if (uninterrupted([&] { return ::fstat(descriptor.number, &status); }) != 0) return system_failure(errno, "examine", file);
  ABI_TRY(expect_regular(status, file));

  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size == 0) return Mapping{};
  if (size > static_cast<std::uint64_t>(std::numeric_limits<std::ptrdiff_t>::max()))
    return error(ErrorCode::exhausted, "{} has {} bytes, more than can be mapped", file, size);
  void* const data = ::mmap(nullptr, static_cast<std::size_t>(size), PROT_READ, MAP_PRIVATE, descriptor.number, 0);
  if (data == MAP_FAILED) return system_failure(errno, "map", file);
  return Mapping{static_cast<std::byte*>(data), static_cast<std::size_t>(size)};
}

}  // namespace

Result<MappedFile> MappedFile::open(const std::filesystem::path& file) {
  return boundary([&]() -> Result<MappedFile> {
    ABI_TRY(const Mapping mapping, map(file));
    MappedFile mapped;
    mapped.data_ = mapping.data;
    mapped.size_ = mapping.size;
    return mapped;
  });
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  if (this == &other) return *this;
  if (data_) ::munmap(data_, size_);
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_) ::munmap(data_, size_);
}

void MappedFile::will_need(std::size_t offset, std::size_t length) const noexcept {
  if (offset >= size_ || length == 0) return;
  const std::size_t end = offset + std::min(length, size_ - offset);
  const std::size_t begin = offset / page_bytes() * page_bytes();
  ::madvise(data_ + begin, end - begin, MADV_WILLNEED);
}

void MappedFile::done_with(std::size_t offset, std::size_t length) const noexcept {
  if (offset >= size_ || length == 0) return;
  const std::size_t page = page_bytes();
  const std::size_t begin = offset / page * page + (offset % page == 0 ? 0 : page);
  std::size_t end = offset + std::min(length, size_ - offset);
  if (end != size_) end = end / page * page;  // the page at the end of the file is the file's alone
  if (begin < end) ::madvise(data_ + begin, end - begin, MADV_DONTNEED);
}

}  // namespace libabi::memory
