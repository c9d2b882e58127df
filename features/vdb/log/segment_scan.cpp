#include "segment_scan.hpp"

#include <algorithm>
#include <utility>

namespace libabi::vdb::journal {

namespace {

constexpr std::size_t read_ahead_bytes = std::size_t{64} << 10;

bool all_zero(std::span<const std::byte> bytes) {
  return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

}  // namespace

SegmentScan::SegmentScan(const Folder& folder, Position first, Bodies bodies)
    : folder_(folder), first_(first), bodies_(bodies), path_(folder.segment(first)) {}

Result<SegmentScan> SegmentScan::open(const Folder& folder, Position first, Bodies bodies) {
  SegmentScan scan(folder, first, bodies);
  ABI_TRY(scan.file_, folder.storage->open(scan.path_));
  ABI_TRY(scan.header_, read_segment_header(folder, first));
  scan.position_ = first;
  scan.chain_ = scan.header_.chain;
  scan.time_us_ = scan.header_.time_before;
  return scan;
}

// So many bytes from there on, or fewer where the file ends. What is returned is from one moment or several: see next().
Result<std::span<const std::byte>> SegmentScan::view(std::uint64_t offset, std::size_t bytes) {
  if (offset < view_offset_ || offset + bytes > view_offset_ + view_.size()) {
    ABI_TRY(const std::uint64_t size, file_->size());
    const std::uint64_t there = size > offset ? size - offset : 0;
    view_.clear();
    view_.resize(std::min<std::uint64_t>(there, std::max(bytes, read_ahead_bytes)));
    ABI_TRY(const std::size_t count, file_->read(offset, view_));
    view_.resize(count);
    view_offset_ = offset;
  }
  const std::size_t from = offset - view_offset_;
  return std::span<const std::byte>(view_).subspan(from, std::min(bytes, view_.size() - from));
}

Result<SegmentScan::Look> SegmentScan::look() {
  ABI_TRY(const std::span<const std::byte> bytes, view(offset_, record_header_bytes));
  if (bytes.size() < mark_bytes) return Look{.frame = {}, .why = "the file ends"};
  if (const std::optional<Mark> mark = decode_mark(bytes, header_.salt, offset_)) {
    if (mark->last != position_ - 1) return Look{.frame = {}, .why = "a mark follows another record than the one before it"};
    return Look{.frame = Frame{.offset = offset_,
                               .end = offset_ + mark_bytes,
                               .record = {},
                               .mark = *mark,
                               .seals = (mark->flags & mark_seals) != 0,
                               .erased = false,
                               .body = {}},
                .why = nullptr};
  }
  if (bytes.size() < record_header_bytes) return Look{.frame = {}, .why = "the file ends"};
  const std::optional<RecordHeader> record = decode_record(bytes, header_.salt, offset_);
  if (!record) return Look{.frame = {}, .why = all_zero(bytes) ? "there are zeros" : "the bytes are no frame"};
  return look_at_record(*record);
}

Result<SegmentScan::Look> SegmentScan::look_at_record(RecordHeader record) {
  if (record.position != position_) return Look{.frame = {}, .why = "the record has another position"};
  if (!unchained_ && record.chain != chained(chain_, record))
    return Look{.frame = {}, .why = "the record does not belong to those before it"};
  if (record.bytes > max_record_bytes) return Look{.frame = {}, .why = "the record is longer than any"};
  Frame frame{.offset = offset_,
              .end = offset_ + frame_bytes(record.bytes),
              .record = record,
              .mark = {},
              .seals = false,
              .erased = false,
              .body = {}};
  if (bodies_ == Bodies::pass) {
    ABI_TRY(const std::uint64_t size, file_->size());
    if (frame.end > size) return Look{.frame = {}, .why = "the file ends within the record"};
    return Look{.frame = frame, .why = nullptr};
  }
  ABI_TRY(const std::span<const std::byte> bytes, view(offset_, frame.end - offset_));
  if (bytes.size() < frame.end - offset_) return Look{.frame = {}, .why = "the file ends within the record"};
  frame.body = bytes.subspan(record_header_bytes, record.bytes);
  const bool whole = digest(frame.body) == record.digest;
  if (!whole || all_zero(frame.body)) {
    ABI_TRY(frame.erased, is_erased(record.position));
    if (frame.erased) frame.body = {};
  }
  if (!whole && !frame.erased) return Look{.frame = {}, .why = "the body is not what it was"};
  if (!all_zero(bytes.subspan(record_header_bytes + record.bytes)))
    return Look{.frame = {}, .why = "the bytes behind the body are not zero"};
  return Look{.frame = frame, .why = nullptr};
}

// Read anew each time: another thread or process may be erasing.
Result<bool> SegmentScan::is_erased(Position position) {
  ABI_TRY(const Erasures erasures, load_erasures(folder_, first_));
  return erasures.contain(position);
}

// Whether a mark behind the next frame says that the frame was synced. A mark cannot be met by accident.
Result<bool> SegmentScan::synced_behind() {
  if (synced_ > offset_) return true;
  std::vector<std::byte> bytes(read_ahead_bytes);
  for (std::uint64_t at = offset_;;) {
    ABI_TRY(const std::size_t count, file_->read(at, bytes));
    if (count < mark_bytes) return false;
    std::size_t i = 0;
    for (; i + mark_bytes <= count; i += 8) {
      const std::optional<Mark> mark = decode_mark(std::span(bytes).subspan(i, mark_bytes), header_.salt, at + i);
      if (mark && mark->synced > offset_) return true;
    }
    at += i;
  }
}

Result<std::optional<Frame>> SegmentScan::next(End end) {
  ABI_TRY(Look found, look());
  if (!found.frame) {
    // What was read may be from before the writer's latest write; what is known to be synced by now is there by now.
    bool damaged = end == End::forbidden;
    if (!damaged) {
      ABI_TRY(damaged, synced_behind());
    }
    forget_view();
    ABI_TRY(found, look());
    if (!found.frame) forget_view();
    if (!found.frame && !damaged) return std::nullopt;
  }
  if (!found.frame)
    return error(ErrorCode::corrupt, "{}: record {} is expected at offset {}, but {}", path_, position_, offset_, found.why);
  advance(*found.frame);
  return found.frame;
}

void SegmentScan::advance(const Frame& frame) noexcept {
  offset_ = frame.end;
  if (!frame.record) {
    synced_ = std::max(synced_, frame.mark.synced);
    return;
  }
  unchained_ = false;
  position_ = frame.record->position + 1;
  chain_ = frame.record->chain;
  time_us_ = frame.record->time_us;
}

Result<bool> SegmentScan::skip_damage() {
  forget_view();
  const Bodies bodies = std::exchange(bodies_, Bodies::pass);
  ABI_TRY(const Look found, look());
  bodies_ = bodies;
  if (found.frame) {  // only its body is damaged
    advance(*found.frame);
    return true;
  }
  ABI_TRY(const std::uint64_t size, file_->size());
  for (offset_ += 8; offset_ + record_header_bytes <= size; offset_ += 8) {
    ABI_TRY(const std::span<const std::byte> bytes, view(offset_, record_header_bytes));
    if (bytes.size() < record_header_bytes) break;
    const std::optional<RecordHeader> record = decode_record(bytes, header_.salt, offset_);
    if (!record || record->position < position_ || frame_bytes(record->bytes) > size - offset_) continue;
    position_ = record->position;
    unchained_ = true;
    return true;
  }
  return false;
}

}  // namespace libabi::vdb::journal
