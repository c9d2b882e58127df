#pragma once
/// One running text on a model: its tokens, its KV cache, and how it goes on.

#include <abi/llm/model.hpp>
#include <abi/llm/sampler.hpp>
#include <abi/task/async_generator.hpp>

#include <chrono>
#include <vector>

namespace libabi::llm {

/// A generated token with the text that can be shown now. Text is held back while it is an incomplete UTF-8 character or
/// may still become a stop string, so some tokens bring none and a later one brings more; the last brings the rest.
struct Token {
  TokenId id = -1;
  std::string text;
  float log_probability = 0;          ///< natural logarithm; 0 unless asked for
  std::vector<TokenProbability> top;  ///< the most probable ones, as many as asked for
};

enum class FinishReason : std::uint8_t {
  end,      ///< the model ended its text
  stop,     ///< a stop string was completed
  length,   ///< max_tokens
  context,  ///< the context is full
  caller,   ///< the callback returned false
};
ABI_API std::string_view name(FinishReason reason) noexcept;

struct GenerateOptions {
  std::int64_t max_tokens = -1;  ///< -1: until the model ends or the context is full
  SamplingOptions sampling;
  std::vector<std::string> stop;                          ///< strings that end the text; not shown
  bool ignore_end = false;                                ///< go on after the model's end token
  bool special = false;                                   ///< show the text of control tokens
  task::StopToken cancel;                                 ///< looked at between graph nodes; the error is then `cancelled`
  std::function<bool(double fraction)> prefill_progress;  ///< false cancels
};

/// What a generation did.
struct Generation {
  FinishReason reason = FinishReason::end;
  std::int64_t prompt_tokens = 0;
  std::int64_t generated_tokens = 0;
  std::chrono::nanoseconds prompt_time{};      ///< evaluating the prompt
  std::chrono::nanoseconds generation_time{};  ///< evaluating and sampling the rest
};

/// Not thread-safe; different sessions of one model may run in different threads and take turns on its device. Movable.
class ABI_API Session {
 public:
  /// Errors: invalid_argument (options out of range, a cache format that cannot be one), exhausted.
  static Result<Session> create(const Model& model, const SessionOptions& options = {});
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  const Model& model() const noexcept;
  std::int64_t context() const noexcept;
  /// Tokens that have been evaluated, in order; they are in the cache.
  std::span<const TokenId> tokens() const noexcept;
  /// Forgets the tokens from position `count` on. Errors: out_of_range.
  Result<void> truncate(std::int64_t count);

  struct EvaluateOptions {
    bool all = false;  ///< logits of every token (at most SessionOptions::outputs); else of the last one only
    task::StopToken cancel;
    std::function<bool(double fraction)> progress;
  };
  /// Evaluates tokens behind those that are there. The logits, [rows, vocabulary], stay valid until the next call.
  /// Errors: invalid_argument (no tokens; more rows than outputs), out_of_range (an id; context overflow), and nothing is
  /// evaluated; cancelled (whole batches stay), failed_precondition (an embedding model; logits that are not finite, whose
  /// tokens stay).
  Result<std::span<const float>> evaluate(std::span<const TokenId> tokens, const EvaluateOptions& options);
  Result<std::span<const float>> evaluate(std::span<const TokenId> tokens) { return evaluate(tokens, EvaluateOptions()); }

  /// Continues after `prompt`, which goes behind what is there. Nothing runs until the first item is asked for, and the
  /// session must outlive the generator and not be used otherwise meanwhile. After the end, generation() tells. The last
  /// token is not evaluated: it is in no cache, and tokens() ends before it.
  task::AsyncGenerator<Token> generate(std::vector<TokenId> prompt, GenerateOptions options);
  /// The same with a callback, from this thread; false ends it. Errors: those of evaluate() and Sampler.
  Result<Generation> generate(std::span<const TokenId> prompt, const GenerateOptions& options,
                              const std::function<bool(const Token&)>& on_token);
  /// The prompt as text; BOS and the like are added when the session is empty, and control tokens are not read from it.
  Result<Generation> generate(std::string_view prompt, const GenerateOptions& options,
                              const std::function<bool(const Token&)>& on_token);
  /// Of the last generation, as far as it got.
  const Generation& generation() const noexcept;

  /// The pooled embedding of the tokens (an embedding model), [embedding_width], not normalised. The session holds no
  /// tokens afterwards. Errors: failed_precondition (a generative model), out_of_range (an id; longer than the context).
  Result<std::vector<float>> embed(std::span<const TokenId> tokens, const task::StopToken& cancel = {});

  struct Impl;  ///< complete inside libabi only

 private:
  explicit Session(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace libabi::llm
