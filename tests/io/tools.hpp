#pragma once
/// What the tests of files share.

#include "seed.hpp"

#include <abi/io/disk_storage.hpp>
#include <abi/io/simulated_storage.hpp>

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include <unistd.h>

namespace libabi::io {

using test::seed;

inline std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

inline std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A folder of the machine that is removed with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "abi-io-XXXXXX").native();
    if (!mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// The storages that every test of the family runs on.
enum class Kind { ring, threads, simulated };

inline std::string name_of(const testing::TestParamInfo<Kind>& info) {
  constexpr const char* names[] = {"IoUring", "Threads", "Simulated"};
  return names[static_cast<int>(info.param)];
}

class StorageTest : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (GetParam() == Kind::simulated) {
      storage = SimulatedStorage::create().value();
      return;
    }
    const EngineKind engine = GetParam() == Kind::ring ? EngineKind::io_uring : EngineKind::threads;
    Result<std::unique_ptr<DiskStorage>> disk = DiskStorage::create({.engine = engine, .depth = 8, .threads = 2});
    if (!disk && disk.error().code == ErrorCode::unsupported) GTEST_SKIP() << disk.error().text();
    ASSERT_TRUE(disk) << disk.error().text();
    storage = *std::move(disk);
  }

  std::filesystem::path at(std::string_view name) const {
    return GetParam() == Kind::simulated ? std::filesystem::path(name) : folder.path() / name;
  }

  std::shared_ptr<File> make(std::string_view name) {
    return storage->open(at(name), {.access = Access::write, .create = true}).value();
  }

  TemporaryFolder folder;
  std::unique_ptr<Storage> storage;
};

/// An operation and a thread that waits for it.
struct Started : Operation {
  Started() {
    finished = [](Operation& self) noexcept {
      auto& started = static_cast<Started&>(self);
      const std::lock_guard lock(started.mutex);
      ++started.times;
      started.changed.notify_all();
    };
  }
  Result<std::size_t>& wait() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return times > 0; });
    return result;
  }
  std::mutex mutex;
  std::condition_variable changed;
  int times = 0;
};

}  // namespace libabi::io
