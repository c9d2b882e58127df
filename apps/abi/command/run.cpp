// abi run: continue a text.
#include "command.hpp"
#include "interrupt.hpp"
#include "model_flags.hpp"
#include "progress_bar.hpp"
#include "sampling_flags.hpp"
#include "terminal.hpp"

#include <cstdio>

namespace app {

namespace {

using namespace libabi::llm;

struct Run {
  ModelFlags model;
  TextFlags prompt;
  SamplingFlags sampling;
  std::int64_t predict = -1;
  std::vector<std::string> stops;
  std::int32_t log_probabilities = -1;
  bool ignore_end = false;
  bool special = false;
  bool no_display_prompt = false;
  bool no_escape = false;
  bool json = false;

  void declare(CLI::App& cli);
  Result<void> operator()() const;
};

void Run::declare(CLI::App& cli) {
  model.declare(cli);
  model.declare_session(cli);
  prompt.declare(cli);
  cli.add_option("-n,--predict,--n-predict", predict, "tokens to generate; -1 until the model ends or the context is full")
      ->capture_default_str();
  sampling.declare(cli);
  cli.add_option("-r,--reverse-prompt,--stop", stops, "text that ends the generation; may be repeated")->type_name("TEXT");
  cli.add_option("--log-probs", log_probabilities, "with --json: log-probabilities of each token and of this many alternatives");
  cli.add_flag("--ignore-eos", ignore_end, "go on after the model's end token");
  cli.add_flag("--special", special, "show control tokens");
  cli.add_flag("--no-display-prompt", no_display_prompt, "show the generated text only");
  cli.add_flag("--no-escape", no_escape, "take \\n, \\t and \\\\ in the prompt as they are written");
  cli.add_flag("--json", json, "one JSON object instead of text");
}

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
    const std::size_t found = std::string_view("ntr\\\"'").find(next);
    if (next == '\0' || found == std::string_view::npos) {
      out += text[i];
      continue;
    }
    out += "\n\t\r\\\"'"[found];
    ++i;
  }
  return out;
}

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }
double rate(std::int64_t count, std::chrono::nanoseconds time) {
  return time.count() > 0 ? static_cast<double>(count) / seconds(time) : 0;
}

Json to_json(const Token& token, bool log_probabilities) {
  Json out{{"id", token.id}, {"text", token.text}};
  if (!log_probabilities) return out;
  out["log_probability"] = token.log_probability;
  out["top"] = Json::array();
  for (const TokenProbability& each : token.top)
    out["top"].push_back({{"id", each.id}, {"log_probability", each.log_probability}});
  return out;
}

Json to_json(const Generation& done, std::string_view reason) {
  return {{"finish_reason", reason},
          {"prompt_tokens", done.prompt_tokens},
          {"generated_tokens", done.generated_tokens},
          {"prompt_seconds", seconds(done.prompt_time)},
          {"generation_seconds", seconds(done.generation_time)},
          {"prompt_tokens_per_second", rate(done.prompt_tokens, done.prompt_time)},
          {"generation_tokens_per_second", rate(done.generated_tokens, done.generation_time)}};
}

void summarize(const Generation& done, std::string_view reason) {
  std::fprintf(stderr, "\nprompt      %6lld tokens  %8.1f tokens/s\ngeneration  %6lld tokens  %8.1f tokens/s  (%.*s)\n",
               static_cast<long long>(done.prompt_tokens), rate(done.prompt_tokens, done.prompt_time),
               static_cast<long long>(done.generated_tokens), rate(done.generated_tokens, done.generation_time),
               static_cast<int>(reason.size()), reason.data());
}

Result<void> Run::operator()() const {
  ABI_TRY(std::string text, prompt.read());
  if (!no_escape && prompt.file.empty()) text = unescape(text);
  GenerateOptions options;
  ABI_TRY(options.sampling, sampling.read());
  ABI_TRY(const SessionOptions session_options, model.session_options());
  options.sampling.log_probabilities = log_probabilities;
  options.max_tokens = predict;
  options.stop = stops;
  options.ignore_end = ignore_end;
  options.special = special;

  const Interrupt interrupt;
  options.cancel = interrupt.token();
  ABI_TRY(const Model opened, model.open(interrupt.token(), json));
  ABI_TRY(Session session, Session::create(opened, session_options));

  Json tokens = Json::array();
  std::string generated;
  Result<Generation> done;
  {
    std::optional<ProgressBar> bar(std::in_place, "reading the prompt", json);
    options.prefill_progress = [&](double fraction) {
      if (bar) bar->update(fraction);
      return true;
    };
    done = session.generate(text, options, [&](const Token& token) {
      if (bar && !json && !no_display_prompt) {
        bar.reset();
        show(text);
      }
      bar.reset();
      if (json) {
        tokens.push_back(to_json(token, log_probabilities >= 0));
        generated += token.text;
      } else {
        show(token.text);
      }
      return true;
    });
  }
  const bool interrupted = !done && done.error().code == ErrorCode::cancelled;
  if (!done && !interrupted) return std::unexpected(std::move(done).error());
  const Generation& generation = session.generation();
  const std::string_view reason = interrupted ? "interrupted" : name(generation.reason);
  if (json) {
    Json out{{"prompt", text}, {"text", generated}};
    out.update(to_json(generation, reason));
    out["tokens"] = std::move(tokens);
    show_json(out);
  } else {
    show("\n");
    summarize(generation, reason);
  }
  if (interrupted) return std::unexpected(std::move(done).error());
  return {};
}

std::function<Result<void>()> declare(CLI::App& cli) {
  auto flags = std::make_shared<Run>();
  flags->declare(cli);
  return [flags] { return (*flags)(); };
}

}  // namespace

extern const Command command_run;
const Command command_run{.name = "run", .summary = "continue a text with a language model", .declare = declare};

}  // namespace app
