#include "page_gap.hpp"

#include <bit>

namespace libabi::vdb::sqlite {

namespace {

constexpr std::size_t least_page = 512, most_page = 65536, file_header = 100;
constexpr std::size_t cells_at = 3, content_at = 5;
constexpr std::size_t interior_header = 12, leaf_header = 8;

std::size_t number_at(std::span<const std::byte> page, std::size_t at) noexcept {
  return std::to_integer<std::size_t>(page[at]) << 8 | std::to_integer<std::size_t>(page[at + 1]);
}

std::size_t header_bytes(unsigned kind) noexcept {
  if (kind == 2 || kind == 5) return interior_header;
  if (kind == 10 || kind == 13) return leaf_header;
  return 0;
}

}  // namespace

Gap gap_of(std::span<const std::byte> page, bool first) noexcept {
  if (page.size() < least_page || page.size() > most_page || !std::has_single_bit(page.size())) return {};
  const std::size_t header = first ? file_header : 0;
  const std::size_t bytes = header_bytes(std::to_integer<unsigned>(page[header]));
  if (bytes == 0) return {};
  const std::size_t content = number_at(page, header + content_at);
  const Gap gap{.begin = header + bytes + 2 * number_at(page, header + cells_at), .end = content == 0 ? most_page : content};
  return gap.begin < gap.end && gap.end <= page.size() ? gap : Gap{};
}

}  // namespace libabi::vdb::sqlite
