#include "rows.hpp"

#include <cstring>

namespace libabi::backends::cpu {

using quant::FormatId;

void decode_row(const KernelTables& kernels, FormatId format, const std::byte* from, float* out, std::size_t n) {
  switch (format) {
    case FormatId::f32: std::memcpy(out, from, n * sizeof(float)); return;
    case FormatId::f16: kernels.simd.f16_to_f32(out, reinterpret_cast<const std::uint16_t*>(from), n); return;
    case FormatId::bf16: kernels.simd.bf16_to_f32(out, reinterpret_cast<const std::uint16_t*>(from), n); return;
    case FormatId::q8_0: kernels.cpu.decode_q8_0(from, out, n); return;
    default: quant::format(format).decode(from, out, n);
  }
}

void encode_row(const KernelTables& kernels, FormatId format, const float* from, std::byte* out, std::size_t n) {
  switch (format) {
    case FormatId::f32: std::memcpy(out, from, n * sizeof(float)); return;
    case FormatId::f16: kernels.simd.f32_to_f16(reinterpret_cast<std::uint16_t*>(out), from, n); return;
    case FormatId::bf16: kernels.simd.f32_to_bf16(reinterpret_cast<std::uint16_t*>(out), from, n); return;
    case FormatId::q8_0: kernels.cpu.encode_q8_0(from, out, n); return;
    default: quant::format(format).encode(from, out, n);
  }
}

bool can_encode(const KernelTables& kernels, FormatId format, const float* from, std::size_t n) {
  return quant::format(format).block_length == 1 || kernels.simd.all_finite(from, n);
}

Result<void> check_ids(const Run& run, const Node& node, std::size_t input, std::string_view what, std::int64_t limit) {
  const compute::TensorDesc& desc = run.graph.tensor(node.inputs[input]);
  if (desc.role != compute::Role::input) return {};
  const View ids = run.view(node.inputs[input]);
  for (std::int64_t row = 0; row < ids.rows; ++row)
    for (std::int64_t column = 0; column < ids.columns; ++column) {
      const std::int32_t id = ids.ids(row)[column];
      if (id < 0 || id >= limit)
        return error(ErrorCode::out_of_range, "{}: {} {} of row {} of '{}' is outside 0 to {}", compute::name(node.op), what, id,
                     row, desc.name, limit - 1);
    }
  return {};
}

bool ids_are_known(const Graph& graph, TensorId ids, std::int64_t limit) {
  if (graph.tensor(ids).role == compute::Role::input) return true;
  for (const Node& node : graph.nodes())
    if (node.output == ids) return node.op == compute::Op::top_experts && graph.tensor(node.inputs[0]).shape.columns <= limit;
  return false;
}

}  // namespace libabi::backends::cpu
