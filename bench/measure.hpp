#pragma once
/// How a figure is taken: contestants in turn, so that a host which others share slows all of them alike; medians.

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace bench {

/// The wall-clock time of a call.
template <class Body>
double seconds(Body&& body) {
  const auto begin = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// One measurement a call, in the unit of the row; it does its own warming up before it looks at the clock.
using Contestant = std::function<double()>;

/// Each contestant's median over `rounds` rounds in which each is called once, in the order given; one round before is thrown
/// away. A null contestant (an absent peer) gives NaN.
std::vector<double> medians(const std::vector<Contestant>& contestants, int rounds = 7);

/// The compiler must believe that the value is used, and that memory was written.
template <class T>
inline void keep(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

/// This thread runs on that processor alone from now on; false where the system refuses.
bool pin_this_thread(unsigned processor);
/// What pinning has to be undone with: this thread may run wherever the process could at the start.
void unpin_this_thread();

}  // namespace bench
