#include "recovery.hpp"

#include "segment_scan.hpp"

#include <algorithm>

namespace libabi::vdb::journal {

namespace {

constexpr std::size_t rewrite_bytes = std::size_t{256} << 10;

Result<void> remove_leftovers(const Folder& folder, const Listing& listing) {
  bool removed = false;
  for (const std::string& name : listing.leftovers) {
    ABI_TRY(folder.storage->remove(folder.path / name));
    removed = true;
  }
  for (const Position first : listing.erasures) {
    if (listing.segments.empty() || first >= listing.segments.front()) continue;  // else the segment was truncated away
    ABI_TRY(folder.storage->remove(folder.erasures(first)));
    removed = true;
  }
  if (!removed) return {};
  return folder.storage->sync_folder(folder.path);
}

Result<void> finish_erasures(const Folder& folder, const Listing& listing) {
  for (const Position first : listing.erasures) {
    if (!std::ranges::binary_search(listing.segments, first)) {
      if (!listing.segments.empty() && first < listing.segments.front()) continue;
      return error(ErrorCode::corrupt, "{} is there without its segment", folder.erasures(first));
    }
    ABI_TRY(Erasures erasures, load_erasures(folder, first));
    if (!erasures.under_way) continue;
    ABI_TRY(overwrite_bodies(folder, first, erasures.positions));
    erasures.under_way = false;
    ABI_TRY(store_erasures(folder, first, erasures));
  }
  return {};
}

Result<bool> is_sealed(const Folder& folder, Position first, const SegmentHeader& next) {
  ABI_TRY(const std::shared_ptr<io::File> file, folder.storage->open(folder.segment(first)));
  ABI_TRY(const SegmentHeader header, read_segment_header(folder, first));
  ABI_TRY(const std::uint64_t size, file->size());
  if (size < segment_header_bytes + mark_bytes) return false;
  std::array<std::byte, mark_bytes> bytes;
  ABI_TRY(const std::size_t count, file->read(size - mark_bytes, bytes));
  if (count != mark_bytes) return false;
  const std::optional<Mark> mark = decode_mark(bytes, header.salt, size - mark_bytes);
  return mark && (mark->flags & mark_seals) != 0 && mark->last == next.first - 1;
}

// The power may have gone between the making of a segment and the end of the one before, which was synced by then.
Result<void> finish_sealing(const Folder& folder, Position first, const SegmentHeader& next) {
  ABI_TRY(const bool sealed, is_sealed(folder, first, next));
  if (sealed) return {};
  ABI_TRY(SegmentScan scan, SegmentScan::open(folder, first, Bodies::verify));
  while (scan.position() < next.first) ABI_TRY(scan.next(End::forbidden));
  if (scan.position() != next.first || scan.chain() != next.chain)
    return error(ErrorCode::corrupt, "{} does not go on where {} ends", folder.segment(next.first), scan.path());
  ABI_TRY(const std::shared_ptr<io::File> file, folder.storage->open(scan.path(), {.access = io::Access::write}));
  return seal(*file, scan.header(), scan.offset(), next.first - 1);
}

// After a sync that failed, bytes may be readable that are not on the disk, and that no later sync would write.
Result<void> write_again(io::File& file, std::uint64_t from, std::uint64_t to) {
  std::vector<std::byte> bytes(std::min<std::uint64_t>(to - from, rewrite_bytes));
  while (from < to) {
    const std::span<std::byte> piece = std::span(bytes).first(std::min<std::uint64_t>(to - from, bytes.size()));
    ABI_TRY(const std::size_t count, file.read(from, piece));
    if (count != piece.size()) return error(ErrorCode::aborted, "the segment became shorter while the log was opened");
    ABI_TRY(file.write(from, piece));
    from += count;
  }
  return {};
}

Result<Tail> recover_tail(const Folder& folder, Position first) {
  ABI_TRY(SegmentScan scan, SegmentScan::open(folder, first, Bodies::verify));
  bool marked = true;
  for (;;) {
    ABI_TRY(const std::optional<Frame> frame, scan.next(End::allowed));
    if (!frame) break;
    if (frame->seals)
      return error(ErrorCode::corrupt, "{} is missing: {} ends before it", folder.segment(scan.position()), scan.path());
    marked = !frame->record && frame->mark.synced == frame->offset;
  }
  ABI_TRY(std::shared_ptr<io::File> file, folder.storage->open(scan.path(), {.access = io::Access::write}));
  ABI_TRY(file->resize(scan.offset()));
  ABI_TRY(write_again(*file, scan.synced(), scan.offset()));
  ABI_TRY(file->sync());
  std::uint64_t end = scan.offset();
  if (!marked) {
    std::array<std::byte, mark_bytes> bytes;
    encode(Mark{.flags = 0, .last = scan.position() - 1, .synced = end}, scan.header().salt, end, bytes);
    ABI_TRY(file->write(end, bytes));
    end += mark_bytes;
  }
  return Tail{.segment = scan.header(),
              .file = std::move(file),
              .offset = end,
              .synced = scan.offset(),
              .last = scan.position() - 1,
              .time_us = scan.time_us(),
              .chain = scan.chain()};
}

}  // namespace

std::uint64_t salt_for(Position first, const Digest& chain, std::int64_t now_us) noexcept {
  return checksum(chain, first ^ (static_cast<std::uint64_t>(now_us) << 20));
}

Result<void> seal(io::File& file, const SegmentHeader& segment, std::uint64_t offset, Position last) {
  std::array<std::byte, mark_bytes> bytes;
  encode(Mark{.flags = mark_seals, .last = last, .synced = offset}, segment.salt, offset, bytes);
  ABI_TRY(file.resize(offset));  // what was prepared for more
  ABI_TRY(file.write(offset, bytes));
  return file.sync();
}

Result<void> check_headers(const Folder& folder, const std::vector<Position>& segments) {
  for (std::size_t i = 0; i < segments.size(); ++i) {
    ABI_TRY(const SegmentHeader header, read_segment_header(folder, segments[i]));
    if (i > 0 && header.previous != segments[i - 1])
      return error(ErrorCode::corrupt, "{} is missing: {} follows it", folder.segment(header.previous),
                   folder.segment(segments[i]));
  }
  return {};
}

Result<Recovered> recover(const Folder& folder, LogClock& clock) {
  ABI_TRY(Listing listing, list(folder));
  ABI_TRY(remove_leftovers(folder, listing));
  if (listing.segments.empty()) {
    if (!listing.erasures.empty())
      return error(ErrorCode::corrupt, "{} is there without its segment", folder.erasures(listing.erasures.front()));
    ABI_TRY(make_segment(folder,
                         {.first = 1, .previous = 0, .time_before = 0, .salt = salt_for(1, {}, clock.now_us()), .chain = {}}));
    listing.segments.push_back(1);
  }
  ABI_TRY(check_headers(folder, listing.segments));
  // A name that was seen may not be on the disk yet, where whoever made it could not sync it; what follows stands on it.
  ABI_TRY(folder.storage->sync_folder(folder.path));
  const Position last = listing.segments.back();
  if (listing.segments.size() > 1) {
    ABI_TRY(const SegmentHeader header, read_segment_header(folder, last));
    ABI_TRY(finish_sealing(folder, listing.segments[listing.segments.size() - 2], header));
  }
  ABI_TRY(finish_erasures(folder, listing));
  ABI_TRY(Tail tail, recover_tail(folder, last));
  return Recovered{.first = listing.segments.front(), .tail = std::move(tail)};
}

}  // namespace libabi::vdb::journal
