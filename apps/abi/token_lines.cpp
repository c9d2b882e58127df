#include "token_lines.hpp"

#include "terminal.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

namespace app {

using libabi::error;
using libabi::llm::TokenId;
using libabi::llm::Tokenizer;

namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

std::string to_hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

Result<std::string> from_hex(std::string_view text) {
  std::string out;
  if (text.size() % 2 != 0) return error(ErrorCode::invalid_argument, "{} hex digits, expected two a byte", text.size());
  for (std::size_t i = 0; i < text.size(); i += 2) {
    unsigned value = 0;
    for (const char c : {text[i], text[i + 1]}) {
      const std::size_t digit = kDigits.find(static_cast<char>(c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c));
      if (digit == std::string_view::npos) return error(ErrorCode::invalid_argument, "'{}' is no hex digit", std::string(1, c));
      value = value * 16 + static_cast<unsigned>(digit);
    }
    out += static_cast<char>(value);
  }
  return out;
}

Result<std::string> read_text(const std::string& line, bool hex) {
  if (hex) return from_hex(line);
  const Json value = Json::parse(line, nullptr, false);
  if (!value.is_string()) return error(ErrorCode::invalid_argument, "the line is no JSON string (--hex takes any bytes)");
  return value.get<std::string>();
}

Result<std::vector<TokenId>> read_ids(const std::string& line) {
  const Json value = Json::parse(line, nullptr, false);
  bool good = value.is_array();
  for (const Json& id : value) good = good && id.is_number_integer();
  if (!good) return error(ErrorCode::invalid_argument, "the line is no JSON array of token ids");
  return value.get<std::vector<TokenId>>();
}

}  // namespace

void LineFlags::declare(CLI::App& cli) {
  CLI::Option* const lines = cli.add_flag("--jsonl", jsonl, "one JSON string a line in, one JSON array of ids a line out");
  cli.add_flag("--detokenize", detokenize, "with --jsonl: the reverse")->needs(lines);
  cli.add_flag("--hex", hex, "with --jsonl: texts are bytes in hex, which need not be UTF-8")->needs(lines);
  cli.add_flag("--add-special", add_special, "with --jsonl: add BOS, EOS and the like")->needs(lines);
  cli.add_flag("--parse-special", parse_special, "with --jsonl: read the text of control tokens as those tokens")->needs(lines);
}

Result<void> LineFlags::run(const Tokenizer& tokenizer, const std::string& file) const {
  std::ifstream opened;
  if (!file.empty() && file != "-") {
    opened.open(file, std::ios::binary);
    if (!opened) return error(ErrorCode::not_found, "{}: {}", file, std::strerror(errno));
  }
  std::istream& in = opened.is_open() ? opened : std::cin;
  const auto answer = [&](const std::string& line) -> Result<void> {
    if (detokenize) {
      ABI_TRY(const std::vector<TokenId> ids, read_ids(line));
      ABI_TRY(const std::string text, tokenizer.detokenize(ids, true));
      if (hex)
        show(to_hex(text) + "\n");
      else
        show_json(Json(text));
      return {};
    }
    ABI_TRY(const std::string text, read_text(line, hex));
    ABI_TRY(const std::vector<TokenId> ids,
            tokenizer.tokenize(text, {.add_special = add_special, .parse_special = parse_special}));
    show_json(Json(ids));
    return {};
  };
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (const Result<void> answered = answer(line); !answered)
      return libabi::within(libabi::format("line {}", number), answered.error());
  }
  return {};
}

}  // namespace app
