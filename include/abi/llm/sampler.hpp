#pragma once
/// From logits to a token: a chain of samplers in the field's usual order.

#include <abi/base/error.hpp>
#include <abi/llm/tokenizer.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace libabi::llm {

struct LogitBias {
  TokenId token;
  float bias;  ///< added to the logit; -infinity forbids the token
};

/// Defaults are neutral but for temperature: every sampler that its value switches off costs nothing.
struct SamplingOptions {
  float temperature = 0.8f;          ///< 0 is greedy
  std::int32_t top_k = 40;           ///< 0: off
  float top_p = 0.95f;               ///< 1: off
  float min_p = 0.05f;               ///< 0: off
  float typical_p = 1.0f;            ///< 1: off
  std::int32_t min_keep = 1;         ///< candidates that the cutting samplers leave at least
  std::int32_t penalty_last_n = 64;  ///< tokens that penalties look back at; 0: off, -1: all
  float repeat_penalty = 1.0f;       ///< 1: off
  float frequency_penalty = 0.0f;
  float presence_penalty = 0.0f;
  std::vector<LogitBias> logit_bias;
  std::uint64_t seed = 0;               ///< the same seed and logits give the same tokens, on every machine
  std::int32_t log_probabilities = -1;  ///< how many alternatives Sampled lists; -1: none are computed
};

struct Candidate {
  TokenId id;
  float logit;
  float p;  ///< filled by the samplers that need it, else 0
};

struct TokenProbability {
  TokenId id;
  float log_probability;
};

struct Sampled {
  TokenId id = -1;
  float log_probability = 0;          ///< natural logarithm, of the model's own distribution (before any sampler)
  std::vector<TokenProbability> top;  ///< the most probable ones, best first
};

/// A chain with its state: random stream and the history that penalties look at. Not thread-safe. Movable.
class ABI_API Sampler {
 public:
  /// Errors: invalid_argument (a value out of its range, named).
  static Result<Sampler> create(const SamplingOptions& options);
  Sampler(Sampler&&) noexcept;
  Sampler& operator=(Sampler&&) noexcept;
  ~Sampler();

  /// Chooses a token and does not accept it. O(vocabulary). Errors: internal is never used for bad logits: those that
  /// are not finite are failed_precondition, which names the first token; invalid_argument where the bias names a token
  /// outside.
  Result<Sampled> sample(std::span<const float> logits);
  /// Takes a token into the history (of the prompt or generated).
  void accept(TokenId token);
  void reset();

 private:
  struct Impl;
  explicit Sampler(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

/// Runs one sampler of the family on its own, as tests and tools want: `name` is a member of sampler.def. Candidates are
/// changed in place; one that its value switches off, or that has no candidates, changes nothing. Errors: not_found (the
/// name), invalid_argument (options), failed_precondition (no candidate's logit is finite).
ABI_API Result<void> apply_sampler(std::string_view name, const SamplingOptions& options, std::span<const TokenId> history,
                                   std::vector<Candidate>& candidates);
/// Members of sampler.def in the order of the chain.
ABI_API std::span<const std::string_view> samplers() noexcept;

/// Watches generated text for stop strings. Text that may still become one is held back. Not thread-safe.
class ABI_API StopMatcher {
 public:
  explicit StopMatcher(std::vector<std::string> stops);
  struct Output {
    std::string text;      ///< may be shown now
    bool stopped = false;  ///< a stop string was completed; it and what follows it are not in `text`
  };
  Output push(std::string_view text);
  /// The end of generation: whatever was held back.
  std::string flush();

 private:
  std::vector<std::string> stops_;
  std::string held_;
};

}  // namespace libabi::llm
