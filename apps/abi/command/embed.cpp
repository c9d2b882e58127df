// abi embed: texts to vectors, or a query and texts to scores.
#include "command.hpp"
#include "interrupt.hpp"
#include "model_flags.hpp"
#include "terminal.hpp"

#include <cmath>
#include <cstdio>

namespace app {

namespace {

using namespace libabi::llm;
using libabi::error;

struct Embed {
  ModelFlags model;
  std::vector<std::string> texts;
  std::string file;
  std::string query;
  int normalize = 2;
  bool json = false;

  void declare(CLI::App& cli);
  Result<void> operator()() const;
  Result<std::vector<std::string>> lines() const;
};

void Embed::declare(CLI::App& cli) {
  model.file.clear();  // the bundled model embeds nothing
  model.declare(cli);
  cli.add_option("-p,--prompt", texts, "a text; may be repeated")->type_name("TEXT");
  cli.add_option("-f,--file", file, "one text a line; - is standard input")->type_name("FILE");
  cli.add_option("-q,--query", query, "for a ranking model: score each text against this query")->type_name("TEXT");
  cli.add_option("--embd-normalize", normalize,
                 "-1: as the model gives it, 0: the greatest is 32760, 1: taxicab, 2: Euclid, p: p-norm")
      ->capture_default_str()
      ->check(CLI::Range(-1, 64));
  cli.add_flag("--json", json, "one JSON object a text");
}

Result<std::vector<std::string>> Embed::lines() const {
  std::vector<std::string> out = texts;
  if (!file.empty()) {
    ABI_TRY(const std::string all, (TextFlags{.text = {}, .file = file}.read()));
    for (std::size_t at = 0; at < all.size();) {
      const std::size_t end = std::min(all.find('\n', at), all.size());
      out.push_back(all.substr(at, end - at));
      at = end + 1;
    }
  }
  if (out.empty()) return error(ErrorCode::invalid_argument, "no text is given, expected -p TEXT or -f FILE");
  return out;
}

/// Divides by the p-norm; p = 0 scales the greatest magnitude to 32760, as tools that store 16-bit integers want it.
void normalize_vector(std::vector<float>& v, int p) {
  if (p < 0) return;
  double norm = 0;
  for (const float x : v) norm = p == 0 ? std::max<double>(norm, std::fabs(x) / 32760.0) : norm + std::pow(std::fabs(x), p);
  if (p > 0) norm = std::pow(norm, 1.0 / p);
  if (norm > 0)
    for (float& x : v) x = static_cast<float>(x / norm);
}

/// [CLS] text [SEP], and for a ranking model [CLS] query [SEP] text [SEP].
Result<std::vector<TokenId>> tokens_of(const Tokenizer& tokenizer, const std::string& query, const std::string& text) {
  if (query.empty()) return tokenizer.tokenize(text);
  ABI_TRY(std::vector<TokenId> ids, tokenizer.tokenize(query));
  ABI_TRY(const std::vector<TokenId> more, tokenizer.tokenize(text, {.add_special = false}));
  ids.insert(ids.end(), more.begin(), more.end());
  if (const auto end = tokenizer.special().separator ? tokenizer.special().separator : tokenizer.special().eos)
    ids.push_back(*end);
  return ids;
}

void show_vector(const std::vector<float>& v) {
  std::string line;
  char number[32];
  for (const float x : v) {
    std::snprintf(number, sizeof number, line.empty() ? "%.7g" : " %.7g", static_cast<double>(x));
    line += number;
  }
  show(line + "\n");
}

Result<void> Embed::operator()() const {
  ABI_TRY(const std::vector<std::string> inputs, lines());
  const Interrupt interrupt;
  ABI_TRY(const Model opened, model.open(interrupt.token(), json));
  const bool ranker = opened.info().pooling == PoolingType::rank;
  if (ranker && query.empty()) return error(ErrorCode::invalid_argument, "{} ranks texts, expected a query (-q)", model.file);
  if (!ranker && !query.empty())
    return error(ErrorCode::invalid_argument, "{} is no ranking model, it takes no query", model.file);
  ABI_TRY(Session session, Session::create(opened));
  for (const std::string& text : inputs) {
    ABI_TRY(const std::vector<TokenId> ids, tokens_of(opened.tokenizer(), query, text));
    ABI_TRY(std::vector<float> vector, session.embed(ids, interrupt.token()));
    if (!ranker) normalize_vector(vector, normalize);
    if (json)
      show_json(Json{{"text", text},
                     {"tokens", ids.size()},
                     {ranker ? "score" : "embedding", ranker ? Json(vector.front()) : Json(vector)}});
    else
      show_vector(vector);
  }
  return {};
}

std::function<Result<void>()> declare(CLI::App& cli) {
  auto flags = std::make_shared<Embed>();
  flags->declare(cli);
  return [flags] { return (*flags)(); };
}

}  // namespace

extern const Command command_embed;
const Command command_embed{
    .name = "embed", .summary = "turn texts into vectors, or score them against a query", .declare = declare};

}  // namespace app
