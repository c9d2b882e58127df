#pragma once

#include <abi/memory/account.hpp>

#include <cstddef>
#include <filesystem>
#include <span>

namespace libabi::memory {

/// A regular file mapped read-only. The pages belong to the system's page cache, so mapping costs no memory of its own;
/// a caller that wants them in its account charges them. Movable; reads are thread-safe.
///
/// A file that another process truncates while it is mapped makes reads past the new end fault; no mapping can prevent it.
class ABI_API MappedFile {
 public:
  MappedFile() = default;
  /// Errors: not_found, permission_denied, invalid_argument (a directory, a device), exhausted, internal (the
  /// system's own message).
  static Result<MappedFile> open(const std::filesystem::path& file);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }
  /// Tells the system that these bytes will be read soon / are not needed again for a while (pages may be dropped and
  /// are read again from the file when touched). The range is widened / narrowed to whole pages. Never fails.
  void will_need(std::size_t offset, std::size_t length) const noexcept;
  void done_with(std::size_t offset, std::size_t length) const noexcept;

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace libabi::memory
