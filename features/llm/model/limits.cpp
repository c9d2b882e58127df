#include "model/limits.hpp"

#include <algorithm>

namespace libabi::llm {

namespace {

constexpr std::int64_t context_max = 1 << 30;  // positions are i32

Result<void> check_cache(std::string_view which, quant::FormatId id, std::int64_t head_columns) {
  using enum quant::FormatId;
  const quant::Format& format = quant::format(id);
  if (id != f32 && id != f16 && id != bf16 && id != q8_0)
    return error(ErrorCode::invalid_argument, "{} is {}, expected F32, F16, BF16 or Q8_0", which, format.name);
  if (head_columns % format.block_length != 0)
    return error(ErrorCode::invalid_argument, "{} is {}, whose blocks of {} do not fit heads of {}", which, format.name,
                 format.block_length, head_columns);
  return {};
}

Result<void> in_range(std::string_view name, std::int64_t value, std::int64_t least, std::int64_t greatest) {
  if (value >= least && value <= greatest) return {};
  return error(ErrorCode::invalid_argument, "{} is {}, expected {} to {}", name, value, least, greatest);
}

}  // namespace

Result<GraphLimits> session_limits(const ModelFile& model, const SessionOptions& options) {
  const HyperParameters& h = model.description.hyper;
  ABI_TRY(in_range("context", options.context, 0, context_max));
  ABI_TRY(in_range("batch", options.batch, 1, context_max));
  ABI_TRY(in_range("outputs", options.outputs, 1, options.batch));
  ABI_TRY(check_cache("cache_k", options.cache_k, h.key_dim));
  ABI_TRY(check_cache("cache_v", options.cache_v, h.value_dim));
  GraphLimits limits{.cache_k = options.cache_k, .cache_v = options.cache_v};
  limits.context = options.context > 0 ? options.context : std::min(h.context_length, SessionOptions::default_context);
  // An embedding model looks at a whole text at once.
  const bool whole = model.description.architecture->kind == ModelKind::embedding;
  limits.batch = whole ? limits.context : std::min(options.batch, limits.context);
  limits.outputs = std::min(options.outputs, limits.batch);
  return limits;
}

Result<compute::Graph> session_graph(const ModelFile& model, const GraphLimits& limits) {
  ABI_TRY(Blueprint::Built built, build_model(model.file, model.description, limits));
  if (const TensorId table = built.graph.find("position_embd.weight"); table != no_tensor)
    if (const std::int64_t rows = built.graph.tensor(table).shape.rows; limits.context > rows)
      return error(ErrorCode::invalid_argument, "context is {}, the model has learned {} positions", limits.context, rows);
  return std::move(built.graph);
}

std::uint64_t token_list_bytes(const GraphLimits& limits) { return static_cast<std::uint64_t>(limits.context) * sizeof(TokenId); }

}  // namespace libabi::llm
