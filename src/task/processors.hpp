#pragma once

#include <vector>

namespace libabi::task {

/// The system's numbers of the processors in this thread's affinity mask, ascending; empty where the system does not tell.
std::vector<unsigned> usable_processors();

/// Has this thread run on these alone; quietly nothing where the system refuses.
void bind_this_thread(const std::vector<unsigned>& processors) noexcept;

}  // namespace libabi::task
