#pragma once
/// Rows in any format to and from f32, by a kernel where there is one.

#include "operation.hpp"

namespace libabi::backends::cpu {

/// `n` elements, whole blocks.
void decode_row(const KernelTables& kernels, quant::FormatId format, const std::byte* from, float* out, std::size_t n);
/// Elements of blocks must be finite (can_encode()).
void encode_row(const KernelTables& kernels, quant::FormatId format, const float* from, std::byte* out, std::size_t n);
/// Whether the format keeps values that are not finite as they are, or there are none.
bool can_encode(const KernelTables& kernels, quant::FormatId format, const float* from, std::size_t n);

/// Ids, cells or positions in rows of a tensor: 0 <= id < limit. Errors: out_of_range.
Result<void> check_ids(const Run& run, const Node& node, std::size_t input, std::string_view what, std::int64_t limit);
/// Whether ids can be checked before the run, or are made by top_experts out of at most `limit`.
bool ids_are_known(const Graph& graph, TensorId ids, std::int64_t limit);

}  // namespace libabi::backends::cpu
