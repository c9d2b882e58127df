#include "tokenizer/spaces.hpp"

#include <span>
#include <string_view>

namespace libabi::llm {

namespace {

struct Replacement {
  std::string_view from, to;  // `to` is not longer
};

constexpr Replacement kPunctuation[] = {{" ?", "?"}, {" !", "!"}, {" .", "."}, {" ,", ","}};
constexpr Replacement kApostrophe[] = {{" ' ", "'"}};
constexpr Replacement kContractions[] = {{" 's", "'s"}, {" 'm", "'m"}, {" 're", "'re"}, {" 've", "'ve"}};

void replace(std::string& text, std::span<const Replacement> replacements) {
  std::size_t written = 0;
  for (std::size_t read = 0; read < text.size();) {
    const Replacement* found = nullptr;
    if (text[read] == ' ')
      for (const Replacement& each : replacements)
        if (std::string_view(text).substr(read).starts_with(each.from)) found = &each;
    if (!found) {
      text[written++] = text[read++];
      continue;
    }
    read += found->from.size();
    for (const char c : found->to) text[written++] = c;
  }
  text.resize(written);
}

}  // namespace

void clean_spaces(std::string& text) {
  replace(text, kPunctuation);
  replace(text, kApostrophe);
  replace(text, kContractions);
}

}  // namespace libabi::llm
