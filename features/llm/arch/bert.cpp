#include "arch/architecture.hpp"
#include "arch/blocks.hpp"

namespace libabi::llm {

namespace {

/// The sum of token, segment (always the first) and position embeddings, normalised.
TensorId embed(Blueprint& model) {
  const HyperParameters& h = model.hyper;
  TensorId x = token_embedding(model);
  x = model.graph.add(
      x, model.graph.get_rows(model.matrix("token_types.weight", model.rows_of("token_types.weight"), h.width), model.types()));
  x = model.graph.add(x,
                      model.graph.get_rows(model.matrix("position_embd.weight", h.context_length, h.width), model.positions()));
  return layer_norm(model, x, "token_embd_norm");
}

/// A score of the pair: a dense layer with tanh over the first token, then one output (Nogueira and Cho, 2019).
TensorId rank_head(Blueprint& model, TensorId x) {
  TensorId pooled = model.graph.pool(x, compute::Pooling::cls);
  if (model.has("cls.weight")) pooled = model.graph.tanh(linear(model, pooled, "cls", model.hyper.width));
  return linear(model, pooled, "cls.output", 1);
}

TensorId head(Blueprint& model, TensorId x) {
  switch (model.hyper.pooling) {
    case PoolingType::mean: return model.graph.pool(x, compute::Pooling::mean);
    case PoolingType::cls: return model.graph.pool(x, compute::Pooling::cls);
    case PoolingType::last: return model.graph.pool(x, compute::Pooling::last);
    case PoolingType::rank: return rank_head(model, x);
    case PoolingType::none: break;
  }
  model.fail({ErrorCode::unsupported, "the model has no pooling type, expected mean, cls, last or rank", {}});
  return no_tensor;
}

/// BERT (Devlin et al., 2019): attention both ways, norms behind the residuals, GELU.
void build(Blueprint& model) {
  TensorId x = embed(model);
  for (std::int64_t layer = 0; layer < model.hyper.layers; ++layer) {
    x = model.graph.add(x, full_attention(model, project_qkv(model, x, layer), layer));
    x = layer_norm(model, x, block_name(layer, "attn_output_norm"));
    x = model.graph.add(x, gelu_feed_forward(model, x, layer));
    x = layer_norm(model, x, block_name(layer, "layer_output_norm"));
  }
  model.graph.output(head(model, x), output_embedding);
}

}  // namespace

constinit const Architecture arch_bert{.name = "bert", .kind = ModelKind::embedding, .rope_neox = false, .build = build};

}  // namespace libabi::llm
