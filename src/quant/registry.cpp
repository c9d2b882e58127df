#include "format/descriptors.hpp"

#include <abi/quant/format.hpp>

namespace libabi::quant {

namespace {

constexpr const Format* members[] = {
#define ABI_FORMAT(name) &descriptor::name,
#include <abi/quant/formats.def>
#undef ABI_FORMAT
};

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool same_without_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

}  // namespace

std::span<const Format* const> formats() noexcept { return members; }

const Format& format(FormatId id) noexcept { return *members[static_cast<std::size_t>(id)]; }

const Format* find_format(std::string_view name) noexcept {
  for (const Format* member : members)
    if (same_without_case(member->name, name)) return member;
  return nullptr;
}

const Format* find_gguf_type(std::uint32_t gguf_type) noexcept {
  for (const Format* member : members)
    if (member->gguf_type == gguf_type) return member;
  return nullptr;
}

Result<std::uint64_t> row_bytes(const Format& format, std::uint64_t columns) {
  if (columns % format.block_length != 0)
    return error(ErrorCode::invalid_argument, "a row of {} has {} columns, which is no multiple of {}", format.name, columns,
                 format.block_length);
  std::uint64_t bytes = 0;
  if (__builtin_mul_overflow(columns / format.block_length, std::uint64_t{format.block_bytes}, &bytes))
    return error(ErrorCode::invalid_argument, "a row of {} has {} columns, whose bytes exceed 64 bits", format.name, columns);
  return bytes;
}

}  // namespace libabi::quant
