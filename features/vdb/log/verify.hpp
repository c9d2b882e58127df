#pragma once

#include "folder.hpp"

namespace libabi::vdb::journal {

/// Reads every byte of the log that means something. With `visible`, records up to there must be in it; else the last segment may
/// end with what a power cut leaves.
Result<std::vector<LogDamage>> verify(const Folder& folder, std::optional<Position> visible);

}  // namespace libabi::vdb::journal
