#pragma once

#include <abi/llm/gguf.hpp>

#include <bit>
#include <cstring>

namespace libabi::llm {

static_assert(std::endian::native == std::endian::little, "GGUF files are read in place");

/// Bytes of a value of this type in a file; of a string only the length before it, of an array 0.
std::size_t stored_bytes(GgufType type) noexcept;

/// A value at any address.
template <class T>
T load(const std::byte* at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

/// Calls visit(number) with the number of type `type` that stands at `at`; false where the type is no number.
template <class Visit>
bool visit_number(GgufType type, const std::byte* at, Visit&& visit) {
  switch (type) {
    case GgufType::u8: visit(load<std::uint8_t>(at)); return true;
    case GgufType::i8: visit(load<std::int8_t>(at)); return true;
    case GgufType::u16: visit(load<std::uint16_t>(at)); return true;
    case GgufType::i16: visit(load<std::int16_t>(at)); return true;
    case GgufType::u32: visit(load<std::uint32_t>(at)); return true;
    case GgufType::i32: visit(load<std::int32_t>(at)); return true;
    case GgufType::u64: visit(load<std::uint64_t>(at)); return true;
    case GgufType::i64: visit(load<std::int64_t>(at)); return true;
    case GgufType::f32: visit(load<float>(at)); return true;
    case GgufType::f64: visit(load<double>(at)); return true;
    case GgufType::boolean:
    case GgufType::string:
    case GgufType::array: return false;
  }
  return false;
}

/// A key or a name as an error shows it: printable ASCII, the rest as \xNN, cut after 80 bytes.
std::string shown(std::string_view text);

}  // namespace libabi::llm
