#pragma once
/// Goes from segment to segment.

#include "segment_scan.hpp"

#include <functional>

namespace libabi::vdb::journal {

class Reader final : public LogReader {
 public:
  /// `visible` is the last record that may be seen, all of which is in the files; none: another process writes, and what verifies
  /// may be seen.
  using Visible = std::function<std::optional<Position>()>;
  static Result<std::unique_ptr<Reader>> open(const Folder& folder, Position from, Bodies bodies, Visible visible);

  Result<std::optional<LogRecord>> next() override;
  Position position() const noexcept { return position_; }  // of the next record

 private:
  Reader(const Folder& folder, Position from, Bodies bodies, Visible visible);
  Result<void> enter_segment(const std::vector<Position>& segments);
  Result<void> enter_next_segment();
  Result<std::optional<LogRecord>> read_next();

  Folder folder_;
  Position position_;
  Bodies bodies_;
  Visible visible_;
  std::optional<SegmentScan> scan_;
};

}  // namespace libabi::vdb::journal
