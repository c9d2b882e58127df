#include "arch/architecture.hpp"
#include "arch/blocks.hpp"

namespace libabi::llm {

namespace {

/// Qwen2 (Yang et al., 2024): LLaMA's layout with biases on q, k and v, and rotation by halves.
void build(Blueprint& model) {
  TensorId x = token_embedding(model);
  for (std::int64_t layer = 0; layer < model.hyper.layers; ++layer) {
    Qkv qkv = project_qkv(model, rms_norm(model, x, block_name(layer, "attn_norm")), layer);
    rotate(model, qkv);
    x = model.graph.add(x, cached_attention(model, qkv, layer));
    x = model.graph.add(x, gated_feed_forward(model, rms_norm(model, x, block_name(layer, "ffn_norm")), layer));
  }
  logits_head(model, x, rms_norm);
}

}  // namespace

constinit const Architecture arch_qwen2{.name = "qwen2", .kind = ModelKind::generative, .rope_neox = true, .build = build};

}  // namespace libabi::llm
