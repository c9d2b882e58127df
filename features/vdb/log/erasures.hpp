#pragma once
/// Which records of a segment are erased: a file beside it, which is there before the first byte of a body is overwritten.

#include "folder.hpp"

namespace libabi::vdb::journal {

struct Erasures {
  std::vector<Position> positions;  // ascending
  bool under_way = false;           // bodies may still be there

  bool contain(Position position) const;
};

/// None where the segment has no such file. Errors: corrupt.
Result<Erasures> load_erasures(const Folder& folder, Position first);
Result<void> store_erasures(const Folder& folder, Position first, const Erasures& erasures);

/// Overwrites the bodies of these records (ascending) with zeros, for good when it returns; all others stay as they are.
/// Errors: corrupt (one of them is not in the segment).
Result<void> overwrite_bodies(const Folder& folder, Position first, std::span<const Position> positions);

}  // namespace libabi::vdb::journal
