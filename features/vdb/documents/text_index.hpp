#pragma once
/// The full text index, as far as it is more than SQL: rewriting it so that nothing of what was removed is left in it.
///
/// FTS5 marks what is deleted in a new segment, which holds the deleted terms once more; they go when segments are merged, into
/// an oldest one. `optimize` merges all segments into one, in the time of reading and writing the index (10,000 texts of 100
/// bytes 5 ms, 100,000 70 ms); it drops the marks unless the segments stand so that it takes the result for no oldest one, or
/// does nothing. Which of the two it will be is seen from the index's structure record, and then `rebuild` is taken, which reads
/// all texts again (4 times as long, and certain). `merge` with a number of pages does the work of `optimize` in parts, not less
/// of it.

#include "sqlite/connection.hpp"

namespace libabi::vdb {

/// Within a transaction that has changed nothing of the index.
Result<void> drop_removed_terms(sqlite::Connection& database);

/// Whether `optimize` leaves one segment without marks; false also for what is not understood. The record: a 4-byte cookie, then
/// varints: levels, segments, a counter; for each level how many of its segments are being merged, how many there are, and for
/// each of those its id, first and last page.
bool optimize_is_complete(std::string_view structure) noexcept;

}  // namespace libabi::vdb
