#pragma once
/// The part of a page of SQLite's file that nothing stands in, between the list of its cells and the cells themselves.
///
/// secure_delete zeroes a cell where it is deleted. A page that is laid out anew when its b-tree is balanced keeps old copies of
/// its cells in this gap (rebuildPage), and those of a cell that is deleted later stay. So the gap is written as zeros: no reader
/// looks at it, and the file has no checksum over it.

#include <cstddef>
#include <span>

namespace libabi::vdb::sqlite {

/// A page of a b-tree begins with its kind (2, 5, 10 or 13), any other with the upper byte of a page number: with fewer pages
/// than this, none of those is mistaken for one.
inline constexpr std::size_t most_pages = (std::size_t{1} << 25) - 1;

struct Gap {
  std::size_t begin = 0, end = 0;
};

/// Empty where the page is none of a b-tree, or is no page. `first`: the page begins with the header of the file.
Gap gap_of(std::span<const std::byte> page, bool first) noexcept;

}  // namespace libabi::vdb::sqlite
