#include "arch/architecture.hpp"
#include "arch/blocks.hpp"

namespace libabi::llm {

namespace {

/// LLaMA (Touvron et al., 2023) with what its family added: grouped queries, biases, tied output, rope scaling by linear,
/// YaRN or rope_freqs factors, and mixture of experts (Mixtral).
void build(Blueprint& model) {
  TensorId x = token_embedding(model);
  for (std::int64_t layer = 0; layer < model.hyper.layers; ++layer) {
    Qkv qkv = project_qkv(model, rms_norm(model, x, block_name(layer, "attn_norm")), layer);
    rotate(model, qkv);
    x = model.graph.add(x, cached_attention(model, qkv, layer));
    const TensorId normed = rms_norm(model, x, block_name(layer, "ffn_norm"));
    x = model.graph.add(
        x, model.hyper.experts > 0 ? expert_feed_forward(model, normed, layer) : gated_feed_forward(model, normed, layer));
  }
  logits_head(model, x, rms_norm);
}

}  // namespace

constinit const Architecture arch_llama{.name = "llama", .kind = ModelKind::generative, .rope_neox = false, .build = build};

}  // namespace libabi::llm
