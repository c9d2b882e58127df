// What every device promises beside right numbers: bad ids, cancellation, budgets, several callers.

#include "devices.hpp"

#include <gtest/gtest.h>

#include <abi/compute/executor.hpp>

#include <algorithm>
#include <cstring>
#include <thread>

namespace libabi::parity {
namespace {

using namespace compute;
using quant::FormatId;

constexpr Shape token_ids{.rows = 4, .columns = 1, .dynamic = Rows::tokens};

std::vector<std::byte> bytes_of(const std::vector<float>& values) {
  std::vector<std::byte> out(values.size() * sizeof(float));
  std::memcpy(out.data(), values.data(), out.size());
  return out;
}

/// A graph on a device, with weights and states made as the graph wants them.
struct Ready {
  std::vector<std::vector<std::byte>> bytes;
  std::vector<std::unique_ptr<DeviceTensor>> tensors;
  std::optional<Executor> executor;

  TensorId id(std::string_view name) const { return executor->graph().find(name); }
  void fill(std::string_view name, const std::vector<float>& values) {
    std::copy(values.begin(), values.end(), executor->input<float>(id(name)).begin());
  }
  void fill(std::string_view name, const std::vector<std::int32_t>& values) {
    std::copy(values.begin(), values.end(), executor->input<std::int32_t>(id(name)).begin());
  }
  std::vector<float> result(std::size_t n) const {
    const auto all = executor->output<float>(id("result"));
    return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n)};
  }
};

/// Null where the device does not support the graph.
std::unique_ptr<Ready> make_ready(Graph graph, Device& device, memory::MemoryAccount& account) {
  for (const Node& node : graph.nodes())
    if (!device.supports(graph, node)) return nullptr;
  auto out = std::make_unique<Ready>();
  auto executor = Executor::create(graph, device, account);
  EXPECT_TRUE(executor) << (executor ? "" : executor.error().text());
  if (!executor) return nullptr;
  out->executor.emplace(*std::move(executor));
  for (TensorId id = 0; id < graph.tensors().size(); ++id) {
    const TensorDesc& desc = graph.tensor(id);
    if (desc.role == Role::weight) {
      std::vector<float> values(static_cast<std::size_t>(desc.shape.planes * desc.shape.rows * desc.shape.columns));
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 7) - 3;
      out->bytes.push_back(bytes_of(values));
      out->tensors.push_back(device.prepare(desc, *graph.use(id), out->bytes.back(), account).value());
    } else if (desc.role == Role::state) {
      out->tensors.push_back(device.make_state(desc, account).value());
    } else {
      continue;
    }
    EXPECT_TRUE(out->executor->bind(desc.name, *out->tensors.back()));
  }
  return out;
}

Graph finish(GraphBuilder& b, TensorId result) {
  b.output(result, "result");
  auto graph = std::move(b).finish();
  EXPECT_TRUE(graph) << (graph ? "" : graph.error().text());
  return *std::move(graph);
}

Graph lookup_graph() {
  GraphBuilder b;
  const TensorId ids = b.input("ids", FormatId::i32, token_ids);
  return finish(b, b.get_rows(b.weight("table", FormatId::f32, {.rows = 5, .columns = 8}), ids));
}

Graph cache_graph() {
  GraphBuilder b;
  const TensorId x = b.input("x", FormatId::f32, {.rows = 4, .columns = 8, .dynamic = Rows::tokens});
  const TensorId cells = b.input("cells", FormatId::i32, token_ids);
  const TensorId positions = b.input("positions", FormatId::i32, token_ids);
  const TensorId k = b.store_rows(x, b.state("k", FormatId::f32, {.rows = 6, .columns = 8}), cells);
  const TensorId v = b.store_rows(x, b.state("v", FormatId::f32, {.rows = 6, .columns = 8}), cells);
  return finish(b, b.attention(x, k, v, positions, {.heads = 1, .kv_heads = 1, .head_dim = 8, .value_dim = 8}));
}

class DeviceTest : public testing::Test {
 protected:
  std::vector<TestDevice> devices_ = open_devices(2);
  memory::MemoryAccount account_{"test"};
  void TearDown() override { EXPECT_EQ(account_.live_bytes(), 0u); }
};

