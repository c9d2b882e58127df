#include "maintenance.hpp"

#include "reader.hpp"

#include <algorithm>

namespace libabi::vdb::journal {

namespace {

// First what is to go is written down, then the bodies go: whatever happens in between, opening the log goes on from there.
Result<void> erase_in_segment(const Folder& folder, Position first, std::span<const Position> positions) {
  ABI_TRY(const Erasures before, load_erasures(folder, first));
  Erasures after{.positions = {}, .under_way = true};
  std::ranges::set_union(before.positions, positions, std::back_inserter(after.positions));
  ABI_TRY(store_erasures(folder, first, after));
  ABI_TRY(overwrite_bodies(folder, first, before.under_way ? after.positions : positions));
  after.under_way = false;
  return store_erasures(folder, first, after);
}

}  // namespace

Result<Position> truncate_before(const Folder& folder, Position position) {
  ABI_TRY(const Listing listing, list(folder));
  const std::vector<Position>& segments = listing.segments;
  std::size_t kept = 0;
  for (; kept + 1 < segments.size() && segments[kept + 1] <= position; ++kept) {
    // One name after the other: a power cut in between leaves no hole.
    ABI_TRY(folder.storage->remove(folder.segment(segments[kept])));
    ABI_TRY(folder.storage->sync_folder(folder.path));
    if (!std::ranges::binary_search(listing.erasures, segments[kept])) continue;
    ABI_TRY(folder.storage->remove(folder.erasures(segments[kept])));
  }
  if (segments.empty()) return error(ErrorCode::corrupt, "{} has no segment any more", folder.path);
  return segments[kept];
}

Result<void> erase(const Folder& folder, std::span<const Position> positions) {
  ABI_TRY(const Listing listing, list(folder));
  for (std::size_t begin = 0; begin < positions.size();) {
    ABI_TRY(const std::size_t place, find_segment(listing.segments, positions[begin]));
    std::size_t end = positions.size();
    if (place + 1 < listing.segments.size())
      end = static_cast<std::size_t>(std::ranges::lower_bound(positions, listing.segments[place + 1]) - positions.begin());
    ABI_TRY(erase_in_segment(folder, listing.segments[place], positions.subspan(begin, end - begin)));
    begin = end;
  }
  return {};
}

Result<Position> find_time(const Folder& folder, std::int64_t time_us, Position last) {
  ABI_TRY(const Listing listing, list(folder));
  // The last segment before which a record is earlier; times never go back.
  std::size_t low = 0, high = listing.segments.size();
  while (low + 1 < high) {
    const std::size_t middle = low + (high - low) / 2;
    ABI_TRY(const SegmentHeader header, read_segment_header(folder, listing.segments[middle]));
    (header.time_before < time_us ? low : high) = middle;
  }
  if (listing.segments.empty()) return last + 1;
  const auto visible = [last]() -> std::optional<Position> { return last; };
  ABI_TRY(const std::unique_ptr<Reader> reader, Reader::open(folder, listing.segments[low], Bodies::pass, visible));
  for (;;) {
    ABI_TRY(const std::optional<LogRecord> record, reader->next());
    if (!record) return last + 1;
    if (record->time_us >= time_us) return record->position;
  }
}

}  // namespace libabi::vdb::journal
