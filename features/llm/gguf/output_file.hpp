#pragma once

#include <abi/base/error.hpp>

#include <cstddef>
#include <filesystem>
#include <span>

namespace libabi::llm {

/// A file that appears under its name whole or not at all: written beside it, synced, then renamed. What is left
/// uncommitted is removed by the destructor. Not thread-safe; any number may write to one folder at a time.
class OutputFile {
 public:
  /// Errors: permission_denied, not_found (the folder), invalid_argument (the target is no regular file), exhausted
  /// (`bytes` are more than the process may write to a file).
  static Result<OutputFile> create(const std::filesystem::path& target, std::uint64_t bytes);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();

  /// Errors: exhausted (disk or quota), internal (the system's own message).
  Result<void> write(std::span<const std::byte> bytes);
  /// Errors: those of write(). After an error of the sync of the folder, the last step, the target is already there.
  Result<void> commit();

 private:
  OutputFile(std::filesystem::path target, std::filesystem::path temporary, int descriptor) noexcept;
  std::filesystem::path target_;
  std::filesystem::path temporary_;  // empty once it has been renamed
  int descriptor_ = -1;
};

}  // namespace libabi::llm
