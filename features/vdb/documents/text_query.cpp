#include "text_query.hpp"

namespace libabi::vdb {

namespace {

// As FTS5's string, in which nothing but a quote has a meaning; a zero would end the expression.
void append_quoted(std::string& to, std::string_view text) {
  to += '"';
  for (const char c : text) {
    if (c == '"') to += '"';
    to += c == '\0' ? ' ' : c;
  }
  to += '"';
}

}  // namespace

Result<std::string> text_expression(std::string_view query, TextMatch match) {
  if (query.size() > most_query_bytes)
    return error(ErrorCode::invalid_argument, "the text to search for has {} bytes, at most {} are possible", query.size(),
                 most_query_bytes);
  if (match == TextMatch::syntax) return std::string(query);
  std::string expression;
  if (match == TextMatch::phrase) {
    append_quoted(expression, query);
    return expression;
  }
  constexpr std::string_view blank(" \t\r\n\v\f\0", 7);
  std::size_t words = 0;
  for (std::size_t at = query.find_first_not_of(blank); at != std::string_view::npos; at = query.find_first_not_of(blank, at)) {
    const std::size_t end = std::min(query.find_first_of(blank, at), query.size());
    if (++words > most_query_words)
      return error(ErrorCode::invalid_argument, "the text to search for has more than {} words", most_query_words);
    if (!expression.empty()) expression += match == TextMatch::any_word ? " OR " : " ";
    append_quoted(expression, query.substr(at, end - at));
    at = end;
  }
  return expression;
}

}  // namespace libabi::vdb
