#include "arch/blocks.hpp"

#include <cmath>

namespace libabi::llm {

namespace {

std::int64_t columns_of(const Blueprint& model, TensorId x) { return x == no_tensor ? 0 : model.graph.desc(x).shape.columns; }

compute::AttentionAttributes attention_attributes(const Blueprint& model, bool causal) {
  const HyperParameters& h = model.hyper;
  return {.heads = static_cast<std::int32_t>(h.heads),
          .kv_heads = static_cast<std::int32_t>(h.kv_heads),
          .head_dim = static_cast<std::int32_t>(h.key_dim),
          .value_dim = static_cast<std::int32_t>(h.value_dim),
          .scale = 1.0f / std::sqrt(static_cast<float>(h.key_dim)),
          .causal = causal};
}

}  // namespace

TensorId token_embedding(Blueprint& model) {
  return model.graph.get_rows(model.matrix("token_embd.weight", model.hyper.vocabulary, model.hyper.width), model.tokens());
}

TensorId rms_norm(Blueprint& model, TensorId x, std::string_view name) {
  return model.graph.rms_norm(x, model.vector(std::string(name) + ".weight", columns_of(model, x)), model.hyper.norm_epsilon);
}

TensorId layer_norm(Blueprint& model, TensorId x, std::string_view name) {
  const std::int64_t columns = columns_of(model, x);
  const TensorId weight = model.vector(std::string(name) + ".weight", columns);
  return model.graph.layer_norm(x, weight, model.optional_vector(std::string(name) + ".bias", columns), model.hyper.norm_epsilon);
}

TensorId linear(Blueprint& model, TensorId x, std::string_view name, std::int64_t rows) {
  const TensorId weight = model.matrix(std::string(name) + ".weight", rows, columns_of(model, x));
  return model.graph.matmul(weight, x, model.optional_vector(std::string(name) + ".bias", rows));
}

Qkv project_qkv(Blueprint& model, TensorId x, std::int64_t layer) {
  const HyperParameters& h = model.hyper;
  return {linear(model, x, block_name(layer, "attn_q"), h.q_columns()),
          linear(model, x, block_name(layer, "attn_k"), h.k_columns()),
          linear(model, x, block_name(layer, "attn_v"), h.v_columns())};
}

Qkv project_fused_qkv(Blueprint& model, TensorId x, std::int64_t layer) {
  const HyperParameters& h = model.hyper;
  const std::int64_t total = h.q_columns() + h.k_columns() + h.v_columns();
  const std::string weight = block_name(layer, "attn_qkv.weight");
  const std::string bias = block_name(layer, "attn_qkv.bias");
  const auto part = [&](std::int64_t first, std::int64_t rows) {
    const TensorId matrix = model.matrix_rows(weight, first, rows, total, h.width);
    return model.graph.matmul(matrix, x, model.has(bias) ? model.vector_part(bias, first, rows, total) : no_tensor);
  };
  return {part(0, h.q_columns()), part(h.q_columns(), h.k_columns()), part(h.q_columns() + h.k_columns(), h.v_columns())};
}

void rotate(Blueprint& model, Qkv& qkv) {
  const TensorId factors = model.optional_vector("rope_freqs.weight", model.hyper.rope.rotary_dim / 2);
  qkv.q = model.graph.rope(qkv.q, model.positions(), model.hyper.rope, factors);
  qkv.k = model.graph.rope(qkv.k, model.positions(), model.hyper.rope, factors);
}

TensorId cached_attention(Blueprint& model, const Qkv& qkv, std::int64_t layer) {
  const TensorId k = model.graph.store_rows(qkv.k, model.cache_k(layer), model.positions());
  const TensorId v = model.graph.store_rows(qkv.v, model.cache_v(layer), model.positions());
  const TensorId attended = model.graph.attention(qkv.q, k, v, model.positions(), attention_attributes(model, true));
  return linear(model, attended, block_name(layer, "attn_output"), model.hyper.width);
}

TensorId full_attention(Blueprint& model, const Qkv& qkv, std::int64_t layer) {
  const TensorId attended = model.graph.attention(qkv.q, qkv.k, qkv.v, model.positions(), attention_attributes(model, false));
  return linear(model, attended, block_name(layer, "attn_output"), model.hyper.width);
}

TensorId gated_feed_forward(Blueprint& model, TensorId x, std::int64_t layer) {
  const std::int64_t inner = model.hyper.feed_forward;
  const TensorId gate = linear(model, x, block_name(layer, "ffn_gate"), inner);
  const TensorId up = linear(model, x, block_name(layer, "ffn_up"), inner);
  return linear(model, model.graph.swiglu(gate, up), block_name(layer, "ffn_down"), model.hyper.width);
}

TensorId gelu_feed_forward(Blueprint& model, TensorId x, std::int64_t layer) {
  const TensorId up = linear(model, x, block_name(layer, "ffn_up"), model.hyper.feed_forward);
  return linear(model, model.graph.gelu(up), block_name(layer, "ffn_down"), model.hyper.width);
}

TensorId expert_feed_forward(Blueprint& model, TensorId x, std::int64_t layer) {
  const HyperParameters& h = model.hyper;
  compute::GraphBuilder& g = model.graph;
  const TensorId router = g.matmul(model.matrix(block_name(layer, "ffn_gate_inp.weight"), h.experts, h.width), x);
  const TensorId chosen = g.top_experts(router, static_cast<std::int32_t>(h.experts_used));
  const TensorId weights = g.expert_weights(router, chosen, true);
  const TensorId gate =
      g.expert_matmul(model.experts(block_name(layer, "ffn_gate_exps.weight"), h.experts, h.feed_forward, h.width), x, chosen);
  const TensorId up =
      g.expert_matmul(model.experts(block_name(layer, "ffn_up_exps.weight"), h.experts, h.feed_forward, h.width), x, chosen);
  const TensorId down = model.experts(block_name(layer, "ffn_down_exps.weight"), h.experts, h.width, h.feed_forward);
  return g.expert_sum(g.expert_matmul(down, g.swiglu(gate, up), chosen), weights);
}

void logits_head(Blueprint& model, TensorId x, TensorId (*norm)(Blueprint&, TensorId, std::string_view)) {
  const HyperParameters& h = model.hyper;
  const TensorId wanted = norm(model, model.graph.get_rows(x, model.wanted_rows()), "output_norm");
  const TensorId output = model.has("output.weight")
                              ? model.matrix("output.weight", h.vocabulary, h.width)
                              : model.matrix_again("token_embd.weight", "output.weight", h.vocabulary, h.width);
  model.graph.output(model.graph.matmul(output, wanted), output_logits);
}

}  // namespace libabi::llm
