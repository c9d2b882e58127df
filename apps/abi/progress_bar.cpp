#include "progress_bar.hpp"

#include "terminal.hpp"

#include <algorithm>
#include <cstdio>

namespace app {

ProgressBar::ProgressBar(std::string label, bool quiet) : label_(std::move(label)), visible_(!quiet && stderr_is_terminal()) {}

ProgressBar::~ProgressBar() {
  if (visible_ && shown_ >= 0) std::fputs("\r\033[K", stderr);
}

void ProgressBar::update(double fraction) {
  if (!visible_) return;
  const int percent = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * 100);
  if (percent == shown_) return;
  shown_ = percent;
  constexpr int width = 30;
  const int full = percent * width / 100;
  std::string bar;
  for (int i = 0; i < width; ++i) bar += i < full ? "█" : "░";
  std::fprintf(stderr, "\r%s %s %3d %%", label_.c_str(), bar.c_str(), percent);
  std::fflush(stderr);
}

}  // namespace app
