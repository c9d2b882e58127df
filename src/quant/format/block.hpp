#pragma once
/// What the block formats share: little-endian fields and the walk over blocks.

#include <abi/quant/format.hpp>

#include <cstddef>

namespace libabi::quant::block {

constexpr std::size_t length = 32;  ///< elements of a block, in every block format so far

inline std::uint16_t load_u16(const std::byte* from) {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(from[0]) | std::to_integer<unsigned>(from[1]) << 8);
}
inline void store_u16(std::uint16_t value, std::byte* to) {
  to[0] = static_cast<std::byte>(value & 0xff);
  to[1] = static_cast<std::byte>(value >> 8);
}
inline std::uint32_t load_u32(const std::byte* from) {
  return load_u16(from) | static_cast<std::uint32_t>(load_u16(from + 2)) << 16;
}
inline void store_u32(std::uint32_t value, std::byte* to) {
  store_u16(static_cast<std::uint16_t>(value & 0xffff), to);
  store_u16(static_cast<std::uint16_t>(value >> 16), to + 2);
}
inline float load_f16(const std::byte* from) { return f16_to_f32(load_u16(from)); }

/// The nearest f16 that is finite: what decodes must stay finite however large the input is.
inline float nearest_scale(float value) {
  constexpr float largest = 65504.0f;
  if (value > largest) return largest;
  if (value < -largest) return -largest;
  return f16_to_f32(f32_to_f16(value));
}

/// Low and high four bits in the order of q4_* and q5_*: byte j holds element j low and element j + 16 high.
inline unsigned low_nibble(std::byte b) { return std::to_integer<unsigned>(b) & 15u; }
inline unsigned high_nibble(std::byte b) { return std::to_integer<unsigned>(b) >> 4; }

}  // namespace libabi::quant::block
