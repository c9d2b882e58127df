// What the null device looks at when it is used without an executor.

#include <gtest/gtest.h>

#include <abi/backends/registry.hpp>

namespace libabi::backends {
namespace {

using namespace compute;
using quant::FormatId;

class NullDevice : public testing::Test {
 protected:
  std::unique_ptr<task::Scheduler> scheduler_ = task::Scheduler::create({.threads = 1}).value();
  std::unique_ptr<Device> device_ = open_device("null", *scheduler_).value_or(nullptr);
  memory::MemoryAccount account_{"test"};
  std::vector<std::byte> bytes_ = std::vector<std::byte>(64);
  alignas(float) std::byte in_[64]{}, out_[64]{};

  void SetUp() override {
    if (!device_) GTEST_SKIP() << "this build has no device null";
  }
  /// x [tokens 2, 4] * w [1, 4].
  Graph graph() {
    GraphBuilder b;
    const TensorId x = b.input("x", FormatId::f32, {.rows = 2, .columns = 4, .dynamic = Rows::tokens});
    b.output(b.mul(x, b.weight("w", FormatId::f32, {.columns = 4})), "result");
    return std::move(b).finish().value();
  }
  std::unique_ptr<DeviceTensor> weight(std::int64_t columns) {
    const TensorDesc desc{.name = "other", .shape = {.columns = columns}, .role = Role::weight};
    return device_->prepare(desc, Op::mul, std::span(bytes_).first(static_cast<std::size_t>(columns) * 4), account_).value();
  }
  ErrorCode run(const Bindings& bindings, const RunShape& shape) {
    const auto ran = device_->run(graph(), bindings, {}, shape, {});
    return ran ? ErrorCode::ok : ran.error().code;
  }
};

TEST_F(NullDevice, RunsWhatIsWholeAndRefusesWhatIsNot) {
  const auto right = weight(4), wrong = weight(8);
  EXPECT_EQ(run({{nullptr, right.get(), nullptr}, {in_, nullptr, out_}}, {.tokens = 2}), ErrorCode::ok);
  EXPECT_EQ(run({{nullptr, right.get()}, {in_, nullptr, out_}}, {.tokens = 2}), ErrorCode::invalid_argument);
  EXPECT_EQ(run({{nullptr, right.get(), nullptr}, {in_, nullptr}}, {.tokens = 2}), ErrorCode::invalid_argument);
  EXPECT_EQ(run({{nullptr, nullptr, nullptr}, {in_, nullptr, out_}}, {.tokens = 2}), ErrorCode::invalid_argument);
  EXPECT_EQ(run({{nullptr, wrong.get(), nullptr}, {in_, nullptr, out_}}, {.tokens = 2}), ErrorCode::invalid_argument);
  EXPECT_EQ(run({{nullptr, right.get(), nullptr}, {in_, nullptr, nullptr}}, {.tokens = 2}), ErrorCode::invalid_argument);
  EXPECT_EQ(run({{nullptr, right.get(), nullptr}, {in_, nullptr, out_}}, {.tokens = 3}), ErrorCode::invalid_argument);
  EXPECT_EQ(run({{nullptr, right.get(), nullptr}, {in_, nullptr, out_}}, {.tokens = -1}), ErrorCode::invalid_argument);
}

TEST_F(NullDevice, WeightsStandWhereTheyAreAndStatesStartAtZero) {
  EXPECT_EQ(weight(4)->owned_bytes(), 0u);
  EXPECT_EQ(account_.live_bytes(), 0u);
  const TensorDesc state{.name = "s", .format = FormatId::f16, .shape = {.rows = 3, .columns = 4}, .role = Role::state};
  const auto made = device_->make_state(state, account_).value();
  EXPECT_EQ(made->owned_bytes(), 24u);
  EXPECT_EQ(account_.live_bytes(), 24u);
}

TEST_F(NullDevice, ARoleThatDoesNotFitIsRefused) {
  const TensorDesc weight{.name = "w", .shape = {.columns = 4}, .role = Role::weight};
  const TensorDesc state{.name = "s", .shape = {.columns = 4}, .role = Role::state};
  EXPECT_EQ(device_->make_state(weight, account_).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(device_->prepare(state, Op::mul, std::span(bytes_).first(16), account_).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(device_->prepared_bytes(state, Op::mul).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace libabi::backends
