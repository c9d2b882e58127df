// Memory that is not atomic: two accesses, one of them a write, that no happens-before orders are a data race, whichever of
// them a run does first.

#include "sync/model/memory.hpp"
#include "sync/model/run.hpp"

#include <abi/base/error.hpp>

namespace libabi::sync::model {

void Run::check_cell(std::uint32_t index, bool write) {
  if (index >= cells_.size()) fail("this is not a Plain: it was never constructed, or its memory was overwritten");
  const Cell& cell = cells_[index];
  if (!cell.alive) fail("a Plain is used after its end");
  const Clock& known = self().current;
  const char* const what = write ? "writes" : "reads";
  if (cell.writer != running_ && known.known[cell.writer] <= cell.written)
    fail(libabi::format("data race: thread {} {} a Plain that thread {} writes", running_, what, cell.writer));
  for (std::size_t thread = 0; write && thread < kThreads; ++thread)
    if (thread != running_ && known.known[thread] < cell.readers.known[thread])
      fail(libabi::format("data race: thread {} writes a Plain that thread {} reads", running_, thread));
}

std::uint32_t Run::make_cell(bool set) {
  const memory::Outside outside;
  cells_.push_back({static_cast<std::uint16_t>(running_), self().executed, {}, true, set});
  return static_cast<std::uint32_t>(cells_.size() - 1);
}

void Run::end_cell(std::uint32_t cell) {
  const memory::Outside outside;
  check_cell(cell, true);
  cells_[cell].alive = false;
}

void Run::write_cell(std::uint32_t cell, bool leaves_value) {
  const memory::Outside outside;
  check_cell(cell, true);
  if (!leaves_value && !cells_[cell].set) fail("a Plain is read that holds nothing");
  cells_[cell] = {static_cast<std::uint16_t>(running_), self().executed, {}, true, leaves_value};
  if (tracing_) trace_ += libabi::format("  thread {} {} plain {}\n", running_, leaves_value ? "sets" : "takes", cell);
}

void Run::read_cell(std::uint32_t cell) {
  const memory::Outside outside;
  check_cell(cell, false);
  if (!cells_[cell].set) fail("a Plain is read that holds nothing");
  cells_[cell].readers.known[running_] = static_cast<std::uint16_t>(self().executed + 1);
  if (tracing_) trace_ += libabi::format("  thread {} reads plain {}\n", running_, cell);
}

void Run::own(const void* object) {
  const memory::Outside outside;
  for (const auto& [place, cell] : owned_)
    if (place == object) return write_cell(cell, true);
  owned_.emplace_back(object, make_cell(true));
}

}  // namespace libabi::sync::model
