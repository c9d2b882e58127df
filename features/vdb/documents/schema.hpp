#pragma once
/// The tables of a collection's documents.
///
///     record      id, external (an INTEGER or a TEXT, unique), payload, text, expires, position
///     search      an FTS5 index of the texts, which it takes from the view `searchable` and keeps no copy of
///     state       one row: position, how many records, whether traces of what was removed may be left (documents.hpp)
///
/// `PRAGMA application_id` is 'abid', `PRAGMA user_version` the version of this schema.

#include "sqlite/connection.hpp"

namespace libabi::vdb {

/// Makes the tables in an empty database. Errors: unsupported, a database of a later version; corrupt, one that is no
/// collection's.
Result<void> prepare_schema(sqlite::Connection& database);

}  // namespace libabi::vdb
