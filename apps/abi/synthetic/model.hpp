#pragma once
/// Models of a real model's shape with weights of no meaning, for measuring speed without a download.

#include <abi/base/error.hpp>
#include <abi/quant/format.hpp>

#include <filesystem>
#include <functional>
#include <span>

namespace synthetic {

/// A llama-architecture model.
struct Shape {
  std::string_view name;
  std::uint32_t layers, width, heads, kv_heads, feed_forward, vocabulary, context;
  bool tied;  ///< the output matrix is the token embedding

  /// Weights that every token is multiplied with in the layers, the output matrix not counted.
  double layer_weights() const noexcept;
  double output_weights() const noexcept { return static_cast<double>(vocabulary) * width; }
};

/// Those of shapes.def.
std::span<const Shape> shapes() noexcept;
/// Errors: not_found (names the known ones).
libabi::Result<Shape> find_shape(std::string_view name);

/// Writes the file: all matrices in `format`, norms in F32. Blocks are drawn from a pool of encoded ones whose deviation
/// keeps activations near 1; the same seed gives the same file. Errors: invalid_argument (a format of no reals), those of
/// GgufWriter::write.
libabi::Result<void> write_llama(const std::filesystem::path& file, const Shape& shape, libabi::quant::FormatId format,
                                 std::uint64_t seed = 1, const std::function<bool(double)>& progress = {});

}  // namespace synthetic
