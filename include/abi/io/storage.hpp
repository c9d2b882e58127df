#pragma once
/// Files and their names behind an interface: a programme takes a Storage&, and a test hands it a SimulatedStorage
/// (simulated_storage.hpp) where the real programme has a DiskStorage (disk_storage.hpp). What the library keeps on disk is
/// written through it, all of it, so that the simulator sees every write.

#include <abi/io/file.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace libabi::io {

enum class Access : std::uint8_t { read, write };  ///< write: reading and writing

struct OpenOptions {
  Access access = Access::read;
  bool create = false;     ///< makes the file where there is none
  bool exclusive = false;  ///< with create: already_exists where there is one
  bool truncate = false;   ///< begins with an empty file
  /// Past the system's cache (O_DIRECT): offsets, lengths and addresses are multiples of direct_alignment.
  bool direct = false;
};
inline constexpr std::size_t direct_alignment = 4096;

struct Entry {
  std::string name;
  bool folder = false;
  std::uint64_t bytes = 0;  ///< of a file
};

/// Held as long as the object lives, and no longer than the process does.
class ABI_API Lock {
 public:
  virtual ~Lock() = default;
};

/// Thread-safe. Outlives its files. Errors as File's; messages name the path.
class ABI_API Storage {
 public:
  virtual ~Storage() = default;
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  /// Errors also: invalid_argument (a folder, a device; a name with a zero byte), already_exists.
  virtual Result<std::shared_ptr<File>> open(const std::filesystem::path& path, const OpenOptions& options = {}) = 0;
  /// Fine where the folder is there; its parent must be.
  virtual Result<void> create_folder(const std::filesystem::path& path) = 0;
  /// A file, or an empty folder (else failed_precondition).
  virtual Result<void> remove(const std::filesystem::path& path) = 0;
  /// At once or not at all, also under a power cut; a file that has the new name is replaced.
  virtual Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
  /// The names that were made, changed and removed in this folder outlast a power cut when this returns.
  virtual Result<void> sync_folder(const std::filesystem::path& path) = 0;
  /// In the order of their names.
  virtual Result<std::vector<Entry>> list(const std::filesystem::path& path) = 0;
  /// The entry of one path. Errors: not_found.
  virtual Result<Entry> info(const std::filesystem::path& path) = 0;
  /// Takes the lock file, which is made where there is none and stays afterwards; `owner` is written into it for people.
  /// Errors also: failed_precondition, where another holds it (with the owner's text).
  virtual Result<std::unique_ptr<Lock>> lock(const std::filesystem::path& path, std::string_view owner) = 0;

  /// The whole file. Errors also: out_of_range, where it has more than `most` bytes.
  Result<std::vector<std::byte>> read_file(const std::filesystem::path& path, std::uint64_t most);
  /// The file has the old bytes or the new ones, whatever happens, and the new ones for good when this returns: they are
  /// written beside it as `<name>.new`, synced, renamed, and the folder is synced.
  Result<void> replace_file(const std::filesystem::path& path, std::span<const std::byte> bytes);

 protected:
  Storage() = default;
};

}  // namespace libabi::io
