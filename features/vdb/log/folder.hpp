#pragma once
/// The names in a log's folder.

#include "format.hpp"

namespace libabi::vdb::journal {

struct Folder {
  io::Storage* storage = nullptr;
  std::filesystem::path path;

  std::filesystem::path segment(Position first) const;
  std::filesystem::path erasures(Position first) const;
};

struct Listing {
  std::vector<Position> segments;      // ascending
  std::vector<Position> erasures;      // segments that have such a file, ascending
  std::vector<std::string> leftovers;  // files that were being made
};

/// Names that are no log's are left alone.
Result<Listing> list(const Folder& folder);

/// The place in `segments` of the one that has the position: the last that does not begin after it. Errors: out_of_range.
Result<std::size_t> find_segment(const std::vector<Position>& segments, Position position);

Result<SegmentHeader> read_segment_header(const Folder& folder, Position first);

/// Makes a segment that has no record yet; it is there as a whole or not at all, and for good when this returns.
Result<void> make_segment(const Folder& folder, const SegmentHeader& header);

}  // namespace libabi::vdb::journal
