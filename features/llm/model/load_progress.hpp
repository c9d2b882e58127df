#pragma once

#include <abi/base/error.hpp>

#include <functional>

namespace libabi::llm {

/// Tells a callback what fraction of the bytes is done, never less than before.
class LoadProgress {
 public:
  LoadProgress(const std::function<bool(double)>& callback, std::uint64_t total_bytes)
      : callback_(callback), total_(total_bytes) {}
  /// Errors: cancelled (the callback returned false).
  Result<void> add(std::uint64_t bytes);
  Result<void> finish();

 private:
  Result<void> tell(double fraction) const;
  const std::function<bool(double)>& callback_;
  std::uint64_t total_;
  std::uint64_t done_ = 0;
};

}  // namespace libabi::llm
