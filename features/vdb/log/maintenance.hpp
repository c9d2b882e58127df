#pragma once
/// What takes things out of a log.

#include "folder.hpp"

namespace libabi::vdb::journal {

/// Removes whole segments that have records before this one only, oldest first; never the last one. Returns the first record
/// that is left.
Result<Position> truncate_before(const Folder& folder, Position position);

/// Erases the bodies of records, ascending, which are all durable.
Result<void> erase(const Folder& folder, std::span<const Position> positions);

/// The first record at this time or later, not after `last`; last + 1 where there is none.
Result<Position> find_time(const Folder& folder, std::int64_t time_us, Position last);

}  // namespace libabi::vdb::journal
