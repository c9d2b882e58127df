/// Any vocabulary: an error with a message, or a tokenizer that keeps its promises. The input is a GGUF file, or lines:
/// the model and the pre-tokenizer, then tokens (a digit for the type, a character for the score, the text) and merges ('+').

#include "fuzz_families.hpp"

namespace {

using namespace libabi::llm;
using namespace libabi::llm::testing_vocabulary;

constexpr std::string_view kTexts[] = {"", "a", "ab  abab\n\n1234 \xC3\xA9!", "\xFF\xE4\xB8<s>[CLS] <|x|>x",
                                       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

void use(const libabi::Result<Tokenizer>& tokenizer) {
  if (!tokenizer) {
    if (tokenizer.error().message.empty()) broken("an error has a message", "");
    if (tokenizer.error().code == libabi::ErrorCode::internal) broken("no mistake of ours", tokenizer.error().message);
    return;
  }
  for (const std::string_view text : kTexts)
    for (const bool special : {false, true})
      hold_to_promises(*tokenizer, text, {.add_special = special, .parse_special = special});
}

std::optional<std::string_view> next_line(std::string_view& rest) {
  if (rest.empty()) return std::nullopt;
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

Words read_lines(std::string_view rest) {
  Words words;
  words.source.model = next_line(rest).value_or("");
  words.source.pre = next_line(rest).value_or("");
  words.source.has_types = words.source.has_scores = words.source.has_merges = true;
  while (const auto line = next_line(rest)) {
    if (line->starts_with('+'))
      words.source.merges.push_back(line->substr(1));
    else if (line->size() >= 2)
      words.add(std::string(line->substr(2)), static_cast<TokenType>((*line)[0] - '0'), static_cast<float>((*line)[1] - 'm'));
    else if (line->size() == 1)
      words.source.unknown = words.source.bos = (*line)[0];
  }
  return words;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (!input.starts_with("GGUF")) {
    use(read_lines(input).build());
    return 0;
  }
  if (const auto file = GgufFile::parse({reinterpret_cast<const std::byte*>(data), size}, "input")) use(Tokenizer::load(*file));
  return 0;
}
