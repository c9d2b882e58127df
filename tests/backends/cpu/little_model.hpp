#pragma once
/// A transformer of two layers, one of them with experts, small enough for sanitizers: everything that a model's graph has.

#include "rig.hpp"

namespace libabi::backends::cpu::test {

struct LittleModel {
  std::int64_t batch = 48;
  std::int64_t context = 160;
  FormatId matrix = FormatId::q8_0;
  FormatId cache = FormatId::f16;

  static constexpr std::int64_t width = 96, heads = 6, kv_heads = 2, head_dim = 32, inner = 160, experts = 5, vocabulary = 97;

  /// Inputs: tokens, positions (and cells), wanted; states cache_k.0, cache_v.0, cache_k.1, cache_v.1; output: logits.
  Graph graph() const {
    GraphBuilder b;
    const TensorId tokens = b.input("tokens", FormatId::i32, {.rows = batch, .columns = 1, .dynamic = Rows::tokens});
    const TensorId positions = b.input("positions", FormatId::i32, {.rows = batch, .columns = 1, .dynamic = Rows::tokens});
    const TensorId wanted = b.input("wanted", FormatId::i32, {.rows = batch, .columns = 1, .dynamic = Rows::outputs});
    TensorId x = b.get_rows(b.weight("table", matrix, {.rows = vocabulary, .columns = width}), tokens);
    for (int layer = 0; layer < 2; ++layer) {
      x = b.add(x, attention(b, x, positions, layer));
      const TensorId n = b.rms_norm(x, vector(b, "ffn_norm", layer, width), 1e-5f);
      x = b.add(x, layer == 0 ? feed_forward(b, n, layer) : expert_feed_forward(b, n, layer));
    }
    x = b.layer_norm(b.get_rows(x, wanted), vector(b, "out_norm", 2, width), vector(b, "out_bias", 2, width), 1e-5f);
    b.output(b.matmul(b.weight("output", matrix, {.rows = vocabulary, .columns = width}), x), "logits");
    return take(std::move(b).finish());
  }

 private:
  static std::string named(const char* name, int layer) { return std::string(name) + "." + std::to_string(layer); }
  static TensorId vector(GraphBuilder& b, const char* name, int layer, std::int64_t n) {
    return b.weight(named(name, layer), FormatId::f32, {.columns = n});
  }
  TensorId linear(GraphBuilder& b, const char* name, int layer, TensorId x, std::int64_t rows, TensorId bias = no_tensor) const {
    return b.matmul(b.weight(named(name, layer), matrix, {.rows = rows, .columns = b.desc(x).shape.columns}), x, bias);
  }
  TensorId attention(GraphBuilder& b, TensorId x, TensorId positions, int layer) const {
    const TensorId n = b.rms_norm(x, vector(b, "norm", layer, width), 1e-5f);
    const compute::RopeAttributes rope{.head_dim = head_dim, .rotary_dim = layer == 0 ? 32 : 24, .neox = layer == 1};
    const TensorId q =
        b.rope(linear(b, "q", layer, n, heads * head_dim, vector(b, "q_bias", layer, heads * head_dim)), positions, rope);
    const TensorId k = b.rope(linear(b, "k", layer, n, kv_heads * head_dim), positions, rope);
    const TensorId v = linear(b, "v", layer, n, kv_heads * head_dim);
    const Shape cells{.rows = context, .columns = kv_heads * head_dim};
    const TensorId cached_k = b.store_rows(k, b.state(named("cache_k", layer), cache, cells), positions);
    const TensorId cached_v = b.store_rows(v, b.state(named("cache_v", layer), cache, cells), positions);
    const TensorId y =
        b.attention(q, cached_k, cached_v, positions,
                    {.heads = heads, .kv_heads = kv_heads, .head_dim = head_dim, .value_dim = head_dim, .scale = 0.18f});
    return linear(b, "o", layer, y, width);
  }
  TensorId feed_forward(GraphBuilder& b, TensorId x, int layer) const {
    return linear(b, "down", layer, b.swiglu(linear(b, "gate", layer, x, inner), linear(b, "up", layer, x, inner)), width);
  }
  TensorId expert_feed_forward(GraphBuilder& b, TensorId x, int layer) const {
    const auto weight = [&](const char* name, std::int64_t rows, std::int64_t columns) {
      return b.weight(named(name, layer), matrix, {.planes = experts, .rows = rows, .columns = columns});
    };
    const TensorId router = b.matmul(b.weight(named("router", layer), FormatId::f32, {.rows = experts, .columns = width}), x);
    const TensorId chosen = b.top_experts(router, 2);
    const TensorId gate = b.expert_matmul(weight("gates", inner, width), x, chosen),
                   up = b.expert_matmul(weight("ups", inner, width), x, chosen);
    const TensorId down = b.expert_matmul(weight("downs", width, inner), b.swiglu(gate, up), chosen);
    return b.expert_sum(down, b.expert_weights(router, chosen, true));
  }
};

/// Feeds tokens in batches and collects the logits of every one of them.
inline std::vector<float> logits_of(Rig& rig, const std::vector<std::int32_t>& tokens, const std::vector<std::size_t>& batches) {
  std::vector<float> out;
  std::size_t first = 0;
  for (const std::size_t count : batches) {
    std::vector<std::int32_t> ids(tokens.begin() + static_cast<std::ptrdiff_t>(first),
                                  tokens.begin() + static_cast<std::ptrdiff_t>(first + count));
    std::vector<std::int32_t> positions(count), wanted(count);
    for (std::size_t i = 0; i < count; ++i) {
      positions[i] = static_cast<std::int32_t>(first + i);
      wanted[i] = static_cast<std::int32_t>(i);
    }
    rig.fill("tokens", ids);
    rig.fill("positions", positions);
    rig.fill("wanted", wanted);
    const auto n = static_cast<std::int64_t>(count);
    take(rig.run({.tokens = n, .outputs = n, .cached = static_cast<std::int64_t>(first + count)}));
    const auto logits = rig.output("logits", count * LittleModel::vocabulary);
    out.insert(out.end(), logits.begin(), logits.end());
    first += count;
  }
  return out;
}

inline std::vector<std::int32_t> random_tokens(std::uint32_t seed, std::size_t n) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<std::int32_t> token(0, LittleModel::vocabulary - 1);
  std::vector<std::int32_t> out(n);
  for (std::int32_t& t : out) t = token(random);
  return out;
}

}  // namespace libabi::backends::cpu::test
