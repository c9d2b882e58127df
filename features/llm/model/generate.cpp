// The callback and the generator form are the same steps: Generating::start() and Generating::next().

#include "model/session_impl.hpp"

#include <abi/base/boundary.hpp>

#include <optional>

namespace libabi::llm {

namespace {

using Clock = std::chrono::steady_clock;

/// Adds the time it lives to `total`.
class Stopwatch {
 public:
  explicit Stopwatch(std::chrono::nanoseconds& total) : total_(total), start_(Clock::now()) {}
  ~Stopwatch() { total_ += Clock::now() - start_; }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  std::chrono::nanoseconds& total_;
  Clock::time_point start_;
};

class Generating {
 public:
  /// Checks the options; evaluates nothing.
  static Result<Generating> create(Session::Impl& session, const GenerateOptions& options);

  /// Evaluates the prompt.
  Result<void> start(std::span<const TokenId> prompt);
  /// The next token; nothing at the end, whose reason is in session.generation.
  Result<std::optional<Token>> next();

 private:
  Generating(Session::Impl& session, const GenerateOptions& options, Sampler&& sampler)
      : session_(session), options_(options), sampler_(std::move(sampler)), stops_(options.stop) {}

  Result<std::span<const float>> logits();
  Result<Token> show(const Sampled& sampled);
  std::optional<FinishReason> reason_to_end(TokenId token) const;
  Generation& generation() { return session_.generation; }
  const Generation& generation() const { return session_.generation; }

  Session::Impl& session_;
  const GenerateOptions& options_;  // the caller's, or the coroutine's own
  Sampler sampler_;
  StopMatcher stops_;
  Utf8Joiner joiner_;
  std::span<const float> logits_;   // of the prompt's last token, until the first token is chosen
  std::optional<TokenId> pending_;  // chosen, not yet evaluated
  bool ended_ = false;
};

Result<Generating> Generating::create(Session::Impl& session, const GenerateOptions& options) {
  session.generation = {};
  if (options.max_tokens < -1)
    return error(ErrorCode::invalid_argument, "max_tokens is {}, expected -1 or more", options.max_tokens);
  ABI_TRY(Sampler sampler, Sampler::create(options.sampling));
  return Generating(session, options, std::move(sampler));
}

Result<void> Generating::start(std::span<const TokenId> prompt) {
  const Stopwatch stopwatch(generation().prompt_time);
  for (const TokenId each : session_.tokens) sampler_.accept(each);
  ABI_TRY(logits_, session_.evaluate(prompt, {.cancel = options_.cancel, .progress = options_.prefill_progress}));
  for (const TokenId each : prompt) sampler_.accept(each);
  generation().prompt_tokens = static_cast<std::int64_t>(prompt.size());
  if (options_.max_tokens == 0) {
    generation().reason = FinishReason::length;
    ended_ = true;
  }
  return {};
}

/// What the next token is chosen from.
Result<std::span<const float>> Generating::logits() {
  if (!pending_) return logits_;
  const TokenId last = *std::exchange(pending_, std::nullopt);
  return session_.evaluate(std::span(&last, 1), {.cancel = options_.cancel});
}

std::optional<FinishReason> Generating::reason_to_end(TokenId token) const {
  if (!options_.ignore_end && session_.file().tokenizer.is_end(token)) return FinishReason::end;
  if (generation().generated_tokens == options_.max_tokens) return FinishReason::length;
  if (session_.past() == session_.limits.context) return FinishReason::context;
  return std::nullopt;
}

/// The token with what can be shown now; decides whether it is the last.
Result<Token> Generating::show(const Sampled& sampled) {
  ABI_TRY(const std::string piece, session_.file().tokenizer.piece(sampled.id, options_.special));
  auto [text, stopped] = stops_.push(joiner_.push(piece));
  auto reason = stopped ? FinishReason::stop : reason_to_end(sampled.id);
  if (reason && !stopped) {
    auto [rest, stopped_at_last] = stops_.push(joiner_.flush());
    text += rest;
    if (stopped_at_last)
      reason = FinishReason::stop;
    else
      text += stops_.flush();
  }
  if (reason) {
    generation().reason = *reason;
    ended_ = true;
  }
  return Token{.id = sampled.id, .text = std::move(text), .log_probability = sampled.log_probability, .top = sampled.top};
}

Result<std::optional<Token>> Generating::next() {
  if (ended_) return std::nullopt;
  const Stopwatch stopwatch(generation().generation_time);
  if (options_.cancel.stop_requested()) return error(ErrorCode::cancelled, "the generation is cancelled by the caller");
  ABI_TRY(const auto row, logits());
  ABI_TRY(const Sampled sampled, sampler_.sample(row));
  sampler_.accept(sampled.id);
  ++generation().generated_tokens;
  pending_ = sampled.id;
  ABI_TRY(Token token, show(sampled));
  return token;
}

Result<Generation> generate_all(Session::Impl& session, std::span<const TokenId> prompt, const GenerateOptions& options,
                                const std::function<bool(const Token&)>& on_token) {
  ABI_TRY(Generating generating, Generating::create(session, options));
  ABI_TRY(generating.start(prompt));
  while (true) {
    ABI_TRY(const std::optional<Token> token, generating.next());
    if (!token) break;
    if (on_token && !on_token(*token)) {
      session.generation.reason = FinishReason::caller;
      break;
    }
  }
  return session.generation;
}

task::AsyncGenerator<Token> generate_each(Session::Impl& session, std::vector<TokenId> prompt, GenerateOptions options) {
  ABI_CO_TRY(Generating generating, Generating::create(session, options));
  ABI_CO_TRY(generating.start(prompt));
  while (true) {
    ABI_CO_TRY(std::optional<Token> token, generating.next());
    if (!token) break;
    co_yield *std::move(token);
  }
  co_return {};
}

}  // namespace

std::string_view name(FinishReason reason) noexcept {
  switch (reason) {
    case FinishReason::end: return "end";
    case FinishReason::stop: return "stop";
    case FinishReason::length: return "length";
    case FinishReason::context: return "context";
    case FinishReason::caller: return "caller";
  }
  return "unknown";
}

task::AsyncGenerator<Token> Session::generate(std::vector<TokenId> prompt, GenerateOptions options) {
  return generate_each(*impl_, std::move(prompt), std::move(options));
}

Result<Generation> Session::generate(std::span<const TokenId> prompt, const GenerateOptions& options,
                                     const std::function<bool(const Token&)>& on_token) {
  return boundary([&] { return generate_all(*impl_, prompt, options, on_token); });
}

Result<Generation> Session::generate(std::string_view prompt, const GenerateOptions& options,
                                     const std::function<bool(const Token&)>& on_token) {
  return boundary([&]() -> Result<Generation> {
    ABI_TRY(const auto ids, impl_->file().tokenizer.tokenize(prompt, {.add_special = impl_->tokens.empty()}));
    return generate_all(*impl_, ids, options, on_token);
  });
}

}  // namespace libabi::llm
