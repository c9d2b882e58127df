// abi bench: how fast a model reads a prompt and generates, as llama-bench measures it.
#include "command.hpp"
#include "interrupt.hpp"
#include "model_flags.hpp"
#include "progress_bar.hpp"
#include "terminal.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace app {

namespace {

using namespace libabi::llm;
using libabi::error;

struct Bench {
  ModelFlags model;
  std::vector<unsigned> threads{0};
  std::vector<std::int64_t> prompts{512};
  std::vector<std::int64_t> generations{128};
  int repetitions = 5;
  std::string output = "md";

  void declare(CLI::App& cli);
  Result<void> operator()() const;
};

/// One line of the result: tokens/s of every repetition.
struct Measured {
  std::string test;
  unsigned threads;
  std::vector<double> rates;

  double mean() const {
    double sum = 0;
    for (const double rate : rates) sum += rate;
    return sum / static_cast<double>(rates.size());
  }
  double deviation() const {
    if (rates.size() < 2) return 0;
    double squares = 0;
    for (const double rate : rates) squares += (rate - mean()) * (rate - mean());
    return std::sqrt(squares / static_cast<double>(rates.size() - 1));
  }
};

void Bench::declare(CLI::App& cli) {
  model.declare(cli);
  model.declare_session(cli);
  cli.remove_option(cli.get_option("--threads"));
  cli.add_option("-t,--threads", threads, "numbers of threads, by commas; 0 takes what the process may use")->delimiter(',');
  cli.add_option("-p,--n-prompt", prompts, "lengths of prompts, by commas; 0 leaves the test out")
      ->delimiter(',')
      ->capture_default_str();
  cli.add_option("-n,--n-gen", generations, "tokens to generate, by commas; 0 leaves the test out")
      ->delimiter(',')
      ->capture_default_str();
  cli.add_option("-r,--repetitions", repetitions, "measured runs of each test, behind one that warms up")
      ->check(CLI::Range(1, 1000));
  cli.add_option("-o,--output", output, "md or json")->check(CLI::IsMember({"md", "json"}))->capture_default_str();
}

/// Token ids that look like nothing in particular but are the same in every run.
std::vector<TokenId> some_tokens(std::int64_t count, std::int64_t vocabulary) {
  std::vector<TokenId> ids(static_cast<std::size_t>(count));
  std::uint64_t state = 1;
  for (TokenId& id : ids) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    id = static_cast<TokenId>((state >> 33) % static_cast<std::uint64_t>(vocabulary));
  }
  return ids;
}

/// Seconds to evaluate `count` tokens from an empty context, all at once or one by one.
Result<double> evaluate(Session& session, std::int64_t count, bool one_by_one, const libabi::task::StopToken& stop) {
  const std::vector<TokenId> ids = some_tokens(count, session.model().info().vocabulary);
  ABI_TRY(session.truncate(0));
  const auto begin = std::chrono::steady_clock::now();
  const std::size_t step = one_by_one ? 1 : ids.size();
  for (std::size_t at = 0; at < ids.size(); at += step)
    ABI_TRY(session.evaluate(std::span(ids).subspan(at, step), {.cancel = stop}));
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

Result<Measured> measure(Session& session, std::int64_t count, bool generation, unsigned threads, int repetitions,
                         const libabi::task::StopToken& stop) {
  Measured out{libabi::format("{}{}", generation ? "tg" : "pp", count), threads, {}};
  ProgressBar bar(out.test);
  ABI_TRY(evaluate(session, generation ? std::min<std::int64_t>(count, 4) : count, generation, stop));
  for (int i = 0; i < repetitions; ++i) {
    ABI_TRY(const double seconds, evaluate(session, count, generation, stop));
    out.rates.push_back(static_cast<double>(count) / seconds);
    bar.update((i + 1.0) / repetitions);
  }
  return out;
}

Json to_json(const Measured& measured, const ModelInfo& info) {
  return {{"model", info.name},
          {"architecture", info.architecture},
          {"format", info.file_type},
          {"bytes", info.file_bytes},
          {"parameters", info.parameters},
          {"device", info.device},
          {"threads", measured.threads},
          {"test", measured.test},
          {"tokens_per_second", measured.mean()},
          {"deviation", measured.deviation()},
          {"samples", measured.rates}};
}

void show_row(const Measured& measured, const ModelInfo& info) {
  show(libabi::format("| {} {} | {} | {:.2f} M | {} | {} | {} | {:.2f} ± {:.2f} |\n", info.architecture, info.file_type,
                      human_bytes(info.file_bytes), static_cast<double>(info.parameters) / 1e6, info.device, measured.threads,
                      measured.test, measured.mean(), measured.deviation()));
}

Result<void> Bench::operator()() const {
  const Interrupt interrupt;
  ABI_TRY(SessionOptions options, model.session_options());
  std::int64_t longest = 0;
  for (const std::int64_t count : prompts) longest = std::max(longest, count);
  for (const std::int64_t count : generations) longest = std::max(longest, count);
  if (longest == 0) return error(ErrorCode::invalid_argument, "nothing is to be measured: -p and -n are 0");
  options.context = std::max(options.context, longest);
  if (output == "md")
    show("| model | size | params | device | threads | test | tokens/s |\n| --- | ---: | ---: | --- | ---: | ---: | ---: |\n");
  for (const unsigned count : threads) {
    ModelFlags flags = model;
    flags.threads = count;
    ABI_TRY(const Model opened, flags.open(interrupt.token(), false));
    ABI_TRY(Session session, Session::create(opened, options));
    const auto test = [&](std::int64_t tokens, bool generation) -> Result<void> {
      if (tokens == 0) return {};
      ABI_TRY(const Measured measured, measure(session, tokens, generation, count, repetitions, interrupt.token()));
      if (output == "json")
        show_json(to_json(measured, opened.info()));
      else
        show_row(measured, opened.info());
      return {};
    };
    for (const std::int64_t tokens : prompts) ABI_TRY(test(tokens, false));
    for (const std::int64_t tokens : generations) ABI_TRY(test(tokens, true));
  }
  return {};
}

std::function<Result<void>()> declare(CLI::App& cli) {
  auto flags = std::make_shared<Bench>();
  flags->declare(cli);
  return [flags] { return (*flags)(); };
}

}  // namespace

extern const Command command_bench;
const Command command_bench{.name = "bench", .summary = "measure how fast a model reads and generates", .declare = declare};

}  // namespace app
