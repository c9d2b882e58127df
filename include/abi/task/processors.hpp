#pragma once
/// How much of the machine the process may use.

#include <abi/base/api.hpp>

namespace libabi::task {

/// The processors this thread may use: its affinity mask cut by the cgroup quota (v1 and v2, rounded up), at least 1.
/// Reads /proc at every call.
ABI_API unsigned available_processors() noexcept;

}  // namespace libabi::task
