#include "synthetic/model.hpp"

#include <abi/llm/gguf.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace synthetic {

using libabi::error;
using libabi::ErrorCode;
using libabi::Result;
using libabi::llm::GgufWriter;
using libabi::quant::Format;

namespace {

constexpr Shape kShapes[] = {
#define ABI_SHAPE(...) {__VA_ARGS__},
#include "synthetic/shapes.def"
#undef ABI_SHAPE
};

constexpr std::size_t unit_elements = 32;  ///< what is drawn at once: a block, or as many plain elements
constexpr std::size_t pool_units = 4096;

/// splitmix64's finaliser.
std::uint64_t mix(std::uint64_t z) {
  z += 0x9E3779B97F4A7C15u;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}

/// Uniform values of this deviation, encoded.
std::vector<std::byte> encoded_pool(const Format& format, double deviation, std::uint64_t seed) {
  std::vector<float> values(pool_units * unit_elements);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double uniform = static_cast<double>(mix(seed + i) >> 11) * 0x1p-53;
    values[i] = static_cast<float>(deviation * std::sqrt(3.0) * (2.0 * uniform - 1.0));
  }
  std::vector<std::byte> out(values.size() / format.block_length * format.block_bytes);
  format.encode(values.data(), out.data(), values.size());
  return out;
}

/// The tensors of one file.
class Matrices {
 public:
  Matrices(GgufWriter& writer, const Format& format, std::uint64_t seed) : writer_(writer), format_(format), seed_(seed) {}

  Result<void> add(const std::string& name, std::uint64_t columns, std::uint64_t rows) {
    const std::uint64_t dims[] = {columns, rows};
    const std::uint64_t seed = seed_ = mix(seed_);
    const std::size_t unit = unit_elements / format_.block_length * format_.block_bytes;
    auto pool = encoded_pool(format_, 1.0 / std::sqrt(static_cast<double>(columns)), seed);
    auto fill = [pool = std::move(pool), unit, seed](std::uint64_t offset, std::span<std::byte> out) -> Result<void> {
      for (std::size_t at = 0; at < out.size();) {
        const std::uint64_t place = offset + at;
        const std::size_t from = place % unit, count = std::min(unit - from, out.size() - at);
        std::memcpy(out.data() + at, pool.data() + mix(seed + place / unit) % pool_units * unit + from, count);
        at += count;
      }
      return {};
    };
    return writer_.add_tensor(name, format_, dims, std::move(fill));
  }

  Result<void> add_norm(const std::string& name, std::uint64_t columns) {
    const std::uint64_t dims[] = {columns};
    const auto ones = [](std::uint64_t, std::span<std::byte> out) -> Result<void> {
      const float one = 1;
      for (std::size_t at = 0; at < out.size(); at += sizeof one) std::memcpy(out.data() + at, &one, sizeof one);
      return {};
    };
    return writer_.add_tensor(name, libabi::quant::format(libabi::quant::FormatId::f32), dims, ones);
  }

 private:
  GgufWriter& writer_;
  const Format& format_;
  std::uint64_t seed_;
};

void add_hyper_parameters(GgufWriter& writer, const Shape& shape, const Format& format) {
  writer.add("general.architecture", "llama");
  writer.add("general.name", libabi::format("synthetic {}", shape.name));
  writer.add("general.file_type", format.file_type);
  writer.add("llama.context_length", shape.context);
  writer.add("llama.embedding_length", shape.width);
  writer.add("llama.block_count", shape.layers);
  writer.add("llama.feed_forward_length", shape.feed_forward);
  writer.add("llama.attention.head_count", shape.heads);
  writer.add("llama.attention.head_count_kv", shape.kv_heads);
  writer.add("llama.attention.layer_norm_rms_epsilon", 1e-5f);
  writer.add("llama.rope.dimension_count", shape.width / shape.heads);
  writer.add("llama.vocab_size", shape.vocabulary);
}

