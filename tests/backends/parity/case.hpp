#pragma once
/// Cases of operations: graphs with everything that is bound to them, made by one generator per line of ops.def.

#include <abi/compute/reference.hpp>

#include <functional>
#include <random>
#include <string>
#include <vector>

namespace libabi::parity {

using compute::Graph;
using compute::GraphBuilder;
using compute::no_tensor;
using compute::Op;
using compute::Operand;
using compute::Rows;
using compute::RunShape;
using compute::Shape;
using compute::TensorId;
using quant::FormatId;

using Bytes = std::vector<std::byte>;

/// An element of an output, with everything that the reference had before it when it ran.
struct Element {
  std::int64_t row;
  std::int64_t column;
  double expected;
  std::span<const Operand> operands;  // by TensorId
};
/// How far a device may be from the reference there.
using Bound = std::function<double(const Element&)>;

struct Run {
  RunShape shape;
  std::vector<Bytes> inputs;  // by TensorId, empty for other tensors
};

struct Case {
  Op op;
  std::string label;
  Graph graph;
  std::vector<Bytes> weights;  // by TensorId, as a file has them
  std::vector<Run> runs;       // one after the other, over the same states
  Bound bound;
};

struct Range {
  double low = -1;
  double high = 1;
};

/// The value of an integer input in a run.
using Integers = std::function<std::int32_t(const RunShape& run, std::int64_t row, std::int64_t column)>;

/// Positions of tokens that end at the last cached cell.
std::int32_t last_positions(const RunShape& run, std::int64_t row, std::int64_t column);

/// Collects a graph and random values for what it reads.
class CaseBuilder {
 public:
  CaseBuilder(std::mt19937& random, std::int64_t tokens_max) : random_(random), tokens_max_(tokens_max) {}

  GraphBuilder graph;
  TensorId weight(FormatId format, const Shape& shape, Range range = {});
  TensorId state(FormatId format, const Shape& shape);
  /// f32 [tokens, columns].
  TensorId reals(std::int64_t columns, Range range = {}, Rows rows = Rows::tokens);
  /// f32 [tokens, columns] that `format` holds exactly.
  TensorId representable(FormatId format, std::int64_t columns);
  /// i32 [tokens, columns].
  TensorId integers(std::int64_t columns, Integers values, Rows rows = Rows::tokens);
  /// Integers from 0 to limit-1.
  TensorId integers_below(std::int64_t columns, std::int32_t limit, Rows rows = Rows::tokens);
  /// The case, with `result` as its output.
  Case finish(Op op, std::string label, TensorId result, const std::vector<RunShape>& runs, Bound bound);

 private:
  using Fill = std::function<Bytes(const RunShape&, std::int64_t rows)>;
  TensorId input(FormatId format, std::int64_t columns, Rows rows, Fill fill);
  std::mt19937& random_;
  std::int64_t tokens_max_;
  int states_ = 0;
  std::vector<std::pair<TensorId, Bytes>> weights_;
  std::vector<std::pair<TensorId, Fill>> inputs_;
};

/// What a generator adds to.
struct Cases {
  std::mt19937& random;
  std::vector<Case>& out;
};

namespace cases {
#define ABI_OP(name) void name(Cases& cases);
#include <abi/compute/ops.def>
#undef ABI_OP
}  // namespace cases

/// The cases of an operation; the same for the same seed.
std::vector<Case> cases_of(Op op, std::uint32_t seed);

/// The formats that hold reals.
std::vector<FormatId> real_formats();
std::string format_name(FormatId format);

}  // namespace libabi::parity
