#include "synthetic_model.hpp"

#include <abi/llm/gguf.hpp>

#include <cmath>
#include <cstring>
#include <vector>

namespace bench {

using libabi::Result;
using libabi::llm::GgufWriter;
using libabi::quant::Format;

double LlamaShape::layer_weights() const noexcept {
  const double kv = static_cast<double>(width) * kv_heads / heads;
  return layers * (2.0 * width * width + 2.0 * width * kv + 3.0 * width * feed_forward);
}

namespace {

std::uint64_t next(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15u;
  std::uint64_t z = state;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}

/// A pool of encoded rows that is repeated over the matrix: encoding a billion weights would take longer than the test.
std::vector<std::byte> encoded_pool(const Format& format, std::size_t columns, double deviation) {
  constexpr std::size_t rows = 64;
  std::vector<float> values(rows * columns);
  std::uint64_t state = columns;
  for (float& value : values)
    value = static_cast<float>(deviation * std::sqrt(3.0) * (2.0 * (static_cast<double>(next(state) >> 11) * 0x1p-53) - 1.0));
  std::vector<std::byte> out(values.size() / format.block_length * format.block_bytes);
  format.encode(values.data(), out.data(), values.size());
  return out;
}

Result<void> add_matrix(GgufWriter& writer, const std::string& name, const Format& format, std::uint64_t columns,
                        std::uint64_t rows) {
  const std::uint64_t dims[] = {columns, rows};
  auto pool = encoded_pool(format, columns, 1.0 / std::sqrt(static_cast<double>(columns)));
  return writer.add_tensor(
      name, format, dims, [pool = std::move(pool)](std::uint64_t offset, std::span<std::byte> out) -> Result<void> {
        for (std::size_t at = 0; at < out.size();) {
          const std::size_t from = (offset + at) % pool.size(), count = std::min(pool.size() - from, out.size() - at);
          std::memcpy(out.data() + at, pool.data() + from, count);
          at += count;
        }
        return {};
      });
}

Result<void> add_norm(GgufWriter& writer, const std::string& name, std::uint64_t columns) {
  const std::uint64_t dims[] = {columns};
  return writer.add_tensor(name, libabi::quant::format(libabi::quant::FormatId::f32), dims,
                           [](std::uint64_t, std::span<std::byte> out) -> Result<void> {
                             const float one = 1;
                             for (std::size_t at = 0; at < out.size(); at += sizeof one)
                               std::memcpy(out.data() + at, &one, sizeof one);
                             return {};
                           });
}

void add_metadata(GgufWriter& writer, const LlamaShape& shape, const Format& format) {
  writer.add("general.architecture", "llama");
  writer.add("general.name", "synthetic llama-1b");
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
  std::vector<std::string> tokens{"<unk>", "<s>", "</s>"};
  std::vector<std::int32_t> types{2, 3, 3};
  std::vector<float> scores{0, 0, 0};
  char byte_name[8];
  for (int b = 0; b < 256; ++b) {
    std::snprintf(byte_name, sizeof byte_name, "<0x%02X>", static_cast<unsigned>(b));
    tokens.emplace_back(byte_name);
    types.push_back(6);
    scores.push_back(0);
  }
  while (tokens.size() < shape.vocabulary) {
    tokens.push_back(libabi::format("w{}", tokens.size()));
    types.push_back(1);
    scores.push_back(-static_cast<float>(tokens.size()));
  }
  writer.add("tokenizer.ggml.model", "llama");
  writer.add_strings("tokenizer.ggml.tokens", tokens);
  writer.add_floats("tokenizer.ggml.scores", scores);
  writer.add_integers("tokenizer.ggml.token_type", types);
  writer.add("tokenizer.ggml.bos_token_id", std::uint32_t{1});
  writer.add("tokenizer.ggml.eos_token_id", std::uint32_t{2});
  writer.add("tokenizer.ggml.unknown_token_id", std::uint32_t{0});
}

}  // namespace

Result<void> write_llama(const std::filesystem::path& file, const LlamaShape& shape, libabi::quant::FormatId id) {
  const Format& format = libabi::quant::format(id);
  GgufWriter writer;
  add_metadata(writer, shape, format);
  const std::uint64_t kv = shape.width / shape.heads * shape.kv_heads;
  ABI_TRY(add_matrix(writer, "token_embd.weight", format, shape.width, shape.vocabulary));
  for (std::uint32_t layer = 0; layer < shape.layers; ++layer) {
    const std::string block = libabi::format("blk.{}.", layer);
    ABI_TRY(add_norm(writer, block + "attn_norm.weight", shape.width));
    ABI_TRY(add_matrix(writer, block + "attn_q.weight", format, shape.width, shape.width));
    ABI_TRY(add_matrix(writer, block + "attn_k.weight", format, shape.width, kv));
    ABI_TRY(add_matrix(writer, block + "attn_v.weight", format, shape.width, kv));
    ABI_TRY(add_matrix(writer, block + "attn_output.weight", format, shape.width, shape.width));
    ABI_TRY(add_norm(writer, block + "ffn_norm.weight", shape.width));
    ABI_TRY(add_matrix(writer, block + "ffn_gate.weight", format, shape.width, shape.feed_forward));
    ABI_TRY(add_matrix(writer, block + "ffn_up.weight", format, shape.width, shape.feed_forward));
    ABI_TRY(add_matrix(writer, block + "ffn_down.weight", format, shape.feed_forward, shape.width));
  }
  ABI_TRY(add_norm(writer, "output_norm.weight", shape.width));
  return writer.write(file);
}

}  // namespace bench