TEST_F(DeviceTest, RefusesAnIdOutsideATableAndGoesOn) {
  for (TestDevice& d : devices_) {
    const auto ready = make_ready(lookup_graph(), *d.device, account_);
    ASSERT_TRUE(ready) << d.backend;
    for (const std::int32_t bad : {-1, 5, std::numeric_limits<std::int32_t>::max(), std::numeric_limits<std::int32_t>::min()}) {
      ready->fill("ids", std::vector<std::int32_t>{0, bad, 1});
      const auto ran = ready->executor->run({.tokens = 3});
      ASSERT_FALSE(ran) << d.backend << " took id " << bad;
      EXPECT_EQ(ran.error().code, ErrorCode::out_of_range) << d.backend << ": " << ran.error().text();
      EXPECT_NE(ran.error().message.find(std::to_string(bad)), std::string::npos) << d.backend << ": " << ran.error().text();
    }
    ready->fill("ids", std::vector<std::int32_t>{4, 4, 0});
    ASSERT_TRUE(ready->executor->run({.tokens = 3})) << d.backend;
    EXPECT_EQ(ready->result(1)[0], static_cast<float>(32 % 7) - 3) << d.backend;
  }
}

TEST_F(DeviceTest, RefusesAnExpertThatDoesNotExist) {
  GraphBuilder b;
  const TensorId x = b.input("x", FormatId::f32, {.rows = 4, .columns = 8, .dynamic = Rows::tokens});
  const TensorId ids = b.input("ids", FormatId::i32, {.rows = 4, .columns = 2, .dynamic = Rows::tokens});
  const Graph product = finish(b, b.expert_matmul(b.weight("w", FormatId::f32, {.planes = 3, .rows = 4, .columns = 8}), x, ids));
  GraphBuilder c;
  const TensorId logits = c.input("x", FormatId::f32, {.rows = 4, .columns = 3, .dynamic = Rows::tokens});
  const TensorId chosen = c.input("ids", FormatId::i32, {.rows = 4, .columns = 2, .dynamic = Rows::tokens});
  const Graph weights = finish(c, c.expert_weights(logits, chosen, true));
  for (TestDevice& d : devices_)
    for (const Graph& graph : {product, weights}) {
      const auto ready = make_ready(graph, *d.device, account_);
      if (!ready) continue;
      ready->fill("x", std::vector<float>(16, 1.0f));
      for (const std::int32_t bad : {-1, 3, 1 << 30}) {
        ready->fill("ids", std::vector<std::int32_t>{0, 1, 2, bad});
        const auto ran = ready->executor->run({.tokens = 2});
        ASSERT_FALSE(ran) << d.backend << " took expert " << bad << " in " << name(graph.nodes()[0].op);
        EXPECT_EQ(ran.error().code, ErrorCode::out_of_range) << d.backend << ": " << ran.error().text();
      }
    }
}

TEST_F(DeviceTest, ARefusedCellLeavesTheStateAsItWas) {
  for (TestDevice& d : devices_) {
    const auto ready = make_ready(cache_graph(), *d.device, account_);
    ASSERT_TRUE(ready) << d.backend;
    ready->fill("x", std::vector<float>(16, 2.0f));
    ready->fill("positions", std::vector<std::int32_t>{0, 1});
    ready->fill("cells", std::vector<std::int32_t>{0, 1});
    ASSERT_TRUE(ready->executor->run({.tokens = 2, .cached = 2})) << d.backend;
    ready->fill("x", std::vector<float>(16, 9.0f));
    for (const std::int32_t bad : {-1, 6}) {
      ready->fill("cells", std::vector<std::int32_t>{5, bad});
      const auto ran = ready->executor->run({.tokens = 2, .cached = 2});
      ASSERT_FALSE(ran) << d.backend << " took cell " << bad;
      EXPECT_EQ(ran.error().code, ErrorCode::out_of_range) << d.backend << ": " << ran.error().text();
    }
    ready->fill("x", std::vector<float>(8, 2.0f));
    ready->fill("cells", std::vector<std::int32_t>{1});
    ready->fill("positions", std::vector<std::int32_t>{1});
    ASSERT_TRUE(ready->executor->run({.tokens = 1, .cached = 2})) << d.backend;
    EXPECT_EQ(ready->result(8), std::vector<float>(8, 2.0f)) << d.backend;
  }
}

TEST_F(DeviceTest, RefusesAPositionBeforeTheFirst) {
  for (TestDevice& d : devices_) {
    const auto ready = make_ready(cache_graph(), *d.device, account_);
    ASSERT_TRUE(ready) << d.backend;
    ready->fill("x", std::vector<float>(8, 1.0f));
    ready->fill("cells", std::vector<std::int32_t>{0});
    ready->fill("positions", std::vector<std::int32_t>{-1});
    const auto ran = ready->executor->run({.tokens = 1, .cached = 1});
    ASSERT_FALSE(ran) << d.backend;
    EXPECT_EQ(ran.error().code, ErrorCode::out_of_range) << d.backend << ": " << ran.error().text();
  }
}

