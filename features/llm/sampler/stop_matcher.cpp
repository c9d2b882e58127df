#include <abi/llm/sampler.hpp>

#include <algorithm>
#include <utility>

namespace libabi::llm {

namespace {

/// The length of the longest end of `text` that is the beginning of `stop` and not all of it.
std::size_t begun(std::string_view text, std::string_view stop) {
  for (std::size_t n = std::min(text.size(), stop.size() - 1); n > 0; --n)
    if (text.ends_with(stop.substr(0, n))) return n;
  return 0;
}

}  // namespace

StopMatcher::StopMatcher(std::vector<std::string> stops) : stops_(std::move(stops)) {
  std::erase_if(stops_, [](const std::string& stop) { return stop.empty(); });
}

StopMatcher::Output StopMatcher::push(std::string_view text) {
  held_ += text;
  // The stop that is complete first, however the text was cut; of two that end together the longer.
  std::size_t first = std::string::npos, first_end = std::string::npos;
  for (const std::string& stop : stops_) {
    const std::size_t found = held_.find(stop);
    if (found == std::string::npos || std::pair(found + stop.size(), found) > std::pair(first_end, first)) continue;
    first = found;
    first_end = found + stop.size();
  }
  if (first != std::string::npos) {
    Output output{.text = held_.substr(0, first), .stopped = true};
    held_.clear();
    return output;
  }
  std::size_t keep = 0;
  for (const std::string& stop : stops_) keep = std::max(keep, begun(held_, stop));
  Output output{.text = held_.substr(0, held_.size() - keep)};
  held_.erase(0, held_.size() - keep);
  return output;
}

std::string StopMatcher::flush() { return std::exchange(held_, {}); }

}  // namespace libabi::llm
