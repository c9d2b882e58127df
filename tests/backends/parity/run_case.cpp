#include "parity/run_case.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

namespace libabi::parity {

namespace {

using compute::Device;
using compute::DeviceTensor;
using compute::Executor;
using compute::Role;
using compute::TensorDesc;

/// The reference's side of a case: states that stay, intermediates in double.
class ReferenceSide {
 public:
  explicit ReferenceSide(const Case& test) : test_(test), states_(test.graph.tensors().size()) {
    for (std::size_t id = 0; id < states_.size(); ++id)
      if (test.graph.tensors()[id].role == Role::state) states_[id].resize(tensor_bytes(test.graph.tensors()[id]).value());
  }

  Result<std::vector<Operand>> run(const Run& run) {
    const auto tensors = test_.graph.tensors();
    std::vector<Operand> operands(tensors.size());
    doubles_.assign(tensors.size(), {});
    for (std::size_t id = 0; id < tensors.size(); ++id) {
      Shape shape = tensors[id].shape;
      shape.rows = rows_of(shape, run.shape);
      switch (tensors[id].role) {
        case Role::weight: operands[id] = Operand::readable(tensors[id].format, shape, test_.weights[id].data()); break;
        case Role::state: operands[id] = Operand::writable(tensors[id].format, shape, states_[id].data()); break;
        case Role::input: operands[id] = Operand::readable(tensors[id].format, shape, some(run.inputs[id])); break;
        case Role::intermediate:
          doubles_[id].resize(static_cast<std::size_t>(shape.rows * shape.columns) + 1);
          operands[id] = Operand::writable(shape, doubles_[id].data());
          break;
      }
    }
    ABI_TRY(reference_run(test_.graph, operands, run.shape));
    return operands;
  }

 private:
  static const std::byte* some(const Bytes& bytes) {
    static const std::byte none[1]{};
    return bytes.empty() ? none : bytes.data();
  }
  const Case& test_;
  std::vector<Bytes> states_;
  std::vector<std::vector<double>> doubles_;
};

/// The device's side. Everything it charges is charged to `account`.
class DeviceSide {
 public:
  static Result<DeviceSide> create(const Case& test, Device& device, memory::MemoryAccount& account) {
    ABI_TRY(Executor executor, Executor::create(test.graph, device, account));
    DeviceSide out(std::move(executor));
    for (TensorId id = 0; id < test.graph.tensors().size(); ++id) {
      const TensorDesc& desc = test.graph.tensor(id);
      if (desc.role == Role::weight) {
        const auto use = test.graph.use(id);
        if (!use) continue;
        ABI_TRY(const std::uint64_t announced, device.prepared_bytes(desc, *use));
        ABI_TRY(auto tensor, device.prepare(desc, *use, test.weights[id], account));
        if (tensor->owned_bytes() != announced)
          return error(ErrorCode::internal, "prepare of '{}' owns {} bytes, prepared_bytes says {}", desc.name,
                       tensor->owned_bytes(), announced);
        out.tensors_.push_back(std::move(tensor));
      } else if (desc.role == Role::state) {
        ABI_TRY(auto tensor, device.make_state(desc, account));
        out.tensors_.push_back(std::move(tensor));
      } else {
        continue;
      }
      ABI_TRY(out.executor_.bind(desc.name, *out.tensors_.back()));
    }
    return out;
  }

  Result<void> run(const Run& run) {
    for (TensorId id = 0; id < run.inputs.size(); ++id) {
      const Bytes& bytes = run.inputs[id];
      if (!bytes.empty()) std::memcpy(executor_.input<std::byte>(id).data(), bytes.data(), bytes.size());
    }
    return executor_.run(run.shape);
  }
  std::span<const std::byte> output(TensorId id) const { return executor_.output<std::byte>(id); }

 private:
  explicit DeviceSide(Executor executor) : executor_(std::move(executor)) {}
  std::vector<std::unique_ptr<DeviceTensor>> tensors_;
  Executor executor_;
};

/// Compares one output; returns what is wrong with the first element past its bound.
std::string compare(const Case& test, TensorId id, const std::vector<Operand>& operands, std::span<const std::byte> bytes,
                    Outcome& outcome) {
  const TensorDesc& desc = test.graph.tensor(id);
  const Operand& expected = operands[id];
  for (std::int64_t row = 0; row < expected.rows(); ++row) {
    const std::vector<double> values = expected.row(row);
    for (std::int64_t column = 0; column < expected.columns(); ++column) {
      const auto index = static_cast<std::size_t>(row * expected.columns() + column);
      const double value = values[static_cast<std::size_t>(column)];
      double found = 0;
      if (desc.format == FormatId::i32) {
        std::int32_t integer;
        std::memcpy(&integer, bytes.data() + index * sizeof integer, sizeof integer);
        found = integer;
      } else {
        float real;
        std::memcpy(&real, bytes.data() + index * sizeof real, sizeof real);
        found = real;
      }
      // What comes out is an f32, so that half a unit of it is always allowed.
      const double rounding = desc.format == FormatId::i32 ? 0 : std::abs(value) * 0x1p-24;
      const double bound = test.bound({row, column, value, operands}) + rounding;
      const double miss = std::abs(found - value);
      if (!(miss <= bound)) return format("element [{}, {}] is {}, expected {} within {}", row, column, found, value, bound);
      if (bound > 0) outcome.worst = std::max(outcome.worst, miss / bound);
    }
  }
  return {};
}

Result<void> run_both(const Case& test, Device& device, memory::MemoryAccount& account, Outcome& outcome) {
  ABI_TRY(DeviceSide side, DeviceSide::create(test, device, account));
  ReferenceSide reference(test);
  const TensorId result = test.graph.outputs()[0];
  for (std::size_t i = 0; i < test.runs.size() && outcome.failure.empty(); ++i) {
    ABI_TRY(const std::vector<Operand> operands, reference.run(test.runs[i]));
    ABI_TRY(side.run(test.runs[i]));
    const std::string wrong = compare(test, result, operands, side.output(result), outcome);
    if (!wrong.empty()) outcome.failure = format("run {}: {}", i, wrong);
    const auto rows = static_cast<std::size_t>(rows_of(test.graph.tensor(result).shape, test.runs[i].shape));
    const auto kept = side.output(result).first(rows * static_cast<std::size_t>(test.graph.tensor(result).shape.columns) * 4);
    outcome.found.emplace_back(kept.begin(), kept.end());
  }
  return {};
}

}  // namespace

Outcome run_case(const Case& test, Device& device) {
  Outcome outcome;
  for (const compute::Node& node : test.graph.nodes()) outcome.supported = outcome.supported && device.supports(test.graph, node);
  if (!outcome.supported) return outcome;
  memory::MemoryAccount account("case");
  if (const auto ran = run_both(test, device, account, outcome); !ran) outcome.failure = ran.error().text();
  if (account.live_bytes() != 0) outcome.failure += format(" {} bytes stay charged", account.live_bytes());
  return outcome;
}

}  // namespace libabi::parity
