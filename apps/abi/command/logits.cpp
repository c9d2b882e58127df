// abi logits: what a model computes, as numbers in a file, to be held against another engine.
#include "command.hpp"
#include "interrupt.hpp"
#include "model_flags.hpp"
#include "terminal.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace app {

namespace {

using namespace libabi::llm;
using libabi::error;

struct Logits {
  ModelFlags model;
  std::vector<TokenId> tokens;
  std::int64_t steps = 0;
  std::string file;

  void declare(CLI::App& cli);
  Result<void> operator()() const;
};

/// Rows of float32, one behind the other, in the byte order of the machine.
class RowFile {
 public:
  static Result<RowFile> create(const std::string& name) {
    RowFile out(name, std::fopen(name.c_str(), "wb"));
    if (!out.file_) return error(ErrorCode::permission_denied, "{} cannot be written: {}", name, std::strerror(errno));
    return out;
  }
  Result<void> add(std::span<const float> values) {
    if (std::fwrite(values.data(), sizeof(float), values.size(), file_.get()) == values.size()) return {};
    return failed();
  }
  Result<void> close() {
    if (std::fclose(file_.release()) == 0) return {};
    return failed();
  }

 private:
  RowFile(std::string name, std::FILE* file) : name_(std::move(name)), file_(file, std::fclose) {}
  std::unexpected<libabi::Error> failed() const {
    return error(ErrorCode::exhausted, "{} cannot be written: {}", name_, std::strerror(errno));
  }
  std::string name_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

void Logits::declare(CLI::App& cli) {
  model.declare(cli);
  model.declare_session(cli);
  cli.add_option("--tokens", tokens, "ids of the prompt, by commas")->required()->delimiter(',')->type_name("ID,...");
  cli.add_option("--steps", steps, "greedy steps behind the prompt")->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 30));
  cli.add_option("-o,--output", file, "file of float32: a row for each prompt position, then one for each step")
      ->required()
      ->type_name("FILE");
}

/// Every row of the prompt, in whole batches; the last one comes back.
Result<std::span<const float>> write_prompt(Session& session, RowFile& out, std::span<const TokenId> tokens, std::int64_t batch,
                                            const libabi::task::StopToken& stop) {
  std::span<const float> rows;
  std::size_t count = 0;
  for (std::size_t at = 0; at < tokens.size(); at += count) {
    count = std::min(tokens.size() - at, static_cast<std::size_t>(batch));
    ABI_TRY(rows, session.evaluate(tokens.subspan(at, count), {.all = true, .cancel = stop}));
    ABI_TRY(out.add(rows));
  }
  return rows.last(static_cast<std::size_t>(session.model().info().vocabulary));
}

Result<void> Logits::operator()() const {
  const Interrupt interrupt;
  ABI_TRY(SessionOptions options, model.session_options());
  options.batch = std::clamp<std::int64_t>(static_cast<std::int64_t>(tokens.size()), 1, std::max<std::int64_t>(options.batch, 1));
  options.outputs = options.batch;
  ABI_TRY(const Model opened, model.open(interrupt.token(), false));
  Json summary{{"columns", opened.info().vocabulary}, {"rows", tokens.size() + static_cast<std::size_t>(steps)}};
  if (opened.info().kind == ModelKind::embedding) {
    ABI_TRY(Session session, Session::create(opened, {.context = options.context}));
    ABI_TRY(const std::vector<float> row, session.embed(tokens, interrupt.token()));
    ABI_TRY(RowFile out, RowFile::create(file));
    ABI_TRY(out.add(row));
    show_json(Json{{"columns", row.size()}, {"rows", 1}});
    return out.close();
  }
  ABI_TRY(Session session, Session::create(opened, options));
  ABI_TRY(RowFile out, RowFile::create(file));
  ABI_TRY(std::span<const float> last, write_prompt(session, out, tokens, options.batch, interrupt.token()));
  summary["greedy_tokens"] = Json::array();
  for (std::int64_t step = 0; step < steps; ++step) {
    const TokenId best = static_cast<TokenId>(std::max_element(last.begin(), last.end()) - last.begin());
    summary["greedy_tokens"].push_back(best);
    ABI_TRY(last, session.evaluate(std::span(&best, 1), {.cancel = interrupt.token()}));
    ABI_TRY(out.add(last));
  }
  show_json(summary);
  return out.close();
}

std::function<Result<void>()> declare(CLI::App& cli) {
  auto flags = std::make_shared<Logits>();
  flags->declare(cli);
  return [flags] { return (*flags)(); };
}

}  // namespace

extern const Command command_logits;
const Command command_logits{
    .name = "logits", .summary = "write a model's logits for given tokens to a file", .declare = declare};

}  // namespace app
