#include "sync/model/history.hpp"

namespace libabi::sync::model {

Lanes History::lanes() const {
  Lanes lanes(lanes_.size());
  for (std::size_t lane = 0; lane < lanes_.size(); ++lane)
    for (const Recorded& recorded : lanes_[lane]) {
      Call call{recorded.operation, std::vector<std::uint32_t>(lanes_.size())};
      for (std::size_t other = 0; other < lanes_.size(); ++other) {
        std::uint32_t& before = call.before[other];
        if (other == lane) {
          before = static_cast<std::uint32_t>(lanes[lane].size());
        } else if (lane == kThreads || other == 0) {  // the body after its threads; the body before them
          before = static_cast<std::uint32_t>(lanes_[other].size());
        } else if (other != kThreads) {
          while (before < lanes_[other].size() && lanes_[other][before].end <= recorded.begin.happened.known[other]) ++before;
        }
      }
      lanes[lane].push_back(std::move(call));
    }
  return lanes;
}

}  // namespace libabi::sync::model
