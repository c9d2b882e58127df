#pragma once
// Memory of a scenario's run. What the program under test takes by operator new comes from one region that is given back as a
// whole, so that an address is never used twice in a run, freed memory stays readable for the checks, and leaks are counted.

#include <cstddef>
#include <string>

namespace libabi::sync::model::memory {

/// While a fiber of the model runs, operator new of this thread takes from the region.
void enter() noexcept;
void leave() noexcept;
/// Whether one is running: the engine's own allocations are made outside.
bool inside() noexcept;

/// Forgets everything that is in the region.
void reset() noexcept;
/// Blocks that were taken since reset() and not given back.
std::size_t live_blocks() noexcept;
/// What went wrong since reset(): a block freed twice, the region used up. Empty where nothing did.
const char* fault() noexcept;

/// For the time that the engine itself allocates within a fiber.
class Outside {
 public:
  Outside() noexcept : was_inside_(inside()) {
    if (was_inside_) leave();
  }
  ~Outside() {
    if (was_inside_) enter();
  }
  Outside(const Outside&) = delete;
  Outside& operator=(const Outside&) = delete;

 private:
  bool was_inside_;
};

}  // namespace libabi::sync::model::memory
