#include "disk_file.hpp"

#include "lazy_engine.hpp"
#include "system_error.hpp"

#include <abi/base/boundary.hpp>
#include <abi/memory/fault.hpp>

#include <limits>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace libabi::io {

namespace {

constexpr std::uint64_t most_bytes = std::numeric_limits<off_t>::max();

// Pages around the bytes that were asked for.
struct Pages {
  Pages(std::byte* first, std::size_t count) noexcept : data(first), bytes(count) {}
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  ~Pages() { ::munmap(data, bytes); }
  std::byte* data;
  std::size_t bytes;
};

}  // namespace

Descriptor::~Descriptor() {
  // Linux closes the descriptor even when close() is interrupted; a second try could close somebody else's.
  if (number_ >= 0) ::close(number_);
}

Result<void> check_range(std::uint64_t offset, std::size_t bytes, const std::filesystem::path& path) {
  if (offset <= most_bytes && bytes <= most_bytes - offset) return {};
  return error(ErrorCode::out_of_range, "{} bytes at {} of {} are past the {} that a file can hold", bytes, offset, path,
               most_bytes);
}

Result<std::size_t> DiskFile::read(std::uint64_t offset, std::span<std::byte> to) {
  return boundary([&]() -> Result<std::size_t> {
    ABI_TRY(check_range(offset, to.size(), path_));
    std::size_t done = 0;
    while (done < to.size()) {
      const ssize_t count = uninterrupted(
          [&] { return ::pread(descriptor(), to.data() + done, to.size() - done, static_cast<off_t>(offset + done)); });
      if (count < 0) return system_failure(errno, "read", path_);
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    return done;
  });
}

Result<void> DiskFile::write(std::uint64_t offset, std::span<const std::byte> from) {
  return boundary([&]() -> Result<void> {
    ABI_TRY(check_range(offset, from.size(), path_));
    for (std::size_t done = 0; done < from.size();) {
      const ssize_t count = uninterrupted(
          [&] { return ::pwrite(descriptor(), from.data() + done, from.size() - done, static_cast<off_t>(offset + done)); });
      if (count < 0) return system_failure(errno, "write", path_);
      done += static_cast<std::size_t>(count);
    }
    return {};
  });
}

Result<void> DiskFile::sync() {
  return boundary([&]() -> Result<void> {
    // Not tried again when it is interrupted: what a second call says of the first one's writes is not known.
    if (::fdatasync(descriptor()) != 0) return system_failure(errno, "sync", path_);
    return {};
  });
}

Result<std::uint64_t> DiskFile::size() {
  return boundary([&]() -> Result<std::uint64_t> {
    struct stat status{};
    if (::fstat(descriptor(), &status) != 0) return system_failure(errno, "look at", path_);
    return static_cast<std::uint64_t>(status.st_size);
  });
}

Result<void> DiskFile::resize(std::uint64_t bytes) {
  return boundary([&]() -> Result<void> {
    ABI_TRY(check_range(bytes, 0, path_));
    if (uninterrupted([&] { return ::ftruncate(descriptor(), static_cast<off_t>(bytes)); }) != 0)
      return system_failure(errno, "resize", path_);
    return {};
  });
}

Result<void> DiskFile::reserve(std::uint64_t bytes) {
  return boundary([&]() -> Result<void> {
    ABI_TRY(check_range(bytes, 0, path_));
    if (bytes == 0) return {};
    const auto length = static_cast<off_t>(bytes);
    if (uninterrupted([&] { return ::fallocate(descriptor(), FALLOC_FL_KEEP_SIZE, 0, length); }) != 0 && errno != EOPNOTSUPP)
      return system_failure(errno, "reserve room for", path_);
    return {};
  });
}

Result<Mapping> DiskFile::map(std::uint64_t offset, std::size_t bytes) {
  return boundary([&]() -> Result<Mapping> {
    ABI_TRY(const std::uint64_t length, size());
    if (offset > length || bytes > length - offset)
      return error(ErrorCode::out_of_range, "{} bytes at {} are to be mapped of {}, which has {}", bytes, offset, path_, length);
    if (bytes == 0) return Mapping();
    static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t before = offset % page;
    if (memory::allocation_must_fail()) return error(ErrorCode::exhausted, "a fault refuses {} bytes to map {}", bytes, path_);
    void* const data = ::mmap(nullptr, before + bytes, PROT_READ, MAP_SHARED, descriptor(), static_cast<off_t>(offset - before));
    if (data == MAP_FAILED) return system_failure(errno, "map", path_);
    auto pages = std::make_shared<Pages>(static_cast<std::byte*>(data), before + bytes);
    const std::span<const std::byte> wanted(pages->data + before, bytes);
    return Mapping(wanted, std::move(pages));
  });
}

void DiskFile::start(Operation& operation) noexcept {
  operation.file = this;
  operation.done = 0;
  if (operation.cancelled.load(std::memory_order_relaxed))
    return operation.finish(std::unexpected(Error{ErrorCode::cancelled, "the operation was cancelled before it began", {}}));
  engine_->start(operation);
}

void DiskFile::cancel(Operation& operation) noexcept { engine_->cancel(operation); }

}  // namespace libabi::io
