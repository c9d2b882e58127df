#pragma once
/// A graph of tensor operations: built once per model, then run many times with different row counts.
///
///     GraphBuilder b;
///     const TensorId ids = b.input("ids", FormatId::i32, {.rows = 512, .columns = 1, .dynamic = Rows::tokens});
///     const TensorId x = b.get_rows(b.weight("token_embd.weight", FormatId::q8_0, {.rows = 32000, .columns = 2048}), ids);
///     b.output(b.rms_norm(x, norm, 1e-5f), "hidden");
///     ABI_TRY(Graph graph, std::move(b).finish());
///
/// Every operation checks its inputs when it is added; the first error is kept, later calls do nothing, and finish()
/// returns it, so that building code reads straight.

#include <abi/compute/tensor.hpp>

#include <array>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

namespace libabi::compute {

enum class Op : std::uint8_t {
#define ABI_OP(name) name,
#include <abi/compute/ops.def>
#undef ABI_OP
};
ABI_API std::string_view name(Op op) noexcept;

using TensorId = std::uint32_t;
inline constexpr TensorId no_tensor = std::numeric_limits<TensorId>::max();

struct NormAttributes {
  float epsilon;
};
struct ScaleAttributes {
  float factor;
};
struct RopeAttributes {
  std::int32_t head_dim = 0;    ///< columns of one head
  std::int32_t rotary_dim = 0;  ///< the first so many of them are rotated; even
  bool neox = false;            ///< pairs (i, i + rotary_dim/2) instead of (2i, 2i+1)
  float base = 10000.0f;
  float frequency_scale = 1.0f;  ///< positions are multiplied by it (linear scaling: 1/factor)
  float extension = 0.0f;        ///< YaRN: 0 is plain interpolation, 1 the full ramp (Peng et al., 2023)
  float attention_factor = 1.0f;
  float beta_fast = 32.0f;
  float beta_slow = 1.0f;
  std::int32_t original_context = 0;  ///< YaRN: the context the model was trained with
};
struct AttentionAttributes {
  std::int32_t heads = 0;
  std::int32_t kv_heads = 0;   ///< divides heads
  std::int32_t head_dim = 0;   ///< of queries and keys
  std::int32_t value_dim = 0;  ///< of values
  float scale = 1.0f;          ///< of q.k
  bool causal = true;
};
struct RouteAttributes {
  std::int32_t used = 0;  ///< experts a token
  bool normalize = true;  ///< the chosen weights are divided by their sum
};
enum class Pooling : std::uint8_t { mean, cls, last };
struct PoolAttributes {
  Pooling pooling;
};
using Attributes = std::variant<std::monostate, NormAttributes, ScaleAttributes, RopeAttributes, AttentionAttributes,
                                RouteAttributes, PoolAttributes>;

/// One operation. `inputs` are the tensors of the GraphBuilder call in their order; optional ones are the last.
struct ABI_API Node {
  Op op;
  std::array<TensorId, 4> inputs{no_tensor, no_tensor, no_tensor, no_tensor};
  TensorId output = no_tensor;  ///< of store_rows: the state itself
  Attributes attributes;
  std::span<const TensorId> used_inputs() const noexcept;
};

/// Immutable once finished. Nodes stand in the order in which they can be run.
class ABI_API Graph {
 public:
  std::span<const TensorDesc> tensors() const noexcept { return tensors_; }
  std::span<const Node> nodes() const noexcept { return nodes_; }
  const TensorDesc& tensor(TensorId id) const noexcept { return tensors_[id]; }
  /// Tensors that are kept until a run ends, to be read by the caller.
  std::span<const TensorId> outputs() const noexcept { return outputs_; }
  TensorId find(std::string_view name) const noexcept;  ///< no_tensor when absent
  /// The operation that reads a weight; none when nothing does. The bias of a matmul counts as read by `add`, so that a
  /// device can tell it from a matrix of one row. A weight has one use: whoever wants a tensor of a file both as a table
  /// and as a matrix declares two weights, and finish() refuses a graph in which one is read by get_rows, as the matrix
  /// of matmul or of expert_matmul, and in any other way.
  std::optional<Op> use(TensorId weight) const noexcept;

 private:
  friend class GraphBuilder;
  std::vector<TensorDesc> tensors_;
  std::vector<Node> nodes_;
  std::vector<TensorId> outputs_;
};

/// Shapes below: T is a dynamic row count of the input. Activations are f32; weights any format that decodes. Where a shape
/// names a second input that runs along the first, its row count must be of the same kind (tokens, outputs).
class ABI_API GraphBuilder {
 public:
  TensorId weight(std::string_view name, quant::FormatId format, const Shape& shape);
  TensorId state(std::string_view name, quant::FormatId format, const Shape& shape);
  TensorId input(std::string_view name, quant::FormatId format, const Shape& shape);

