#include "arch/blueprint.hpp"

namespace libabi::llm {

namespace {

std::string dims_text(std::span<const std::uint64_t> dims) {
  std::string out = "[";
  for (std::size_t i = 0; i < dims.size(); ++i) out += (i ? ", " : "") + std::to_string(dims[i]);
  return out + "]";
}

}  // namespace

std::string block_name(std::int64_t layer, std::string_view rest) { return format("blk.{}.{}", layer, rest); }

Blueprint::Blueprint(const GgufFile& file, const HyperParameters& hyper_parameters, const GraphLimits& graph_limits)
    : hyper(hyper_parameters), limits(graph_limits), file_(file) {}

void Blueprint::fail(Error error) {
  if (status_) status_ = std::unexpected(std::move(error));
}

TensorId Blueprint::weight(std::string_view name, std::string_view graph_name, const Slice& slice) {
  if (!status_) return no_tensor;
  if (const auto found = known_.find(graph_name); found != known_.end()) return found->second;
  const GgufTensor* tensor = file_.find_tensor(name);
  if (!tensor) {
    fail({ErrorCode::not_found, format("tensor '{}' is not in the file", name), {}});
    return no_tensor;
  }
  std::vector<std::uint64_t> expected{static_cast<std::uint64_t>(slice.columns)};
  if (slice.rank >= 2) expected.push_back(static_cast<std::uint64_t>(slice.total_rows));
  if (slice.rank >= 3) expected.push_back(static_cast<std::uint64_t>(slice.planes));
  if (slice.rank == 1) expected[0] = static_cast<std::uint64_t>(slice.total_rows) * expected[0];
  if (tensor->dims != expected) {
    fail({ErrorCode::invalid_argument,
          format("tensor '{}' has the shape {}, the model expects {}", name, dims_text(tensor->dims), dims_text(expected)),
          {}});
    return no_tensor;
  }
  if (!tensor->format) {
    fail({ErrorCode::unsupported,
          format("tensor '{}' has the type {}, which this build does not know", name, tensor->gguf_type),
          {}});
    return no_tensor;
  }
  if (tensor->format->decode == nullptr || (slice.rank == 1 && tensor->format->id != quant::FormatId::f32)) {
    fail({ErrorCode::unsupported,
          format("tensor '{}' is {}, the model expects {}", name, tensor->format->name,
                 slice.rank == 1 ? "F32" : "a format of reals"),
          {}});
    return no_tensor;
  }
  const TensorId id =
      graph.weight(graph_name, tensor->format->id, {.planes = slice.planes, .rows = slice.rows, .columns = slice.columns});
  known_.emplace(graph_name, id);
  if (id != no_tensor) weights_.push_back({id, tensor, slice.first});
  return id;
}

TensorId Blueprint::matrix(std::string_view name, std::int64_t rows, std::int64_t columns) {
  return weight(name, name, {.rows = rows, .columns = columns, .total_rows = rows});
}

TensorId Blueprint::matrix_again(std::string_view name, std::string_view graph_name, std::int64_t rows, std::int64_t columns) {
  return weight(name, graph_name, {.rows = rows, .columns = columns, .total_rows = rows});
}

TensorId Blueprint::experts(std::string_view name, std::int64_t count, std::int64_t rows, std::int64_t columns) {
  return weight(name, name, {.planes = count, .rows = rows, .columns = columns, .total_rows = rows, .rank = 3});
}

TensorId Blueprint::vector(std::string_view name, std::int64_t length) {
  return weight(name, name, {.columns = length, .rank = 1});
}

TensorId Blueprint::optional_vector(std::string_view name, std::int64_t length) {
  return has(name) ? vector(name, length) : no_tensor;
}

std::int64_t Blueprint::rows_of(std::string_view name) const {
  const GgufTensor* tensor = file_.find_tensor(name);
  return tensor && tensor->dims.size() == 2 ? static_cast<std::int64_t>(tensor->dims[1]) : 0;
}

TensorId Blueprint::matrix_rows(std::string_view name, std::int64_t first, std::int64_t rows, std::int64_t total,
                                std::int64_t columns) {
  return weight(name, format("{}[{}:{}]", name, first, first + rows),
                {.first = first, .rows = rows, .columns = columns, .total_rows = total});
}

TensorId Blueprint::vector_part(std::string_view name, std::int64_t first, std::int64_t length, std::int64_t total) {
  // A part of a vector is one row of it seen as [total / length, length].
  if (total % length != 0 || first % length != 0) {
    fail({ErrorCode::unsupported, format("tensor '{}' cannot be taken apart at {} in pieces of {}", name, first, length), {}});
    return no_tensor;
  }
  return weight(name, format("{}[{}:{}]", name, first, first + length),
                {.first = first / length, .columns = length, .total_rows = total / length, .rank = 1});
}

TensorId Blueprint::dynamic_input(std::string_view name, std::int64_t rows, compute::Rows dynamic) {
  if (!status_) return no_tensor;
  if (const auto found = known_.find(name); found != known_.end()) return found->second;
  const TensorId id = graph.input(name, quant::FormatId::i32, {.rows = rows, .columns = 1, .dynamic = dynamic});
  known_.emplace(name, id);
  return id;
}

TensorId Blueprint::tokens() { return dynamic_input(input_tokens, limits.batch, compute::Rows::tokens); }
TensorId Blueprint::positions() { return dynamic_input(input_positions, limits.batch, compute::Rows::tokens); }
TensorId Blueprint::types() { return dynamic_input(input_types, limits.batch, compute::Rows::tokens); }
TensorId Blueprint::wanted_rows() { return dynamic_input(input_outputs, limits.outputs, compute::Rows::outputs); }

TensorId Blueprint::cache_k(std::int64_t layer) {
  return graph.state(format("cache_k.{}", layer), limits.cache_k, {.rows = limits.context, .columns = hyper.k_columns()});
}
TensorId Blueprint::cache_v(std::int64_t layer) {
  return graph.state(format("cache_v.{}", layer), limits.cache_v, {.rows = limits.context, .columns = hyper.v_columns()});
}

Result<Blueprint::Built> Blueprint::finish() && {
  Result<compute::Graph> built = std::move(graph).finish();
  // What the file seems to lack after the graph ran out of memory, it lacks because of that.
  const bool without_memory = !built && built.error().code == ErrorCode::exhausted;
  if (!status_ && !without_memory) return std::unexpected(std::move(status_).error());
  if (!built) return std::unexpected(std::move(built).error());
  return Built{*std::move(built), std::move(weights_)};
}

}  // namespace libabi::llm
