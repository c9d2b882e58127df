#include "compute/random_graph.hpp"
#include "seed.hpp"

#include <gtest/gtest.h>

#include <abi/backends/registry.hpp>
#include <abi/compute/executor.hpp>
#include <abi/compute/reference.hpp>

#include <cstring>
#include <new>

namespace {

using namespace libabi;
using namespace libabi::compute;
using namespace libabi::testing_compute;
using quant::FormatId;

constexpr Shape tokens(std::int64_t columns) { return {.rows = 4, .columns = columns, .dynamic = Rows::tokens}; }

/// Sees what an executor asks of its device.
class FakeDevice final : public Device {
 public:
  std::string_view name() const noexcept override { return "fake"; }
  std::string description() const override { return "fake"; }
  DeviceMemory memory() const noexcept override { return {}; }
  bool supports(const Graph&, const Node& node) const noexcept override { return node.op != refused; }
  Result<std::uint64_t> prepared_bytes(const TensorDesc&, Op) const override { return 0; }
  Result<std::unique_ptr<DeviceTensor>> prepare(const TensorDesc&, Op, std::span<const std::byte>,
                                                memory::MemoryAccount&) override {
    return error(ErrorCode::unsupported, "fake");
  }
  Result<std::unique_ptr<DeviceTensor>> make_state(const TensorDesc&, memory::MemoryAccount&) override {
    return error(ErrorCode::unsupported, "fake");
  }
  Result<std::uint64_t> workspace_bytes(const Graph&) const override {
    if (workspace_fails) return error(ErrorCode::unsupported, "no workspace");
    return workspace;
  }
  Result<void> run(const Graph&, const Bindings& bindings, std::span<std::byte> given, const RunShape& shape,
                   const task::StopToken&) override {
    if (throws) throw std::bad_alloc();
    runs.push_back(shape);
    given_workspace = given.size();
    seen = bindings;
    return {};
  }
  Op refused = Op::pool;
  std::uint64_t workspace = 0;
  bool workspace_fails = false;
  bool throws = false;
  std::vector<RunShape> runs;
  std::size_t given_workspace = 0;
  Bindings seen;
};

struct FakeTensor final : DeviceTensor {
  std::uint64_t owned_bytes() const noexcept override { return 0; }
};

/// x -> norm -> attention over a cache, and rows wanted of it.
Graph cache_graph() {
  GraphBuilder b;
  const TensorId x = b.input("x", FormatId::f32, tokens(32));
  const TensorId positions = b.input("positions", FormatId::i32, tokens(1));
  const TensorId wanted = b.input("wanted", FormatId::i32, {.rows = 2, .columns = 1, .dynamic = Rows::outputs});
  const TensorId y = b.rms_norm(x, b.weight("norm", FormatId::f32, {.columns = 32}), 1e-5f);
  const TensorId k = b.store_rows(y, b.state("k", FormatId::f32, {.rows = 9, .columns = 32}), positions);
  const TensorId v = b.store_rows(y, b.state("v", FormatId::f32, {.rows = 9, .columns = 32}), positions);
  const TensorId a = b.attention(y, k, v, positions, {.heads = 1, .kv_heads = 1, .head_dim = 32, .value_dim = 32});
  b.weight("unread", FormatId::f32, {.columns = 32});
  b.output(b.get_rows(a, wanted), "result");
  return std::move(b).finish().value();
}

class ExecutorTest : public testing::Test {
 protected:
  FakeDevice device_;
  memory::MemoryAccount account_{"test"};
  FakeTensor tensor_;
  void TearDown() override { EXPECT_EQ(account_.live_bytes(), 0u); }

