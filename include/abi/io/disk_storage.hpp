#pragma once
/// The machine's file system.
///
///     ABI_TRY(std::unique_ptr<io::DiskStorage> disk, io::DiskStorage::create());
///     ABI_TRY(std::shared_ptr<io::File> file, disk->open("vectors.seg"));
///     ABI_CO_TRY(const std::size_t bytes, co_await io::async_read(*file, 0, page));
///
/// Blocking calls go straight to the system. Operations that are started go to an engine, which is made at the first one:
/// io_uring where the kernel lets us (one ring, one thread that waits for completions, asleep at rest), else a few threads that
/// make the blocking calls. Up to `depth` operations are under way at once; more wait in a queue, which needs no memory.
///
/// In the child of a fork() the engine's threads do not exist: a storage that has started an operation is not used there.

#include <abi/io/storage.hpp>

#include <memory>

namespace libabi::io {

enum class EngineKind : std::uint8_t { automatic, io_uring, threads };

struct DiskOptions {
  EngineKind engine = EngineKind::automatic;
  unsigned depth = 256;  ///< operations under way at once, 1 to 4096
  unsigned threads = 4;  ///< of the engine without io_uring, 1 to 64
};

class ABI_API DiskStorage final : public Storage {
 public:
  /// Errors: invalid_argument (depth, threads), unsupported (io_uring is asked for, and not in this build or not allowed here).
  static Result<std::unique_ptr<DiskStorage>> create(const DiskOptions& options = {});
  /// Waits for the operations under way.
  ~DiskStorage() override;

  Result<std::shared_ptr<File>> open(const std::filesystem::path& path, const OpenOptions& options = {}) override;
  Result<void> create_folder(const std::filesystem::path& path) override;
  Result<void> remove(const std::filesystem::path& path) override;
  Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
  Result<void> sync_folder(const std::filesystem::path& path) override;
  Result<std::vector<Entry>> list(const std::filesystem::path& path) override;
  Result<Entry> info(const std::filesystem::path& path) override;
  Result<std::unique_ptr<Lock>> lock(const std::filesystem::path& path, std::string_view owner) override;

  /// What operations are started with; `automatic` until the first one.
  EngineKind engine() const noexcept;

 private:
  struct Impl;
  explicit DiskStorage(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace libabi::io
