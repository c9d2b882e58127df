#include "arch/architecture.hpp"
#include "arch/blocks.hpp"

namespace libabi::llm {

namespace {

/// GPT-2 (Radford et al., 2019): learned positions, LayerNorm with bias, fused QKV, GELU.
void build(Blueprint& model) {
  const HyperParameters& h = model.hyper;
  const TensorId places =
      model.graph.get_rows(model.matrix("position_embd.weight", h.context_length, h.width), model.positions());
  TensorId x = model.graph.add(token_embedding(model), places);
  for (std::int64_t layer = 0; layer < h.layers; ++layer) {
    const Qkv qkv = project_fused_qkv(model, layer_norm(model, x, block_name(layer, "attn_norm")), layer);
    x = model.graph.add(x, cached_attention(model, qkv, layer));
    x = model.graph.add(x, gelu_feed_forward(model, layer_norm(model, x, block_name(layer, "ffn_norm")), layer));
  }
  logits_head(model, x, layer_norm);
}

}  // namespace

constinit const Architecture arch_gpt2{.name = "gpt2", .kind = ModelKind::generative, .rope_neox = false, .build = build};

}  // namespace libabi::llm
