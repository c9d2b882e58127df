#pragma once
// Whether there is an order of the calls of a history, one that keeps every call before those that began after it was over, in
// which a sequential structure gives the same results: linearizability (Herlihy and Wing, 1990).
//
// The search is that of Wing and Gong (1993) with the memory of Lowe (Testing for linearizability, 2017): a set of calls that
// were put in order, together with the state they lead to, is tried once. Since the calls of a lane keep their order, such a
// set is a number for each lane.

#include "sync/model/operation.hpp"

#include <string>
#include <unordered_set>

namespace libabi::sync::model {

namespace detail {

template <class Specification>
class Search {
 public:
  explicit Search(const Lanes& lanes) : lanes_(lanes), done_(lanes.size(), 0) {
    for (const auto& lane : lanes) left_ += lane.size();
  }

  bool from(const Specification& state) {
    if (left_ == 0) return true;
    if (!tried_.insert(key(state)).second) return false;
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
      if (done_[lane] == lanes_[lane].size()) continue;
      const Call& call = lanes_[lane][done_[lane]];
      if (!may_be_next(call)) continue;
      Specification next = state;
      if (!next.apply(call.operation)) continue;
      ++done_[lane], --left_;
      const bool found = from(next);
      --done_[lane], ++left_;
      if (found) return true;
    }
    return false;
  }

 private:
  bool may_be_next(const Call& call) const {
    for (std::size_t lane = 0; lane < lanes_.size(); ++lane)
      if (done_[lane] < call.before[lane]) return false;
    return true;
  }

  std::string key(const Specification& state) const {
    std::string key;
    const auto put = [&key](auto number) { key.append(reinterpret_cast<const char*>(&number), sizeof(number)); };
    for (const std::uint32_t done : done_) put(done);
    state.write(put);
    return key;
  }

  const Lanes& lanes_;
  std::vector<std::uint32_t> done_;
  std::size_t left_ = 0;
  std::unordered_set<std::string> tried_;
};

}  // namespace detail

/// `initial` is a sequential structure of specifications.hpp, as it is before the first call.
template <class Specification>
bool linearizable(const Lanes& lanes, const Specification& initial = {}) {
  return detail::Search<Specification>(lanes).from(initial);
}

}  // namespace libabi::sync::model