  /// table [R, C], a weight, state or activation; ids i32 [T, 1] -> [T, C] f32. An id outside the table (outside the rows
  /// of this run, where the table is an activation) is an error of the run.
  TensorId get_rows(TensorId table, TensorId ids);
  /// weight [N, K], x [T, K], bias [1, N] or none -> [T, N]: y = x W^T + bias.
  TensorId matmul(TensorId weight, TensorId x, TensorId bias = no_tensor);
  /// weight [E, N, K], ids i32 [T, U], x [T, K] or [T, U*K] -> [T, U*N]: slot u of a token goes through expert ids[t][u].
  TensorId expert_matmul(TensorId weight, TensorId x, TensorId ids);
  /// logits [T, E] -> i32 [T, used]: the experts of the greatest logits, best first; ties go to the lower index.
  TensorId top_experts(TensorId logits, std::int32_t used);
  /// softmax over all E of logits [T, E], gathered at ids [T, U], divided by their sum when normalize -> [T, U].
  TensorId expert_weights(TensorId logits, TensorId ids, bool normalize);
  /// x [T, U*C], weights [T, U] -> [T, C]: the weighted sum over slots, in their order.
  TensorId expert_sum(TensorId x, TensorId weights);
  /// a [T, C] + b [T, C] or [1, C].
  TensorId add(TensorId a, TensorId b);
  /// a [T, C] * b [T, C] or [1, C].
  TensorId mul(TensorId a, TensorId b);
  TensorId scale(TensorId a, float factor);
  /// x / sqrt(mean(x^2) + epsilon) * weight [1, C]  (Zhang and Sennrich, 2019). A head-wise norm has a weight whose
  /// columns divide those of x.
  TensorId rms_norm(TensorId x, TensorId weight, float epsilon);
  /// (x - mean) / sqrt(var + epsilon) * weight [1, C] + bias [1, C] or none.
  TensorId layer_norm(TensorId x, TensorId weight, TensorId bias, float epsilon);
  /// x [T, H*head_dim] rotated at positions i32 [T, 1]; factors [1, rotary_dim/2] f32 divide the frequencies, or none.
  TensorId rope(TensorId x, TensorId positions, const RopeAttributes& attributes, TensorId factors = no_tensor);
  /// Encodes rows of source [T, C] into state [cells, C] at cells i32 [T, 1]; returns the state as it then is.
  TensorId store_rows(TensorId source, TensorId state, TensorId cells);
  /// q [T, heads*head_dim], k [cells or T, kv_heads*head_dim], v [same, kv_heads*value_dim], positions i32 [T, 1]
  ///   -> [T, heads*value_dim].
  /// k and v of a state: rows 0 .. RunShape::cached-1 are looked at (at least 1); of an activation: all T. When causal,
  /// row t sees the cells (rows of k and v) up to its position, which is at least 0. Softmax in f32.
  TensorId attention(TensorId q, TensorId k, TensorId v, TensorId positions, const AttentionAttributes& attributes);
  TensorId silu(TensorId x);
  /// The tanh approximation: 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
  TensorId gelu(TensorId x);
  TensorId tanh(TensorId x);
  /// silu(gate) * up.
  TensorId swiglu(TensorId gate, TensorId up);
  /// x [T, C] -> [1, C]: the mean of the rows, the first or the last; zeros where there are none.
  TensorId pool(TensorId x, Pooling pooling);

  /// Keeps an intermediate to the end of the run under this name.
  void output(TensorId id, std::string_view name);
  const TensorDesc& desc(TensorId id) const noexcept;
  /// Errors: the first that any call met (invalid_argument: names the operation, the shapes found and expected).
  Result<Graph> finish() &&;

 private:
  TensorId place(std::string_view name, quant::FormatId format, const Shape& shape, Role role);
  Result<TensorId> try_place(std::string_view name, quant::FormatId format, const Shape& shape, Role role);
  TensorId node(Op op, std::array<TensorId, 4> inputs, Attributes attributes = {});
  Result<TensorId> try_node(Op op, std::array<TensorId, 4> inputs, Attributes attributes);
  Result<void> try_output(TensorId id, std::string_view name);
  Graph graph_;
  Result<void> status_;
};

}  // namespace libabi::compute
