#pragma once
/// The bytes of one simulated file: as a reader sees them, as they are durable, and the changes between the two.

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace libabi::io {

class SimulatedFile {
 public:
  const std::vector<std::byte>& content() const noexcept { return content_; }

  void write(std::uint64_t offset, std::span<const std::byte> bytes);
  void resize(std::uint64_t bytes);
  /// Makes durable what was changed since the last sync.
  void sync();
  /// What was changed so far is not made durable by any sync to come.
  void lose_changes() noexcept;
  /// A power cut.
  void crash(std::mt19937_64& random);
  void flip_bit(std::uint64_t offset, unsigned bit);

 private:
  struct Change {
    std::uint64_t offset;
    std::vector<std::byte> bytes;  // none: a resize
    std::uint64_t length;          // of the file afterwards
    bool lost = false;
  };
  static void apply(const Change& change, std::vector<std::byte>& content);
  std::vector<std::byte> torn_content(std::mt19937_64& random) const;

  std::vector<std::byte> content_, durable_;
  std::vector<Change> changes_;
};

}  // namespace libabi::io
