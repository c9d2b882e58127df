#include "model/session_impl.hpp"

#include <cmath>

namespace libabi::llm {

Result<std::vector<float>> Session::Impl::embed(std::span<const TokenId> ids, const task::StopToken& cancel) {
  if (!embeds()) return error(ErrorCode::failed_precondition, "{} is no embedding model", model.info().architecture);
  ABI_TRY(check_ids(ids));
  fill_inputs(ids, 0);
  ABI_TRY(executor.run({.tokens = static_cast<std::int64_t>(ids.size())}, cancel));
  const auto pooled = executor.output<float>(terminals.embedding);
  std::vector<float> embedding(pooled.begin(), pooled.begin() + model.info().embedding_width);
  for (std::size_t i = 0; i < embedding.size(); ++i)
    if (!std::isfinite(embedding[i]))
      return error(ErrorCode::failed_precondition, "element {} of the embedding is {}", i, embedding[i]);
  return embedding;
}

}  // namespace libabi::llm
