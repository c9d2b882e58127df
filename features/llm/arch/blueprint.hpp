#pragma once
/// What an architecture builds its graph with: the file's tensors by name and expected shape, the inputs that every model
/// has, and the graph builder.

#include "arch/hyper_parameters.hpp"

#include <abi/compute/graph.hpp>

#include <map>

namespace libabi::llm {

using compute::TensorId;
inline constexpr TensorId no_tensor = compute::no_tensor;

/// The greatest counts that a graph is built for.
struct GraphLimits {
  std::int64_t batch = 1;
  std::int64_t context = 1;  ///< cells of the cache
  std::int64_t outputs = 1;
  quant::FormatId cache_k = quant::FormatId::f16;
  quant::FormatId cache_v = quant::FormatId::f16;
};

/// A weight of the graph and the rows of the file's tensor that it is.
struct WeightSource {
  TensorId id;
  const GgufTensor* tensor;
  std::int64_t first_row = 0;
};

/// Names of the inputs that a graph has if it uses them; sessions fill those they find.
inline constexpr std::string_view input_tokens = "input.tokens";        // i32 [T, 1] token ids
inline constexpr std::string_view input_positions = "input.positions";  // i32 [T, 1]; also the cache cells
inline constexpr std::string_view input_types = "input.types";          // i32 [T, 1] zeros: BERT's segment
inline constexpr std::string_view input_outputs = "input.outputs";      // i32 [O, 1] rows whose logits are wanted
inline constexpr std::string_view output_logits = "logits";
inline constexpr std::string_view output_embedding = "embedding";

/// Not thread-safe. The first error is kept; after it everything returns no_tensor and finish() tells.
class Blueprint {
 public:
  Blueprint(const GgufFile& file, const HyperParameters& hyper, const GraphLimits& limits);

  const HyperParameters hyper;
  const GraphLimits limits;
  compute::GraphBuilder graph;

  /// The tensor with exactly this shape; an absent one or another shape is an error that names both.
  TensorId matrix(std::string_view name, std::int64_t rows, std::int64_t columns);
  TensorId experts(std::string_view name, std::int64_t count, std::int64_t rows, std::int64_t columns);
  TensorId vector(std::string_view name, std::int64_t length);
  /// no_tensor when the file has none.
  TensorId optional_vector(std::string_view name, std::int64_t length);
  /// Rows [first, first + rows) of a matrix that has `total` of them, as a weight of its own (a fused QKV taken apart).
  TensorId matrix_rows(std::string_view name, std::int64_t first, std::int64_t rows, std::int64_t total, std::int64_t columns);
  TensorId vector_part(std::string_view name, std::int64_t first, std::int64_t length, std::int64_t total);
  /// A second use of a tensor under a name of its own: the tied output matrix.
  TensorId matrix_again(std::string_view name, std::string_view graph_name, std::int64_t rows, std::int64_t columns);
  bool has(std::string_view name) const { return file_.find_tensor(name) != nullptr; }
  /// Rows of a matrix whose count is the file's own business; 0 when it is absent or no matrix.
  std::int64_t rows_of(std::string_view name) const;

  TensorId tokens();
  TensorId positions();
  TensorId types();
  TensorId wanted_rows();
  TensorId cache_k(std::int64_t layer);
  TensorId cache_v(std::int64_t layer);

  void fail(Error error);

  struct Built {
    compute::Graph graph;
    std::vector<WeightSource> weights;
  };
  Result<Built> finish() &&;

 private:
  struct Slice {
    std::int64_t first = 0;
    std::int64_t planes = 1, rows = 1, columns = 1;  // of the slice
    std::int64_t total_rows = 1;                     // that the tensor must have
    std::size_t rank = 2;
  };
  TensorId weight(std::string_view name, std::string_view graph_name, const Slice& slice);
  TensorId dynamic_input(std::string_view name, std::int64_t rows, compute::Rows dynamic);

  const GgufFile& file_;
  std::vector<WeightSource> weights_;
  std::map<std::string, TensorId, std::less<>> known_;
  Result<void> status_;
};

/// "blk.3.attn_q.weight".
std::string block_name(std::int64_t layer, std::string_view rest);

}  // namespace libabi::llm
