#pragma once
/// Models of a real model's shape with weights of no meaning, for measuring speed.

#include <abi/base/error.hpp>
#include <abi/quant/format.hpp>

#include <filesystem>

namespace bench {

/// "llama-1b": 16 layers, width 2048, 32 heads, 8 key-value heads, feed-forward 8192, vocabulary 32000, tied output.
struct LlamaShape {
  std::uint32_t layers = 16, width = 2048, heads = 32, kv_heads = 8, feed_forward = 8192, vocabulary = 32000, context = 4096;

  /// Weights that every token is multiplied with in the layers, the output matrix not counted.
  double layer_weights() const noexcept;
  double output_weights() const noexcept { return static_cast<double>(vocabulary) * width; }
};

/// Writes the file; all matrices in `format`, norms in F32. Blocks get random codes and a scale that keeps the
/// activations near 1.
libabi::Result<void> write_llama(const std::filesystem::path& file, const LlamaShape& shape, libabi::quant::FormatId format);

}  // namespace bench