  Executor bound() {
    Executor out = Executor::create(cache_graph(), device_, account_).value();
    for (const char* name : {"norm", "k", "v"}) EXPECT_TRUE(out.bind(name, tensor_));
    return out;
  }
};

TEST_F(ExecutorTest, TakesPlanAndWorkspaceFromTheAccountAndGivesThemBack) {
  device_.workspace = 1000;
  const std::uint64_t required = Executor::required_bytes(cache_graph(), device_).value();
  EXPECT_EQ(required, plan_memory(cache_graph()).value().bytes + 1000);
  {
    Executor executor = bound();
    EXPECT_EQ(account_.live_bytes(), required);
    ASSERT_TRUE(executor.run({.tokens = 1, .cached = 1}));
    EXPECT_EQ(device_.given_workspace, 1000u);
    EXPECT_EQ(account_.peak_bytes(), required);
  }
}

TEST_F(ExecutorTest, NamesWhatTheDeviceDoesNotSupport) {
  device_.refused = Op::attention;
  const auto executor = Executor::create(cache_graph(), device_, account_);
  ASSERT_FALSE(executor);
  EXPECT_EQ(executor.error().code, ErrorCode::unsupported);
  for (const char* part : {"fake", "attention", "1 of 5"})
    EXPECT_NE(executor.error().message.find(part), std::string::npos) << executor.error().message;
}

TEST_F(ExecutorTest, AFailureOfTheDeviceComesBack) {
  device_.workspace_fails = true;
  EXPECT_EQ(Executor::create(cache_graph(), device_, account_).error().code, ErrorCode::unsupported);
  EXPECT_EQ(Executor::required_bytes(cache_graph(), device_).error().code, ErrorCode::unsupported);
  device_.workspace_fails = false;
  Executor executor = bound();
  device_.throws = true;
  EXPECT_EQ(executor.run({.tokens = 1, .cached = 1}).error().code, ErrorCode::exhausted);
}

TEST_F(ExecutorTest, BindsWeightsAndStatesOnly) {
  Executor executor = bound();
  EXPECT_EQ(executor.bind("nothing", tensor_).error().code, ErrorCode::not_found);
  EXPECT_EQ(executor.bind("x", tensor_).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(executor.bind("result", tensor_).error().code, ErrorCode::invalid_argument);
}

TEST_F(ExecutorTest, RunsOnlyWhenEverythingThatIsReadIsBound) {
  Executor executor = Executor::create(cache_graph(), device_, account_).value();
  for (const char* name : {"norm", "k", "v"}) {
    const auto ran = executor.run({.tokens = 1, .cached = 1});
    ASSERT_FALSE(ran);
    EXPECT_EQ(ran.error().code, ErrorCode::failed_precondition);
    EXPECT_NE(ran.error().message.find(std::string("'") + name + "'"), std::string::npos) << ran.error().message;
    ASSERT_TRUE(executor.bind(name, tensor_));
  }
  EXPECT_TRUE(executor.run({.tokens = 1, .cached = 1}));  // 'unread' needs no tensor
  EXPECT_EQ(device_.seen.tensors[executor.graph().find("k")], &tensor_);
}

TEST_F(ExecutorTest, RefusesCountsPastTheGraph) {
  Executor executor = bound();
  for (const RunShape& shape :
       {RunShape{.tokens = 5, .cached = 1}, RunShape{.tokens = -1}, RunShape{.tokens = 1, .outputs = 3, .cached = 1},
        RunShape{.tokens = 1, .cached = 10}, RunShape{.tokens = 1, .cached = -1}, RunShape{.tokens = 1, .cached = 0}}) {
    const auto ran = executor.run(shape);
    ASSERT_FALSE(ran) << shape.tokens << " " << shape.outputs << " " << shape.cached;
    EXPECT_EQ(ran.error().code, ErrorCode::invalid_argument) << ran.error().text();
  }
  EXPECT_TRUE(device_.runs.empty());
  EXPECT_TRUE(executor.run({.tokens = 4, .outputs = 2, .cached = 9}));
  EXPECT_TRUE(executor.run({}));
  EXPECT_EQ(device_.runs.size(), 2u);
}

TEST_F(ExecutorTest, PlacesAreWholeAndStayWhenTheExecutorMoves) {
  Executor first = bound();
  const TensorId x = first.graph().find("x");
  const float* before = first.input<float>(x).data();
  Executor executor = std::move(first);
  EXPECT_EQ(executor.input<float>(x).size(), 4u * 32);
  EXPECT_EQ(executor.input<float>(x).data(), before);
  EXPECT_EQ(executor.output<float>(executor.graph().find("result")).size(), 2u * 32);
  EXPECT_TRUE(executor.input<float>(executor.graph().find("k")).empty());
  EXPECT_TRUE(executor.output<float>(no_tensor).empty());
  ASSERT_TRUE(executor.run({.tokens = 1, .cached = 1}));
  EXPECT_EQ(reinterpret_cast<const float*>(device_.seen.places[x]), before);
}

/// All tensors of a graph in memory of their own, run by the reference.
std::vector<std::vector<float>> run_apart(const Graph& graph, const std::vector<std::vector<float>>& inputs,
                                          const RunShape& shape) {
  std::vector<std::vector<float>> memory(graph.tensors().size());
  std::vector<Operand> operands;
  for (std::size_t id = 0; id < memory.size(); ++id) {
    const TensorDesc& desc = graph.tensors()[id];
    memory[id] = desc.role == Role::input ? inputs[id]
                                          : std::vector<float>(static_cast<std::size_t>(desc.shape.rows * desc.shape.columns));
    Shape rows = desc.shape;
    rows.rows = rows_of(desc.shape, shape);
    operands.push_back(Operand::writable(desc.format, rows, reinterpret_cast<std::byte*>(memory[id].data())));
  }
  const auto ran = reference_run(graph, operands, shape);
  EXPECT_TRUE(ran) << (ran ? "" : ran.error().text());
  return memory;
}

TEST(Executor, SharedPlacesGiveTheSameBitsAsPlacesOfTheirOwn) {
  std::mt19937 random(static_cast<std::uint32_t>(test::seed()));
  const auto scheduler = task::Scheduler::create({.threads = 1}).value();
  const auto device = backends::open_device("null", *scheduler);
  if (!device) GTEST_SKIP() << device.error().text();
  memory::MemoryAccount account("test");
  std::uniform_real_distribution<float> values(-2, 2);
  for (int round = 0; round < 150; ++round) {
    const Graph graph = random_graph(random, 5, 3 + round % 50);
    Executor executor = Executor::create(graph, **device, account).value();
    for (const RunShape& shape : {RunShape{.tokens = 5}, RunShape{.tokens = 2}}) {
      std::vector<std::vector<float>> inputs(graph.tensors().size());
      for (TensorId id = 0; id < graph.tensors().size(); ++id) {
        if (graph.tensor(id).role != Role::input) continue;
        inputs[id].resize(executor.input<float>(id).size());
        for (float& v : inputs[id]) v = values(random);
        std::copy(inputs[id].begin(), inputs[id].end(), executor.input<float>(id).begin());
      }
      const auto expected = run_apart(graph, inputs, shape);
      ASSERT_TRUE(executor.run(shape));
      for (const TensorId id : graph.outputs()) {
        const auto n = static_cast<std::size_t>(rows_of(graph.tensor(id).shape, shape) * graph.tensor(id).shape.columns);
        ASSERT_EQ(std::memcmp(executor.output<float>(id).data(), expected[id].data(), n * sizeof(float)), 0)
            << "round " << round << ", '" << graph.tensor(id).name << "'";
      }
      for (TensorId id = 0; id < inputs.size(); ++id)
        ASSERT_TRUE(inputs[id].empty() ||
                    std::memcmp(executor.input<float>(id).data(), inputs[id].data(), inputs[id].size() * sizeof(float)) == 0);
    }
  }
  EXPECT_EQ(account.live_bytes(), 0u);
}

}  // namespace
