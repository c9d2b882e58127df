#pragma once
/// What the peers of the topic `reclamation` run: nanoseconds a guard, alone or in a region of 16. There where BENCH_HAS_XENIUM.

#include "measure.hpp"

namespace bench::reclamation {

double xenium_hazard(bool region);
double xenium_epoch(bool region);

/// Calls guard() many times; with `region`, enter() makes something that lives around each 16 of them.
template <class Enter, class Guard>
double nanoseconds(bool region, Enter&& enter, Guard&& guard) {
  constexpr int kRounds = 200'000;
  const double time = seconds([&] {
    for (int round = 0; round < kRounds; ++round) {
      if (region) {
        [[maybe_unused]] const auto around = enter();
        for (int i = 0; i < 16; ++i) guard();
      } else {
        for (int i = 0; i < 16; ++i) guard();
      }
    }
  });
  return time / (kRounds * 16) * 1e9;
}

}  // namespace bench::reclamation
