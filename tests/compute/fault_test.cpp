// Everything that allocates, with every one of its allocations failing in turn.

#include "memory/failing_malloc.hpp"

#include <gtest/gtest.h>

#include <abi/backends/registry.hpp>
#include <abi/compute/executor.hpp>
#include <abi/memory/fault.hpp>

namespace {

using namespace libabi;
using namespace libabi::compute;
using quant::FormatId;

const std::vector<std::byte> bytes(32 * 34);  // of the weight

Result<Graph> small_graph() {
  GraphBuilder b;
  const TensorId x = b.input("x", FormatId::f32, {.rows = 3, .columns = 32, .dynamic = Rows::tokens});
  const TensorId cells = b.input("cells", FormatId::i32, {.rows = 3, .columns = 1, .dynamic = Rows::tokens});
  const TensorId y = b.silu(b.matmul(b.weight("w", FormatId::q8_0, {.rows = 32, .columns = 32}), x));
  const TensorId k =
      b.store_rows(y, b.state("a state with a name that needs memory", FormatId::f16, {.rows = 5, .columns = 32}), cells);
  const TensorId out = b.attention(y, k, k, cells, {.heads = 1, .kv_heads = 1, .head_dim = 32, .value_dim = 32});
  b.output(out, "a result with a name that needs memory");
  return std::move(b).finish();
}

Result<void> build_and_run(Device& device, memory::MemoryAccount& account) {
  ABI_TRY(Graph graph, small_graph());
  const TensorId w = graph.find("w"), k = graph.find("a state with a name that needs memory");
  ABI_TRY(const auto weight, device.prepare(graph.tensor(w), *graph.use(w), bytes, account));
  ABI_TRY(const auto state, device.make_state(graph.tensor(k), account));
  ABI_TRY(Executor executor, Executor::create(std::move(graph), device, account));
  ABI_TRY(executor.bind("w", *weight));
  ABI_TRY(executor.bind("a state with a name that needs memory", *state));
  std::fill_n(executor.input<float>(0).begin(), 64, 1.0f);
  executor.input<std::int32_t>(1)[0] = 0;
  executor.input<std::int32_t>(1)[1] = 1;
  return executor.run({.tokens = 2, .cached = 2});
}

template <class Fault>
void fail_each(Device& device) {
  memory::MemoryAccount account("test");
  std::uint64_t n = 0;
  for (;; ++n) {
    Result<void> ran;
    bool hit = false;
    {
      const Fault fault(n);
      ran = build_and_run(device, account);
      hit = fault.hit();
    }
    ASSERT_EQ(account.live_bytes(), 0u) << "allocation " << n;
    if (!hit) {
      ASSERT_TRUE(ran) << ran.error().text();
      break;
    }
    ASSERT_FALSE(ran) << "allocation " << n << " fails, and nothing is told";
    ASSERT_EQ(ran.error().code, ErrorCode::exhausted) << "allocation " << n << ": " << ran.error().text();
  }
  EXPECT_GT(n, 2u);
}

class ComputeOn : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Devices, ComputeOn, testing::Values("null", "cpu"),
                         [](const auto& which) { return std::string(which.param); });

TEST_P(ComputeOn, EveryAllocationThatFailsIsAnErrorAndLeavesNothing) {
  for (const unsigned threads : {1u, 2u}) {
    const auto scheduler = task::Scheduler::create({.threads = threads}).value();
    const auto device = backends::open_device(GetParam(), *scheduler).value_or(nullptr);
    if (!device) GTEST_SKIP() << "this build has no device " << GetParam();
    fail_each<test::FailingMalloc>(*device);
    fail_each<memory::AllocationFault>(*device);
  }
}

TEST(Compute, AWrongGraphIsToldEvenWhereMemoryRunsOut) {
  for (std::uint64_t n = 0;; ++n) {
    const test::FailingMalloc fault(n);
    GraphBuilder b;
    const TensorId x =
        b.input("an input with a name that needs memory", FormatId::f32, {.rows = 3, .columns = 32, .dynamic = Rows::tokens});
    b.matmul(b.weight("w", FormatId::q8_0, {.rows = 32, .columns = 64}), x);
    b.output(x, "a result with a name that needs memory");
    const auto graph = std::move(b).finish();
    ASSERT_FALSE(graph);
    if (!fault.hit()) {
      EXPECT_EQ(graph.error().code, ErrorCode::invalid_argument);
      break;
    }
    EXPECT_TRUE(graph.error().code == ErrorCode::exhausted || graph.error().code == ErrorCode::invalid_argument);
  }
}

}  // namespace
