#pragma once

#include <string>

namespace libabi::llm {

/// Takes off the spaces that tokenising put before punctuation and inside contractions: " ?" " !" " ." " ,", then " ' "
/// becomes "'", then " 's" " 'm" " 're" " 've". One after the other, each from left to right without overlap, in place.
void clean_spaces(std::string& text);

}  // namespace libabi::llm
