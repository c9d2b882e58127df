#include <abi/vdb/vdb.hpp>

bool libabi::vdb::enabled() noexcept { return false; }
