#include "model/session_impl.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace libabi::llm {

namespace {

/// The first element that is not finite, or the size.
std::size_t first_not_finite(std::span<const float> values) {
  return static_cast<std::size_t>(std::ranges::find_if(values, [](float value) { return !std::isfinite(value); }) -
                                  values.begin());
}

}  // namespace

Result<void> Session::Impl::check_ids(std::span<const TokenId> ids) const {
  if (ids.empty()) return error(ErrorCode::invalid_argument, "there are no tokens to evaluate");
  const std::int64_t free = limits.context - past();
  if (std::cmp_greater(ids.size(), free))
    return error(ErrorCode::out_of_range, "{} tokens do not fit the context of {}, which holds {}", ids.size(), limits.context,
                 past());
  const std::int64_t vocabulary = model.info().vocabulary;
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (ids[i] < 0 || ids[i] >= vocabulary)
      return error(ErrorCode::out_of_range, "token {} at index {} is outside the vocabulary of {}", ids[i], i, vocabulary);
  return {};
}

void Session::Impl::fill_inputs(std::span<const TokenId> ids, std::int64_t first) {
  if (terminals.tokens != no_tensor) std::ranges::copy(ids, executor.input<TokenId>(terminals.tokens).begin());
  if (terminals.positions != no_tensor) {
    const auto positions = executor.input<std::int32_t>(terminals.positions).first(ids.size());
    std::iota(positions.begin(), positions.end(), static_cast<std::int32_t>(first));
  }
  if (terminals.types != no_tensor) std::ranges::fill(executor.input<std::int32_t>(terminals.types).first(ids.size()), 0);
}

/// Evaluates one batch; the logits of its last `outputs` tokens are wanted.
Result<void> Session::Impl::run_batch(std::span<const TokenId> ids, std::int64_t outputs, const task::StopToken& cancel) {
  const auto count = static_cast<std::int64_t>(ids.size());
  fill_inputs(ids, past());
  const auto wanted = executor.input<std::int32_t>(terminals.wanted).first(static_cast<std::size_t>(outputs));
  std::iota(wanted.begin(), wanted.end(), static_cast<std::int32_t>(count - outputs));
  ABI_TRY(executor.run({.tokens = count, .outputs = outputs, .cached = past() + count}, cancel));
  tokens.insert(tokens.end(), ids.begin(), ids.end());
  return {};
}

/// The logits of the last `rows` tokens.
Result<std::span<const float>> Session::Impl::logits(std::int64_t rows) const {
  const auto vocabulary = static_cast<std::size_t>(model.info().vocabulary);
  const auto all = executor.output<float>(terminals.logits).first(static_cast<std::size_t>(rows) * vocabulary);
  if (const std::size_t bad = first_not_finite(all); bad < all.size())
    return error(ErrorCode::failed_precondition, "the logit of token {} behind position {} is {}", bad % vocabulary,
                 past() - rows + static_cast<std::int64_t>(bad / vocabulary), all[bad]);
  return all;
}

Result<std::span<const float>> Session::Impl::evaluate(std::span<const TokenId> ids, const EvaluateOptions& options) {
  if (embeds())
    return error(ErrorCode::failed_precondition, "{} is an embedding model, which has no logits", model.info().architecture);
  ABI_TRY(check_ids(ids));
  const std::int64_t rows = options.all ? static_cast<std::int64_t>(ids.size()) : 1;
  if (rows > limits.outputs)
    return error(ErrorCode::invalid_argument, "logits of {} tokens are asked for, the session has {} outputs", rows,
                 limits.outputs);
  const auto batch = static_cast<std::size_t>(limits.batch);
  for (std::size_t at = 0; at < ids.size(); at += batch) {
    const auto part = ids.subspan(at, std::min(batch, ids.size() - at));
    const std::size_t done = at + part.size();
    // Only the last batch has outputs: more rows than one fit one batch, since limits.outputs is at most limits.batch.
    ABI_TRY(run_batch(part, done == ids.size() ? rows : 0, options.cancel));
    if (options.progress && !options.progress(static_cast<double>(done) / static_cast<double>(ids.size())))
      return error(ErrorCode::cancelled, "evaluating is cancelled by the caller");
  }
  return logits(rows);
}

}  // namespace libabi::llm
