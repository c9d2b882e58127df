#pragma once
/// Goes through the frames of one segment and tells what verifies from what does not.

#include "erasures.hpp"

namespace libabi::vdb::journal {

enum class Bodies : std::uint8_t { verify, pass };     ///< pass: bodies are not read
enum class End : std::uint8_t { allowed, forbidden };  ///< whether the segment may end here

struct Frame {
  std::uint64_t offset = 0;
  std::uint64_t end = 0;
  std::optional<RecordHeader> record;  // else it is a mark
  Mark mark;
  bool seals = false;               // the mark ends the segment
  bool erased = false;              // the record
  std::span<const std::byte> body;  // of a record that was verified; until the next call
};

class SegmentScan {
 public:
  static Result<SegmentScan> open(const Folder& folder, Position first, Bodies bodies);

  /// The next frame. None: there is none, and what is behind was never known to be synced. Errors: corrupt, where bytes do not
  /// verify which were synced or, where no end is allowed, at all. Reads on from where it stopped at the next call.
  Result<std::optional<Frame>> next(End end);

  /// For verify(), after an error: goes on behind the damaged body, or at the next frame that verifies. False: there is none.
  Result<bool> skip_damage();

  void set_bodies(Bodies bodies) noexcept { bodies_ = bodies; }
  const SegmentHeader& header() const noexcept { return header_; }
  std::uint64_t offset() const noexcept { return offset_; }   // of the next frame
  Position position() const noexcept { return position_; }    // of the next record
  const Digest& chain() const noexcept { return chain_; }     // of all before it
  std::int64_t time_us() const noexcept { return time_us_; }  // of the record before it
  std::uint64_t synced() const noexcept { return synced_; }   // that far, as the marks so far say
  const std::filesystem::path& path() const noexcept { return path_; }
  io::File& file() noexcept { return *file_; }

 private:
  struct Look {
    std::optional<Frame> frame;
    const char* why = nullptr;  // there is none
  };

  SegmentScan(const Folder& folder, Position first, Bodies bodies);
  Result<std::span<const std::byte>> view(std::uint64_t offset, std::size_t bytes);
  void forget_view() noexcept { view_.clear(); }
  Result<Look> look();
  Result<Look> look_at_record(RecordHeader record);
  Result<bool> is_erased(Position position);
  Result<bool> synced_behind();
  void advance(const Frame& frame) noexcept;

  Folder folder_;
  Position first_;
  Bodies bodies_;
  std::filesystem::path path_;
  std::shared_ptr<io::File> file_;
  SegmentHeader header_;
  std::vector<std::byte> view_;
  std::uint64_t view_offset_ = 0;
  std::uint64_t offset_ = segment_header_bytes;
  Position position_ = 0;
  Digest chain_{};
  bool unchained_ = false;  // what stands before the next record is not known
  std::int64_t time_us_ = 0;
  std::uint64_t synced_ = segment_header_bytes;
};

}  // namespace libabi::vdb::journal
