#pragma once
/// Changed copies of a model file, for tests of what is wrong with them.

#include <abi/llm/gguf.hpp>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace libabi::llm::test {

/// A folder that goes away with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct Change {
  /// Adds to or replaces metadata; called after all of the original's.
  std::function<void(GgufWriter&)> metadata;
  std::vector<std::string> without_keys;
  std::vector<std::string> without_tensors;
  /// Another shape for the tensor of that name, with the same number of elements or fewer.
  std::string reshaped;
  std::vector<std::uint64_t> shape;
  /// Changes the bytes of a tensor.
  std::function<void(const std::string& name, std::span<std::byte> bytes)> data;
};

/// Writes the changed copy of `from` to `to`. Throws where it cannot.
void rewrite(const std::filesystem::path& from, const std::filesystem::path& to, const Change& change);

}  // namespace libabi::llm::test
