#pragma once
/// What opening a log for writing finds, and puts in order.

#include "folder.hpp"

namespace libabi::vdb::journal {

/// Where the writer goes on.
struct Tail {
  SegmentHeader segment;
  std::shared_ptr<io::File> file;
  std::uint64_t offset = segment_header_bytes;
  std::uint64_t synced = segment_header_bytes;  // all before it is on the disk, which is all but a last mark that says so
  Position last = 0;
  std::int64_t time_us = 0;
  Digest chain{};
};

struct Recovered {
  Position first = 1;
  Tail tail;
};

/// Cuts off what was never acknowledged, ends what was begun (the change to a new segment, an erasure), and makes the rest
/// durable. May be cut off itself at any point. Errors: corrupt, those of files.
Result<Recovered> recover(const Folder& folder, LogClock& clock);

/// Each segment's header, and that it follows the one before.
Result<void> check_headers(const Folder& folder, const std::vector<Position>& segments);

/// Writes the mark that ends a segment, for good when it returns; everything before `offset` must be durable.
Result<void> seal(io::File& file, const SegmentHeader& segment, std::uint64_t offset, Position last);

std::uint64_t salt_for(Position first, const Digest& chain, std::int64_t now_us) noexcept;

}  // namespace libabi::vdb::journal
