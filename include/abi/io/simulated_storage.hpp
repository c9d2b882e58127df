#pragma once
/// A disk that forgets what was not synced: the storage that tests run on, to see what a power cut leaves.
///
///     const auto disk = io::SimulatedStorage::create({.seed = seed}).value();
///     disk->cut_power_at(17);                  // in the middle of the 18th change
///     run_the_program(*disk);                  // from there on everything is `unavailable`
///     disk->restart();                         // what was not synced is there, or gone, or torn
///     check_what_the_program_acknowledged(*disk);
///
/// What survives a cut, of what was not synced:
/// - of a file's writes, sector by sector (512 bytes), any number of the first ones that touched it; the last of them may be
///   torn within the sector. So later writes may be there without earlier ones. Its length is one of those it had meanwhile;
/// - of changes of names, any subset in which each change has those before it that touched the same names. A rename is whole or
///   not there. A file whose name is lost is gone, synced or not.
/// After a sync that failed (fail_next), what it was to make durable never becomes so by a later one (Rebello et al., Can
/// Applications Recover from fsync Failures?, USENIX ATC 2020).
///
/// Everything is decided by the seed and the order of the calls. Thread-safe. Operations that are started end within start(), or
/// as jobs of an executor: under a ManualExecutor with a seed they end in any order. A mapping is a copy of the moment.

#include <abi/io/storage.hpp>

#include <limits>
#include <memory>

namespace libabi::io {

struct SimulationOptions {
  std::uint64_t seed = 1;
  std::uint64_t capacity_bytes = std::numeric_limits<std::uint64_t>::max();  ///< of all files together
  task::Executor* executor = nullptr;  ///< where started operations are carried out; null: within start()
};

/// What can be made to fail. `name` is all that touches names: open with create, create_folder, remove, rename, sync_folder.
enum class SimulatedCall : std::uint8_t { read, write, sync, name };

class ABI_API SimulatedStorage final : public Storage {
 public:
  /// Errors: exhausted.
  static Result<std::unique_ptr<SimulatedStorage>> create(const SimulationOptions& options = {});
  ~SimulatedStorage() override;

  Result<std::shared_ptr<File>> open(const std::filesystem::path& path, const OpenOptions& options = {}) override;
  Result<void> create_folder(const std::filesystem::path& path) override;
  Result<void> remove(const std::filesystem::path& path) override;
  Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
  Result<void> sync_folder(const std::filesystem::path& path) override;
  Result<std::vector<Entry>> list(const std::filesystem::path& path) override;
  Result<Entry> info(const std::filesystem::path& path) override;
  Result<std::unique_ptr<Lock>> lock(const std::filesystem::path& path, std::string_view owner) override;

  /// Changes that were begun so far: writes, resizes, syncs, changes of names.
  std::uint64_t changes() const;
  /// The power goes in the middle of the change with this number, counted from 0 since construction; it fails, and so does
  /// everything after it, as `unavailable`.
  void cut_power_at(std::uint64_t change);
  void cut_power();
  bool powered() const;
  /// The power comes back, with what survived. Files, and locks, of before are of no use any more.
  void restart();

  /// The call of this kind with number `n`, counted from 0 from now on, fails once with this code.
  void fail_next(SimulatedCall call, std::uint64_t n, ErrorCode code);
  /// The device itself changes a bit. Errors: not_found, out_of_range.
  Result<void> flip_bit(const std::filesystem::path& path, std::uint64_t offset, unsigned bit);

 private:
  struct Impl;
  explicit SimulatedStorage(std::shared_ptr<Impl> impl) noexcept;
  std::shared_ptr<Impl> impl_;
};

}  // namespace libabi::io
