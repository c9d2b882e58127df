/// Any bytes as text, for a small vocabulary of each family. The first byte chooses among them.

#include "fuzz_families.hpp"

#include <abi/llm/tokenizer.hpp>

namespace {

using namespace libabi::llm;
using namespace libabi::llm::testing_vocabulary;

/// Byte-level tokens for all bytes give the text back, with U+FFFD where it is not UTF-8.
bool gives_text_back(const Tokenizer& tokenizer, std::string_view text) {
  std::string pieces, expected;
  const auto ids = tokenizer.tokenize(text, {.add_special = false, .parse_special = false}).value();
  for (const TokenId id : ids) pieces += tokenizer.piece(id).value();
  for (std::size_t at = 0; at < text.size();) {
    const Decoded decoded = decode_utf8(text, at);
    append_utf8(expected, decoded.code);
    at += decoded.bytes;
  }
  return pieces == expected;
}

std::vector<Tokenizer> make_tokenizers() {
  std::vector<Tokenizer> tokenizers;
  const auto build = [&](const Words& words) {
    auto tokenizer = words.build();
    if (!tokenizer) broken(tokenizer.error().message.c_str(), "");
    tokenizers.push_back(std::move(*tokenizer));
  };
  const auto add_specials = [](Words& words) {
    for (const char* text : {"<|x|>", "<|x", "x|>", "  ", "\n\n", "\n\n\n"}) words.add(text, TokenType::user_defined);
    words.add("<s2>", TokenType::control);
    if (!words.source.has_scores) words.source.scores.clear();
  };
  for (const std::string_view pre : pre_tokenizers()) {
    Words words = gpt2_base(pre);
    for (const auto& [left, right] : {std::pair{"a", "b"}, {"ab", "ab"}, {"b", "a"}, {"abab", "abab"}, {"1", "1"}, {"!", "!"}}) {
      words.add(std::string(left) + right);
      words.merge(left, right);
    }
    add_specials(words);
    build(words);
  }
  Words llama = llama_base();
  float score = 0;
  for (const char* text : {"\xE2\x96\x81", "a", "b", "ab",
                           "\xE2\x96\x81"
                           "a",
                           "aa", "\xE2\x96\x81\xE2\x96\x81", "\xC3\xA9", "aaaa"})
    llama.add(text, TokenType::normal, score -= 1);
  add_specials(llama);
  build(llama);
  Words bert = bert_base();
  for (const char* text : {"\xE2\x96\x81"
                           "a",
                           "\xE2\x96\x81"
                           "ab",
                           "b", "ab", "\xE2\x96\x81!",
                           "\xE2\x96\x81"
                           "e",
                           "e"})
    bert.add(text);
  add_specials(bert);
  build(bert);
  return tokenizers;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<Tokenizer> tokenizers = make_tokenizers();
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Tokenizer& tokenizer = tokenizers[data[0] % tokenizers.size()];
  hold_to_promises(tokenizer, text, {.add_special = (data[0] & 0x40) != 0, .parse_special = (data[0] & 0x80) != 0});
  if (tokenizer.model() == "gpt2" && !gives_text_back(tokenizer, text)) broken("byte-level pieces are the text", text);
  return 0;
}
