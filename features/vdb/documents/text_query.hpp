#pragma once
/// What a user is looking for, as an expression of FTS5.

#include <abi/base/error.hpp>

#include <string>
#include <string_view>

namespace libabi::vdb {

enum class TextMatch : std::uint8_t {
  any_word,   ///< texts with one of the words; more of them, and rarer ones, count more
  all_words,  ///< texts with each of them, anywhere
  phrase,     ///< texts with all of them, one after the other
  syntax,     ///< the query is FTS5's language: AND, OR, NOT, NEAR, prefixes*, "phrases"
};

inline constexpr std::size_t most_query_bytes = 64 * 1024;
inline constexpr std::size_t most_query_words = 1024;

/// Nothing in the query means anything to FTS5 but for its words, unless `syntax` is asked for. Empty: nothing to look for.
/// Errors: invalid_argument (too long, too many words).
Result<std::string> text_expression(std::string_view query, TextMatch match);

}  // namespace libabi::vdb
