#pragma once
/// What SlabAllocator needs inline: its size classes, and a thread's cache of free blocks. Not for users.

#include <abi/base/api.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace libabi::memory::detail {

/// Blocks of these sizes are made: steps of 16 to 128, then four to a doubling; the last two are a third and a half of a slab.
inline constexpr std::array<std::uint32_t, 38> slab_class_bytes{
    16,   32,   48,   64,   80,   96,   112,  128,  160,  192,  224,  256,  320,  384,   448,   512,   640,   768,   896,
    1024, 1280, 1536, 1792, 2048, 2560, 3072, 3584, 4096, 5120, 6144, 7168, 8192, 10240, 12288, 14336, 16384, 21824, 32768};
inline constexpr std::size_t slab_classes = slab_class_bytes.size();
inline constexpr std::size_t slab_largest = slab_class_bytes.back();
inline constexpr std::size_t slab_natural = 16;  // every block's alignment

/// The smallest class that holds each number of units of `unit` bytes.
template <std::size_t unit, std::size_t largest>
consteval auto slab_class_table() {
  std::array<std::uint8_t, largest / unit + 1> table{};
  std::uint8_t each = 0;
  for (std::size_t units = 0; units < table.size(); ++units) {
    while (slab_class_bytes[each] < units * unit) ++each;
    table[units] = each;
  }
  return table;
}
inline constexpr auto slab_small = slab_class_table<16, 1024>();
inline constexpr auto slab_large = slab_class_table<64, slab_largest>();

/// For bytes <= slab_largest.
constexpr unsigned slab_class_of(std::size_t bytes) noexcept {
  return bytes <= 1024 ? slab_small[(bytes + 15) / 16] : slab_large[(bytes + 63) / 64];
}
/// The smallest class that holds `bytes` <= slab_largest and whose blocks are aligned to `align` <= 4096: a slab is.
constexpr unsigned slab_class_of(std::size_t bytes, std::size_t align) noexcept {
  unsigned each = slab_class_of(bytes);
  while (slab_class_bytes[each] % align != 0) ++each;  // ends at a power of two
  return each;
}

/// Free blocks of one class, the one given back last on top.
struct SlabMagazine {
  void** top;
  void** bottom;
  void** limit;
};

/// A second magazine that is wholly full or wholly empty.
struct SlabSpare {
  void** bottom;
  bool full;
};

struct SlabCache {
  std::array<SlabMagazine, slab_classes> magazines;
};

/// Has no blocks, ever.
inline constinit SlabMagazine slab_no_magazine{};

/// This thread's caches by the number of their allocator. Where a thread has none there is one without room and without
/// blocks, so that nothing needs to be asked for before it is used.
extern ABI_API constinit thread_local SlabCache* const* slab_caches __attribute__((tls_model("initial-exec")));

}  // namespace libabi::memory::detail
