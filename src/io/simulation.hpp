#pragma once

#include "simulated_disk.hpp"

#include <abi/io/simulated_storage.hpp>

#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <set>

namespace libabi::io {

/// What a simulated storage and its open files share.
struct SimulatedStorage::Impl : std::enable_shared_from_this<SimulatedStorage::Impl> {
  struct Fault {
    std::uint64_t calls_before;
    ErrorCode code;
  };
  static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

  explicit Impl(const SimulationOptions& chosen) : options(chosen), random(chosen.seed) {}

  std::shared_ptr<File> open_file(std::shared_ptr<SimulatedFile> file, Access access);

  // With the lock held:
  /// The beginning of every call: an error where there is no power, or a fault was asked for.
  Result<void> enter(SimulatedCall call);
  /// The beginning of every change: true where the power goes in the middle of it.
  bool cut_now() noexcept;
  /// An error where a file of that length has no room.
  Result<void> check_room(const SimulatedFile& file, std::uint64_t length) const;

  const SimulationOptions options;
  mutable std::mutex mutex;  // of all that follows
  std::mt19937_64 random;
  SimulatedDisk disk;
  std::array<std::optional<Fault>, 4> faults;
  std::uint64_t changes = 0;
  std::uint64_t cut_at = never;
  std::uint64_t run = 0;  // counts restarts
  bool power = true;
  std::map<std::string, std::string> locks;  ///< with their owners
};

/// What everything returns while there is no power.
std::unexpected<Error> no_power();

}  // namespace libabi::io
