#pragma once
/// What the document store keeps of a record, and what can happen to it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace libabi::vdb {

/// What a user calls a record: a number or a text; a number is never the same as a text.
using ExternalId = std::variant<std::uint64_t, std::string>;
using ExternalIdView = std::variant<std::uint64_t, std::string_view>;

struct Document {
  std::uint64_t id = 0;  ///< the collection's own
  ExternalId external_id;
  std::string payload;  ///< JSON, which is not looked into here
  std::optional<std::string> text;
  std::optional<std::int64_t> expires_ms;  ///< since 1970
  std::uint64_t position = 0;              ///< in the log, of its last change
};

/// Makes the record or replaces it, as a whole. The external id must not be another record's (already_exists).
struct PutDocument {
  std::uint64_t id = 0;  ///< less than 2^63
  ExternalIdView external_id;
  std::string_view payload;
  std::optional<std::string_view> text = std::nullopt;
  std::optional<std::int64_t> expires_ms = std::nullopt;
};

/// Without effect where there is no such record; so is the next.
struct UpdatePayload {
  std::uint64_t id = 0;
  std::string_view payload;
};

struct RemoveDocument {
  std::uint64_t id = 0;
};

using DocumentChange = std::variant<PutDocument, UpdatePayload, RemoveDocument>;

}  // namespace libabi::vdb
