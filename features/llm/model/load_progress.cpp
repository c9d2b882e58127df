#include "model/load_progress.hpp"

namespace libabi::llm {

Result<void> LoadProgress::tell(double fraction) const {
  if (callback_ && !callback_(fraction)) return error(ErrorCode::cancelled, "loading is cancelled by the caller");
  return {};
}

Result<void> LoadProgress::add(std::uint64_t bytes) {
  done_ += bytes;
  return tell(done_ < total_ ? static_cast<double>(done_) / static_cast<double>(total_) : 1.0);
}

Result<void> LoadProgress::finish() { return done_ < total_ ? tell(1.0) : Result<void>(); }

}  // namespace libabi::llm
