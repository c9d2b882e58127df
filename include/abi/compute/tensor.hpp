#pragma once

#include <abi/base/error.hpp>
#include <abi/quant/format.hpp>

#include <cstdint>
#include <string>

namespace libabi::compute {

/// What the row count of a tensor means. A graph is built once for the most rows it will see; each run says how many
/// there are.
enum class Rows : std::uint8_t {
  fixed,    ///< always shape.rows
  tokens,   ///< RunShape::tokens of at most shape.rows
  outputs,  ///< RunShape::outputs of at most shape.rows
};

/// [planes, rows, columns], row-major; columns are contiguous, in blocks where the format has them.
struct Shape {
  std::int64_t planes = 1;  ///< experts of a weight; 1 otherwise
  std::int64_t rows = 1;
  std::int64_t columns = 1;
  Rows dynamic = Rows::fixed;
  friend bool operator==(const Shape&, const Shape&) = default;
};

enum class Role : std::uint8_t {
  weight,        ///< bound by the caller, read only
  state,         ///< bound by the caller, kept from run to run (a KV cache)
  input,         ///< filled by the caller before each run
  intermediate,  ///< placed by the memory plan
};

struct TensorDesc {
  std::string name;  ///< unique in its graph; intermediates are named after what made them
  quant::FormatId format = quant::FormatId::f32;
  Shape shape;
  Role role = Role::intermediate;
};

/// Bytes of the whole tensor at its greatest row count. Errors: invalid_argument (columns that the format cannot hold,
/// a size that overflows).
ABI_API Result<std::uint64_t> tensor_bytes(const TensorDesc& desc);

/// "f32 [512, 2048]" for messages.
ABI_API std::string text(const TensorDesc& desc);

}  // namespace libabi::compute
