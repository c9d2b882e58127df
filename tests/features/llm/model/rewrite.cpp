#include "features/llm/model/rewrite.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <stdexcept>

namespace libabi::llm::test {

namespace {

template <class T>
T value(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().text());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

bool holds(const std::vector<std::string>& names, std::string_view name) { return std::ranges::find(names, name) != names.end(); }

}  // namespace

TemporaryFolder::TemporaryFolder() {
  static std::atomic<int> count{0};
  path_ = std::filesystem::path(testing::TempDir()) / ("abi-model-" + std::to_string(::getpid()) + "-" + std::to_string(count++));
  std::filesystem::create_directories(path_);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void rewrite(const std::filesystem::path& from, const std::filesystem::path& to, const Change& change) {
  const GgufFile file = value(GgufFile::open(from));
  GgufWriter writer;
  for (const GgufEntry& entry : file.metadata())
    if (!holds(change.without_keys, entry.key)) writer.add(entry.key, entry.value);
  if (change.metadata) change.metadata(writer);
  for (const GgufTensor& tensor : file.tensors()) {
    if (holds(change.without_tensors, tensor.name)) continue;
    const auto original = value(file.data(tensor));
    std::vector<std::byte> bytes(original.begin(), original.end());
    if (change.data) change.data(std::string(tensor.name), bytes);
    const auto source = [bytes](std::uint64_t offset, std::span<std::byte> out) -> Result<void> {
      std::memcpy(out.data(), bytes.data() + offset, out.size());
      return {};
    };
    value(writer.add_tensor(tensor.name, *tensor.format, tensor.name == change.reshaped ? change.shape : tensor.dims, source));
  }
  value(writer.write(to));
}

}  // namespace libabi::llm::test
