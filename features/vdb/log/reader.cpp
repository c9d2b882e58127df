#include "reader.hpp"

#include <abi/base/boundary.hpp>

#include <algorithm>
#include <utility>

namespace libabi::vdb::journal {

Reader::Reader(const Folder& folder, Position from, Bodies bodies, Visible visible)
    : folder_(folder), position_(from), bodies_(bodies), visible_(std::move(visible)) {}

Result<std::unique_ptr<Reader>> Reader::open(const Folder& folder, Position from, Bodies bodies, Visible visible) {
  std::unique_ptr<Reader> reader(new Reader(folder, from, bodies, std::move(visible)));
  ABI_TRY(const Listing listing, list(folder));
  ABI_TRY(reader->enter_segment(listing.segments));
  return reader;
}

Result<void> Reader::enter_segment(const std::vector<Position>& segments) {
  ABI_TRY(const std::size_t place, find_segment(segments, position_));
  Result<SegmentScan> scan = SegmentScan::open(folder_, segments[place], Bodies::pass);
  if (!scan && scan.error().code == ErrorCode::not_found)
    return error(ErrorCode::out_of_range, "record {} was truncated away", position_);
  ABI_TRY(scan_, std::move(scan));
  return {};
}

Result<void> Reader::enter_next_segment() {
  Result<SegmentScan> scan = SegmentScan::open(folder_, scan_->position(), Bodies::pass);
  if (scan && (scan->header().previous != scan_->header().first || scan->header().chain != scan_->chain()))
    return error(ErrorCode::corrupt, "{} does not go on where {} ends", scan->path(), scan_->path());
  if (!scan && scan.error().code == ErrorCode::not_found) {
    ABI_TRY(const Listing listing, list(folder_));
    if (!listing.segments.empty() && listing.segments.front() > scan_->position())
      return error(ErrorCode::out_of_range, "record {} was truncated away", scan_->position());
    return error(ErrorCode::corrupt, "{} is missing: {} ends before it", folder_.segment(scan_->position()), scan_->path());
  }
  ABI_TRY(scan_, std::move(scan));
  return {};
}

Result<std::optional<LogRecord>> Reader::next() {
  return boundary([&] { return read_next(); });
}

Result<std::optional<LogRecord>> Reader::read_next() {
  for (;;) {
    const std::optional<Position> visible = visible_();
    if (visible && scan_->position() > *visible) return std::nullopt;
    scan_->set_bodies(scan_->position() < position_ ? Bodies::pass : bodies_);
    ABI_TRY(const std::optional<Frame> frame, scan_->next(visible ? End::forbidden : End::allowed));
    if (!frame) {
      // Where the writer was cut off just before it sealed the segment, the next one says that it has ended.
      const bool ended = scan_->position() > scan_->header().first && folder_.storage->info(folder_.segment(scan_->position()));
      if (!ended) return std::nullopt;
    }
    if (!frame || frame->seals) {
      ABI_TRY(enter_next_segment());
      continue;
    }
    if (!frame->record || frame->record->position < position_) continue;
    position_ = frame->record->position + 1;
    return LogRecord{
        .position = frame->record->position, .time_us = frame->record->time_us, .erased = frame->erased, .body = frame->body};
  }
}

}  // namespace libabi::vdb::journal