/// All bytes, and words that mean nothing.
void add_vocabulary(GgufWriter& writer, const Shape& shape) {
  std::vector<std::string> tokens{"<unk>", "<s>", "</s>"};
  std::vector<std::int32_t> types{2, 3, 3};
  std::vector<float> scores{0, 0, 0};
  const auto add = [&](std::string text, std::int32_t type) {
    scores.push_back(-static_cast<float>(tokens.size()));
    tokens.push_back(std::move(text));
    types.push_back(type);
  };
  for (unsigned byte = 0; byte < 256; ++byte) add(libabi::format("<0x{:02X}>", byte), 6);
  while (tokens.size() < shape.vocabulary) add(libabi::format("w{}", tokens.size()), 1);
  writer.add("tokenizer.ggml.model", "llama");
  writer.add_strings("tokenizer.ggml.tokens", tokens);
  writer.add_floats("tokenizer.ggml.scores", scores);
  writer.add_integers("tokenizer.ggml.token_type", types);
  writer.add("tokenizer.ggml.bos_token_id", std::uint32_t{1});
  writer.add("tokenizer.ggml.eos_token_id", std::uint32_t{2});
  writer.add("tokenizer.ggml.unknown_token_id", std::uint32_t{0});
}

Result<void> add_layer(Matrices& matrices, const Shape& shape, std::uint32_t layer) {
  const std::uint64_t width = shape.width, kv = width / shape.heads * shape.kv_heads, inner = shape.feed_forward;
  const auto name = [layer](std::string_view part) { return libabi::format("blk.{}.{}.weight", layer, part); };
  ABI_TRY(matrices.add_norm(name("attn_norm"), width));
  ABI_TRY(matrices.add(name("attn_q"), width, width));
  ABI_TRY(matrices.add(name("attn_k"), width, kv));
  ABI_TRY(matrices.add(name("attn_v"), width, kv));
  ABI_TRY(matrices.add(name("attn_output"), width, width));
  ABI_TRY(matrices.add_norm(name("ffn_norm"), width));
  ABI_TRY(matrices.add(name("ffn_gate"), width, inner));
  ABI_TRY(matrices.add(name("ffn_up"), width, inner));
  return matrices.add(name("ffn_down"), inner, width);
}

}  // namespace

double Shape::layer_weights() const noexcept {
  const double kv = static_cast<double>(width) * kv_heads / heads;
  return layers * (2.0 * width * width + 2.0 * width * kv + 3.0 * width * feed_forward);
}

std::span<const Shape> shapes() noexcept { return kShapes; }

Result<Shape> find_shape(std::string_view name) {
  std::string known;
  for (const Shape& shape : kShapes) {
    if (shape.name == name) return shape;
    known += (known.empty() ? "" : ", ") + std::string(shape.name);
  }
  return error(ErrorCode::not_found, "shape '{}' is unknown, expected one of {}", name, known);
}

Result<void> write_llama(const std::filesystem::path& file, const Shape& shape, libabi::quant::FormatId id, std::uint64_t seed,
                         const std::function<bool(double)>& progress) {
  const Format& format = libabi::quant::format(id);
  if (!format.encode) return error(ErrorCode::invalid_argument, "{} holds no reals, weights cannot be in it", format.name);
  GgufWriter writer;
  add_hyper_parameters(writer, shape, format);
  add_vocabulary(writer, shape);
  Matrices matrices(writer, format, seed);
  ABI_TRY(matrices.add("token_embd.weight", shape.width, shape.vocabulary));
  for (std::uint32_t layer = 0; layer < shape.layers; ++layer) ABI_TRY(add_layer(matrices, shape, layer));
  ABI_TRY(matrices.add_norm("output_norm.weight", shape.width));
  if (!shape.tied) ABI_TRY(matrices.add("output.weight", shape.width, shape.vocabulary));
  return writer.write(file, progress);
}

}  // namespace synthetic