TEST_F(DeviceTest, ARunThatIsStoppedBeforeItStartsIsCancelled) {
  for (TestDevice& d : devices_) {
    const auto ready = make_ready(lookup_graph(), *d.device, account_);
    ASSERT_TRUE(ready) << d.backend;
    ready->fill("ids", std::vector<std::int32_t>{1});
    task::StopSource source;
    source.request_stop();
    const auto ran = ready->executor->run({.tokens = 1}, source.get_token());
    ASSERT_FALSE(ran) << d.backend;
    EXPECT_EQ(ran.error().code, ErrorCode::cancelled) << d.backend << ": " << ran.error().text();
    EXPECT_TRUE(ready->executor->run({.tokens = 1})) << d.backend;
  }
}

TEST_F(DeviceTest, AWeightOfAnotherSizeIsRefused) {
  const Graph graph = lookup_graph();
  const TensorDesc& table = graph.tensor(graph.find("table"));
  const std::vector<std::byte> bytes(5 * 8 * 4 + 4);
  for (TestDevice& d : devices_)
    for (const std::size_t n : {std::size_t{0}, bytes.size() - 8, bytes.size()}) {
      const auto made = d.device->prepare(table, Op::get_rows, std::span(bytes).first(n), account_);
      ASSERT_FALSE(made) << d.backend << " took " << n << " bytes";
      EXPECT_EQ(made.error().code, ErrorCode::invalid_argument) << d.backend << ": " << made.error().text();
    }
}

TEST_F(DeviceTest, ABudgetIsKept) {
  memory::MemoryAccount small("small", 64);
  const Graph graph = cache_graph();
  for (TestDevice& d : devices_) {
    const auto state = d.device->make_state(graph.tensor(graph.find("k")), small);
    ASSERT_FALSE(state) << d.backend;
    EXPECT_EQ(state.error().code, ErrorCode::exhausted) << d.backend << ": " << state.error().text();
    const auto executor = Executor::create(graph, *d.device, small);
    ASSERT_FALSE(executor) << d.backend;
    EXPECT_EQ(executor.error().code, ErrorCode::exhausted) << d.backend << ": " << executor.error().text();
    EXPECT_EQ(small.live_bytes(), 0u) << d.backend;
  }
}

TEST_F(DeviceTest, TheExecutorTakesWhatItAnnounces) {
  for (TestDevice& d : devices_) {
    memory::MemoryAccount account("counted");
    const auto announced = Executor::required_bytes(cache_graph(), *d.device);
    ASSERT_TRUE(announced) << d.backend;
    const auto executor = Executor::create(cache_graph(), *d.device, account);
    ASSERT_TRUE(executor) << d.backend;
    EXPECT_EQ(account.live_bytes(), *announced) << d.backend;
  }
}

TEST_F(DeviceTest, CallersFromSeveralThreadsTakeTurns) {
  constexpr int callers = 3, rounds = 50;
  for (TestDevice& d : devices_) {
    std::vector<std::unique_ptr<Ready>> ready;
    for (int i = 0; i < callers; ++i) ready.push_back(make_ready(lookup_graph(), *d.device, account_));
    std::vector<int> wrong(callers, 0);
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < callers; ++i)
        threads.emplace_back([&, i] {
          for (int round = 0; round < rounds; ++round) {
            const std::int32_t id = (i + round) % 5;
            ready[static_cast<std::size_t>(i)]->fill("ids", std::vector<std::int32_t>{id});
            const bool ran = ready[static_cast<std::size_t>(i)]->executor->run({.tokens = 1}).has_value();
            const float expected = static_cast<float>(id * 8 % 7) - 3;
            wrong[static_cast<std::size_t>(i)] += !ran || ready[static_cast<std::size_t>(i)]->result(1)[0] != expected;
          }
        });
    }
    EXPECT_EQ(wrong, std::vector<int>(callers, 0)) << d.backend;
  }
}

TEST_F(DeviceTest, ATensorOfAnotherDeviceIsRefused) {
  struct Foreign final : DeviceTensor {
    std::uint64_t owned_bytes() const noexcept override { return 0; }
  } foreign;
  for (TestDevice& d : devices_) {
    auto executor = Executor::create(lookup_graph(), *d.device, account_);
    ASSERT_TRUE(executor) << d.backend;
    ASSERT_TRUE(executor->bind("table", foreign));
    executor->input<std::int32_t>(executor->graph().find("ids"))[0] = 0;
    const auto ran = executor->run({.tokens = 1});
    ASSERT_FALSE(ran) << d.backend;
    EXPECT_EQ(ran.error().code, ErrorCode::invalid_argument) << d.backend << ": " << ran.error().text();
  }
}

}  // namespace
}  // namespace libabi::parity
