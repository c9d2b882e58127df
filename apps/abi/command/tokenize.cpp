// abi tokenize: text to token ids, and back.
#include "command.hpp"
#include "model_flags.hpp"
#include "terminal.hpp"
#include "token_lines.hpp"

namespace app {

namespace {

using namespace libabi::llm;

struct Tokenize {
  std::string model = bundled_model();
  TextFlags input;
  std::vector<TokenId> decode;
  bool no_special = false;
  bool no_parse_special = false;
  bool ids = false;
  bool count = false;
  bool json = false;
  LineFlags lines;

  void declare(CLI::App& cli);
  Result<void> operator()() const;
  Result<void> show_tokens(const Tokenizer& tokenizer, std::span<const TokenId> tokens) const;
};

void Tokenize::declare(CLI::App& cli) {
  cli.add_option("-m,--model", model, "GGUF file; only its vocabulary is read")->required(model.empty())->type_name("FILE");
  input.declare(cli);
  cli.add_option("--decode", decode, "token ids to turn into text")->type_name("ID");
  cli.add_flag("--no-bos,--no-special", no_special, "do not add BOS, EOS and the like");
  cli.add_flag("--no-parse-special", no_parse_special, "read the text of control tokens as plain text");
  cli.add_flag("--ids", ids, "only the ids, on one line");
  cli.add_flag("--show-count", count, "the number of tokens behind the rest");
  cli.add_flag("--json", json, "one JSON object");
  lines.declare(cli);
}

Result<void> Tokenize::show_tokens(const Tokenizer& tokenizer, std::span<const TokenId> tokens) const {
  Json list = Json::array();
  std::string line;
  for (const TokenId id : tokens) {
    ABI_TRY(const std::string piece, tokenizer.piece(id, true));
    if (json)
      list.push_back({{"id", id}, {"text", piece}});
    else if (ids)
      line += (line.empty() ? "" : " ") + std::to_string(id);
    else
      show(libabi::format("{:>7} -> {}\n", id, Json(piece).dump(-1, ' ', false, Json::error_handler_t::replace)));
  }
  if (json) show_json(Json{{"count", tokens.size()}, {"tokens", list}});
  if (ids && !json) show(line + "\n");
  if (count && !json) show(libabi::format("{} tokens\n", tokens.size()));
  return {};
}

Result<void> Tokenize::operator()() const {
  ABI_TRY(const GgufFile file, GgufFile::open(model));
  ABI_TRY(const Tokenizer tokenizer, Tokenizer::load(file));
  if (lines.jsonl) return lines.run(tokenizer, input.file);
  if (!decode.empty()) {
    ABI_TRY(const std::string text, tokenizer.detokenize(decode, true));
    if (json)
      show_json(Json{{"text", text}});
    else
      show(text + "\n");
    return {};
  }
  ABI_TRY(const std::string text, input.read());
  ABI_TRY(const std::vector<TokenId> tokens,
          tokenizer.tokenize(text, {.add_special = !no_special, .parse_special = !no_parse_special}));
  return show_tokens(tokenizer, tokens);
}

std::function<Result<void>()> declare(CLI::App& cli) {
  auto flags = std::make_shared<Tokenize>();
  flags->declare(cli);
  return [flags] { return (*flags)(); };
}

}  // namespace

extern const Command command_tokenize;
const Command command_tokenize{.name = "tokenize", .summary = "turn text into token ids, and back", .declare = declare};

}  // namespace app
