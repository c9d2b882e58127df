#pragma once
/// Open addressing with linear probing at half load: item numbers by hash, four bytes a slot. The items are the caller's.

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

namespace libabi::llm {

inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline std::uint64_t hash_text(std::string_view text, std::uint64_t seed) noexcept {
  constexpr std::uint64_t k0 = 0x9E3779B97F4A7C15, k1 = 0xD1B54A32D192ED03;
  const auto load = [](const char* from, std::size_t bytes) {
    std::uint64_t value = 0;
    std::memcpy(&value, from, bytes);
    return value;
  };
  const char* at = text.data();
  std::size_t left = text.size();
  std::uint64_t hash = seed ^ (left * k0);
  for (; left > 8; left -= 8, at += 8) hash = mix(hash ^ load(at, 8), k1);
  std::uint64_t tail = 0;
  if (left >= 4) {
    tail = load(at, 4) << 32 | load(at + left - 4, 4);
  } else if (left > 0) {
    tail = load(at, 1) | load(at + left / 2, 1) << 8 | load(at + left - 1, 1) << 16;
  }
  return mix(hash ^ tail, k0);
}

inline std::uint64_t hash_pair(std::uint32_t a, std::uint32_t b, std::uint64_t seed) noexcept {
  return mix((std::uint64_t{a} << 32 | b) ^ seed, 0x9E3779B97F4A7C15);
}

class HashIndex {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  /// The item with this hash for which same(item), or kNone.
  template <class Same>
  std::uint32_t find(std::uint64_t hash, Same&& same) const noexcept {
    if (slots_.empty()) return kNone;
    for (std::size_t slot = hash >> shift_;; slot = (slot + 1) & (slots_.size() - 1))
      if (slots_[slot] == kNone || same(slots_[slot])) return slots_[slot];
  }

  /// Two items that are the same, when there are such.
  struct Twins {
    std::uint32_t first, second;
  };
  enum class Outcome : std::uint8_t { built, twins, collisions };
  struct Report {
    Outcome outcome;
    Twins twins;
  };
  /// Indexes items 0 to count - 1, below kNone. hash(item, seed), same(item, item). With `keep_first`, the later one of two
  /// same items is left out; else it is reported. An input made to collide is met with other seeds, then reported.
  template <class Hash, class Same>
  Report build(std::uint32_t count, bool keep_first, Hash&& hash, Same&& same) {
    slots_.clear();
    const std::size_t size = std::bit_ceil(2 * static_cast<std::size_t>(count) + 2);
    shift_ = 64 - std::countr_zero(size);
    for (seed_ = 1; seed_ <= kSeeds; ++seed_) {
      slots_.assign(size, kNone);
      const Report report = fill(count, keep_first, hash, same);
      if (report.outcome != Outcome::collisions) return report;
    }
    return {Outcome::collisions, {}};
  }
  /// For the hashes given to find.
  std::uint64_t seed() const noexcept { return seed_; }
  std::uint64_t memory_bytes() const noexcept { return slots_.capacity() * sizeof(slots_[0]); }

 private:
  // At half load the longest chain of a million random items is below 100.
  static constexpr std::size_t kMaxProbes = 1000;
  static constexpr std::uint64_t kSeeds = 4;

  template <class Hash, class Same>
  Report fill(std::uint32_t count, bool keep_first, Hash& hash, Same& same) {
    for (std::uint32_t item = 0; item < count; ++item) {
      std::size_t slot = hash(item, seed_) >> shift_, probes = 0;
      while (slots_[slot] != kNone && !same(slots_[slot], item)) {
        if (++probes > kMaxProbes) return {Outcome::collisions, {}};
        slot = (slot + 1) & (slots_.size() - 1);
      }
      if (slots_[slot] == kNone)
        slots_[slot] = item;
      else if (!keep_first)
        return {Outcome::twins, {slots_[slot], item}};
    }
    return {Outcome::built, {}};
  }

  std::vector<std::uint32_t> slots_;
  int shift_ = 63;
  std::uint64_t seed_ = 1;
};

}  // namespace libabi::llm
