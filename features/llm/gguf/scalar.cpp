#include "gguf/scalar.hpp"

namespace libabi::llm {

namespace {

struct TypeRow {
  std::string_view name;
  std::size_t bytes;
};

// In the order of GgufType.
constexpr TypeRow kTypes[] = {
    {"u8", 1},   {"i8", 1},     {"u16", 2},   {"i16", 2}, {"u32", 4}, {"i32", 4}, {"f32", 4},
    {"bool", 1}, {"string", 8}, {"array", 0}, {"u64", 8}, {"i64", 8}, {"f64", 8},
};

const TypeRow* row_of(GgufType type) noexcept {
  const auto index = static_cast<std::size_t>(type);
  return index < std::size(kTypes) ? &kTypes[index] : nullptr;
}

}  // namespace

std::string_view name(GgufType type) noexcept {
  const TypeRow* row = row_of(type);
  return row ? row->name : "unknown";
}

std::size_t stored_bytes(GgufType type) noexcept {
  const TypeRow* row = row_of(type);
  return row ? row->bytes : 0;
}

std::string shown(std::string_view text) {
  constexpr std::size_t most = 80;
  std::string out;
  for (const char c : text.substr(0, most)) {
    if (c >= 0x20 && c < 0x7f)
      out += c;
    else
      out += format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  if (text.size() > most) out += "...";
  return out;
}

}  // namespace libabi::llm
