#pragma once

#include <string>

namespace app {

/// A bar on standard error where that is a terminal, and nothing elsewhere. The destructor takes it off the screen.
class ProgressBar {
 public:
  explicit ProgressBar(std::string label, bool quiet = false);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  /// `fraction` is 0 to 1; the bar is drawn only when it looks different.
  void update(double fraction);

 private:
  std::string label_;
  bool visible_;
  int shown_ = -1;  // per cent
};

}  // namespace app
