// The harness must see what is wrong: a device that is right but for one element, and one that keeps memory.

#include "devices.hpp"
#include "parity/run_case.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace libabi::parity {
namespace {

using namespace compute;

/// The null device with a fault.
class FaultyDevice final : public Device {
 public:
  explicit FaultyDevice(Device* inner) : inner_(inner) {}
  /// Added to the last element of the graph's first output; integers get 1.
  float error = 0;
  bool refuses = false;

  std::string_view name() const noexcept override { return "faulty"; }
  std::string description() const override { return "faulty"; }
  DeviceMemory memory() const noexcept override { return inner_->memory(); }
  bool supports(const Graph&, const Node&) const noexcept override { return !refuses; }
  Result<std::uint64_t> prepared_bytes(const TensorDesc& weight, Op use) const override {
    return inner_->prepared_bytes(weight, use);
  }
  Result<std::unique_ptr<DeviceTensor>> prepare(const TensorDesc& weight, Op use, std::span<const std::byte> bytes,
                                                memory::MemoryAccount& account) override {
    return inner_->prepare(weight, use, bytes, account);
  }
  Result<std::unique_ptr<DeviceTensor>> make_state(const TensorDesc& state, memory::MemoryAccount& account) override {
    return inner_->make_state(state, account);
  }
  Result<std::uint64_t> workspace_bytes(const Graph& graph) const override { return inner_->workspace_bytes(graph); }
  Result<void> run(const Graph& graph, const Bindings& bindings, std::span<std::byte> workspace, const RunShape& shape,
                   const task::StopToken& stop) override {
    ABI_TRY(inner_->run(graph, bindings, workspace, shape, stop));
    const TensorId id = graph.outputs()[0];
    const std::int64_t count = rows_of(graph.tensor(id).shape, shape) * graph.tensor(id).shape.columns;
    if (count == 0) return {};
    std::byte* last = bindings.places[id] + (count - 1) * 4;
    if (graph.tensor(id).format == FormatId::i32) {
      std::int32_t value;
      std::memcpy(&value, last, sizeof value);
      value += 1;
      std::memcpy(last, &value, sizeof value);
    } else {
      float value;
      std::memcpy(&value, last, sizeof value);
      value += error * (1 + std::abs(value));
      std::memcpy(last, &value, sizeof value);
    }
    return {};
  }

 private:
  Device* inner_;
};

bool has_output(const Case& test) {
  const Shape& shape = test.graph.tensor(test.graph.outputs()[0]).shape;
  for (const Run& run : test.runs)
    if (rows_of(shape, run.shape) > 0) return true;
  return false;
}

/// Floats that are stored in blocks, or rounded when they are stored.
bool exact_formats(const Case& test) {
  for (const TensorDesc& desc : test.graph.tensors())
    if (desc.format != FormatId::f32 && desc.format != FormatId::f16 && desc.format != FormatId::i32) return false;
  return true;
}

class HarnessTest : public testing::Test {
 protected:
  std::unique_ptr<task::Scheduler> scheduler_ = task::Scheduler::create({.threads = 1}).value();
  std::unique_ptr<Device> null_ = backends::open_device("null", *scheduler_).value_or(nullptr);
  FaultyDevice faulty_{null_.get()};

  void SetUp() override {
    if (!null_) GTEST_SKIP() << "this build has no device null";
  }
  void expect_seen(Op op, bool exact) {
    for (const Case& test : cases_of(op, 1)) {
      if (!has_output(test) || exact_formats(test) != exact) continue;
      EXPECT_NE(run_case(test, faulty_).failure, "") << compute::name(op) << ", " << test.label;
    }
  }
};

constexpr Op all_ops[] = {
#define ABI_OP(name) Op::name,
#include <abi/compute/ops.def>
#undef ABI_OP
};

TEST_F(HarnessTest, SeesOneWrongElementInEveryCase) {
  faulty_.error = 0.01f;
  for (const Op op : all_ops) expect_seen(op, true);
}

TEST_F(HarnessTest, SeesOneGrosslyWrongElementBesideCoarseFormats) {
  faulty_.error = 3.0f;
  for (const Op op : all_ops) expect_seen(op, false);
}

TEST_F(HarnessTest, CountsWhatADeviceRefuses) {
  faulty_.refuses = true;
  for (const Op op : all_ops) EXPECT_FALSE(run_case(cases_of(op, 1)[0], faulty_).supported);
}

TEST_F(HarnessTest, SaysNanWhereANumberIsExpected) {
  faulty_.error = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NE(run_case(cases_of(Op::silu, 1).back(), faulty_).failure, "");
}

}  // namespace
}  // namespace libabi::parity
