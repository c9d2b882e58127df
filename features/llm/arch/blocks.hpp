#pragma once
/// The parts that transformers are made of. Each reads its weights by GGUF's names, so that an architecture says only how
/// the parts are put together.

#include "arch/blueprint.hpp"

namespace libabi::llm {

/// token_embd.weight at the input tokens -> [T, width].
TensorId token_embedding(Blueprint& model);

/// "<name>.weight" over the columns of x.
TensorId rms_norm(Blueprint& model, TensorId x, std::string_view name);
/// "<name>.weight" and "<name>.bias".
TensorId layer_norm(Blueprint& model, TensorId x, std::string_view name);

/// "<name>.weight" [rows, columns of x] and, where the file has it, "<name>.bias".
TensorId linear(Blueprint& model, TensorId x, std::string_view name, std::int64_t rows);

/// Queries, keys and values of x, before any rotation.
struct Qkv {
  TensorId q, k, v;
};
/// From attn_q, attn_k, attn_v.
Qkv project_qkv(Blueprint& model, TensorId x, std::int64_t layer);
/// From the fused attn_qkv, whose rows are those of q, then k, then v.
Qkv project_fused_qkv(Blueprint& model, TensorId x, std::int64_t layer);

/// Rotates q and k at the input positions, by rope_freqs.weight's factors where the file has them.
void rotate(Blueprint& model, Qkv& qkv);

/// Causal attention over the cache of the layer, which takes k and v, then attn_output.
TensorId cached_attention(Blueprint& model, const Qkv& qkv, std::int64_t layer);
/// Attention of all tokens with all (no cache), then attn_output.
TensorId full_attention(Blueprint& model, const Qkv& qkv, std::int64_t layer);

/// ffn_down(silu(ffn_gate x) * ffn_up x).
TensorId gated_feed_forward(Blueprint& model, TensorId x, std::int64_t layer);
/// ffn_down(gelu(ffn_up x)).
TensorId gelu_feed_forward(Blueprint& model, TensorId x, std::int64_t layer);
/// The best experts_used of the experts, weighted by their softmax over all, divided by their sum (Jiang et al., 2024).
TensorId expert_feed_forward(Blueprint& model, TensorId x, std::int64_t layer);

/// The rows that are wanted, then the output matrix (or the token embedding, tied) -> the output "logits".
/// `norm` is applied between the two.
void logits_head(Blueprint& model, TensorId x, TensorId (*norm)(Blueprint&, TensorId, std::string_view));

}  // namespace libabi::llm
