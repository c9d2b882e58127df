#pragma once
/// The embedded vector database. This version says only whether the build has it.

#include <abi/base/api.hpp>

namespace libabi::vdb {

/// False in a build without the feature, where every function that can fail returns `unavailable`.
ABI_API bool enabled() noexcept;

}  // namespace libabi::vdb
