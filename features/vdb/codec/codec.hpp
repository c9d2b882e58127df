#pragma once
/// How the walk of an index sees a row: as a code of fixed size, which is compared with a query by squared Euclidean distance,
/// exactly or nearly. A member of the family is one line of codec.def and one constant, codec_<name>.

#include <abi/base/error.hpp>
#include <abi/memory/buffer.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace libabi::vdb {

/// A query as a codec wants it; what the fields hold is the codec's own business. Made once, used for many.
struct PreparedQuery {
  memory::Buffer bytes;  ///< of Codec::query_bytes()
  float factor = 0;
  float offset = 0;
  float weight = 1;  ///< of a row's length
};

/// Codes one after another: those that `index` names, in its order.
struct CodeRows {
  const std::byte* data = nullptr;
  const std::uint32_t* index = nullptr;
  std::size_t count = 0;
};

/// The most rows that distances() is given at once.
inline constexpr std::size_t most_rows_at_once = 256;

/// Immutable once made, and thread-safe.
class Codec {
 public:
  virtual ~Codec() = default;

  std::size_t dimension() const noexcept { return dimension_; }
  std::size_t row_bytes() const noexcept { return row_bytes_; }  ///< a multiple of 32
  std::size_t query_bytes() const noexcept { return query_bytes_; }
  /// Of a code, or of the bytes of a query: numbers whose distances and products are those of the vectors themselves, but for
  /// rounding; null where the codec does not keep as much.
  virtual const float* values(const std::byte* /*code*/) const noexcept { return nullptr; }
  bool exact() const noexcept { return exact_; }  ///< whether it has values()

  /// `workspace` has the bytes of a query.
  virtual void encode(const float* vector, std::byte* row, std::byte* workspace) const noexcept = 0;
  virtual void prepare(const float* vector, PreparedQuery& query) const noexcept = 0;
  /// A query by inner product (space.hpp). distances() then gives numbers in the order of the squared distances.
  virtual void prepare_product(const float* vector, PreparedQuery& query) const noexcept { prepare(vector, query); }
  /// A code as a query, for the building of a graph.
  virtual void prepare_row(const std::byte* row, PreparedQuery& query) const noexcept = 0;
  /// out[i] is the squared distance of row i; where it is not below `bound`, any number that is not below it either.
  virtual void distances(const PreparedQuery& query, const CodeRows& rows, float bound, float* out) const noexcept = 0;

 protected:
  Codec() = default;
  std::size_t dimension_ = 0;
  std::size_t row_bytes_ = 0;
  std::size_t query_bytes_ = 0;
  bool exact_ = false;
};

/// Vectors that a codec learns from, [count, dimension].
struct Sample {
  const float* vectors = nullptr;
  std::size_t count = 0;
  std::size_t dimension = 0;
};

struct CodecMember {
  std::string_view name;
  /// Errors: exhausted.
  Result<std::unique_ptr<Codec>> (*learn)(const Sample& sample);
};

#define ABI_CODEC(name) extern const CodecMember codec_##name;
#include "codec/codec.def"
#undef ABI_CODEC

/// Errors: not_found (names those that there are).
Result<const CodecMember*> find_codec(std::string_view name);

/// Codes of rows 0, 1, 2, ... in memory that is never moved.
struct Codes {
  const Codec* codec = nullptr;
  std::byte* data = nullptr;

  std::byte* row(std::size_t number) const noexcept { return data + number * codec->row_bytes(); }
  void distances(const PreparedQuery& query, const std::uint32_t* rows, std::size_t count, float bound,
                 float* out) const noexcept {
    codec->distances(query, {.data = data, .index = rows, .count = count}, bound, out);
  }
};

}  // namespace libabi::vdb
