#pragma once
/// The numbers of a model, read from GGUF metadata under the keys that all architectures share ("<arch>.block_count").

#include <abi/compute/graph.hpp>
#include <abi/llm/gguf.hpp>
#include <abi/llm/model.hpp>

namespace libabi::llm {

struct HyperParameters {
  std::string architecture;
  std::int64_t context_length = 0;
  std::int64_t width = 0;         // embedding_length
  std::int64_t layers = 0;        // block_count
  std::int64_t feed_forward = 0;  // feed_forward_length
  std::int64_t heads = 0;         // attention.head_count
  std::int64_t kv_heads = 0;      // attention.head_count_kv, heads when absent
  std::int64_t key_dim = 0;       // attention.key_length, width / heads when absent
  std::int64_t value_dim = 0;     // attention.value_length, likewise
  std::int64_t experts = 0;       // expert_count
  std::int64_t experts_used = 0;  // expert_used_count
  std::int64_t vocabulary = 0;    // rows of token_embd.weight
  float norm_epsilon = 0;         // attention.layer_norm_rms_epsilon or attention.layer_norm_epsilon
  bool causal = true;             // attention.causal
  PoolingType pooling = PoolingType::none;
  compute::RopeAttributes rope;  // but for neox, which the architecture knows

  std::int64_t q_columns() const noexcept { return heads * key_dim; }
  std::int64_t k_columns() const noexcept { return kv_heads * key_dim; }
  std::int64_t v_columns() const noexcept { return kv_heads * value_dim; }
};

/// Errors: not_found (a required key), invalid_argument (a value out of range; heads that do not divide), unsupported
/// (a rope scaling or pooling that is unknown).
Result<HyperParameters> read_hyper_parameters(const GgufFile& file, std::string_view architecture);

}  // namespace libabi::llm
