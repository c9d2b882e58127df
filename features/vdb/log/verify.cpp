#include "verify.hpp"

#include "segment_scan.hpp"

#include <algorithm>

namespace libabi::vdb::journal {

namespace {

class Verification {
 public:
  Verification(const Folder& folder, std::optional<Position> visible) : folder_(folder), visible_(visible) {}

  Result<std::vector<LogDamage>> run() {
    ABI_TRY(const Listing listing, list(folder_));
    for (std::size_t i = 0; i < listing.segments.size() && !full(); ++i) ABI_TRY(verify_segment(listing.segments, i));
    for (const Position first : listing.erasures)
      if (!full()) ABI_TRY(verify_erasures(listing.segments, first));
    return std::move(damages_);
  }

 private:
  bool full() const { return damages_.size() >= max_damages; }

  // Damage is noted; whatever else goes wrong ends the verification.
  Result<void> note(const Error& why, const std::filesystem::path& path, Position position, std::uint64_t offset) {
    if (why.code != ErrorCode::corrupt && why.code != ErrorCode::unsupported) return std::unexpected(why);
    damages_.push_back({.file = path.filename().native(), .position = position, .offset = offset, .what = why.text()});
    return {};
  }
  Result<void> note(const std::filesystem::path& path, Position position, std::uint64_t offset, std::string what) {
    return note(Error{ErrorCode::corrupt, std::move(what), {}}, path, position, offset);
  }

  Result<void> verify_segment(const std::vector<Position>& segments, std::size_t i) {
    Result<SegmentScan> scan = SegmentScan::open(folder_, segments[i], Bodies::verify);
    if (!scan) return note(scan.error(), folder_.segment(segments[i]), segments[i], 0);
    if (i > 0 && scan->header().previous != segments[i - 1])
      ABI_TRY(note(scan->path(), segments[i], 0, libabi::format("the segment of record {} is missing", scan->header().previous)));
    while (!full()) {
      if (visible_ && scan->position() > *visible_) return {};
      const Result<std::optional<Frame>> frame =
          scan->next(may_end(segments, i, scan->position()) ? End::allowed : End::forbidden);
      if (frame && (!*frame || (*frame)->seals)) return verify_end(*scan, segments, i, frame->has_value());
      if (frame) continue;
      ABI_TRY(note(frame.error(), scan->path(), scan->position(), scan->offset()));
      ABI_TRY(const bool more, scan->skip_damage());
      if (!more) return {};
    }
    return {};
  }

  // The last segment may, and the one before it where the power went just before it was sealed.
  bool may_end(const std::vector<Position>& segments, std::size_t i, Position position) const {
    if (i + 1 == segments.size()) return !visible_;
    return i + 2 == segments.size() && position == segments[i + 1] && !(visible_ && *visible_ >= position);
  }

  Result<void> verify_end(const SegmentScan& scan, const std::vector<Position>& segments, std::size_t i, bool sealed) {
    if (i + 1 == segments.size()) {
      if (!sealed) return {};
      return note(scan.path(), scan.position(), scan.offset(), "the segment ends and the next one is missing");
    }
    const Result<SegmentHeader> header = read_segment_header(folder_, segments[i + 1]);
    if (!header) return {};  // noted when its turn comes
    if (scan.position() != header->first || scan.chain() != header->chain)
      return note(folder_.segment(header->first), header->first, 0, "the segment does not go on where the one before it ends");
    return {};
  }

  Result<void> verify_erasures(const std::vector<Position>& segments, Position first) {
    const std::filesystem::path path = folder_.erasures(first);
    if (!segments.empty() && first < segments.front()) return {};  // of a segment that was truncated away
    if (!std::ranges::binary_search(segments, first)) return note(path, first, 0, "the list of erased records has no segment");
    const Result<Erasures> erasures = load_erasures(folder_, first);
    if (!erasures) return note(erasures.error(), path, first, 0);
    return {};
  }

  const Folder& folder_;
  const std::optional<Position> visible_;
  std::vector<LogDamage> damages_;
};

}  // namespace

Result<std::vector<LogDamage>> verify(const Folder& folder, std::optional<Position> visible) {
  return Verification(folder, visible).run();
}

}  // namespace libabi::vdb::journal
