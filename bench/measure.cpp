#include "measure.hpp"

#include "report.hpp"

#include <sched.h>

#include <limits>

namespace bench {

namespace {
const cpu_set_t at_start = [] {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  return set;
}();
}  // namespace

std::vector<double> medians(const std::vector<Contestant>& contestants, int rounds) {
  std::vector<std::vector<double>> samples(contestants.size());
  for (int round = -1; round < rounds; ++round)
    for (std::size_t i = 0; i < contestants.size(); ++i) {
      if (!contestants[i]) continue;
      const double sample = contestants[i]();
      if (round >= 0) samples[i].push_back(sample);
    }
  std::vector<double> result;
  for (auto& list : samples) result.push_back(list.empty() ? std::numeric_limits<double>::quiet_NaN() : median(list));
  return result;
}

bool pin_this_thread(unsigned processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  return sched_setaffinity(0, sizeof set, &set) == 0;
}

void unpin_this_thread() { sched_setaffinity(0, sizeof at_start, &at_start); }

}  // namespace bench
