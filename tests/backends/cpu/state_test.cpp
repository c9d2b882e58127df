// What a run leaves in states: whole rows after it was stopped, nothing that cannot be stored.
#include "little_model.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

namespace libabi::backends::cpu::test {
namespace {

constexpr const char* states[] = {"cache_k.0", "cache_v.0", "cache_k.1", "cache_v.1"};

// --- stopping: a kernel that asks for it at its n-th call, so that every place of a run is met ---------------------------

std::atomic<int> calls_left{0};
task::StopSource* stopper = nullptr;

void add_and_stop(float* out, const float* a, const float* b, std::size_t n) {
  if (calls_left.fetch_sub(1) == 1) stopper->request_stop();
  simd::kernels().add(out, a, b, n);
}

/// Every row of `now` must be that of `before` or of `after`.
bool rows_are_whole(const Bytes& now, const Bytes& before, const Bytes& after, std::size_t row_bytes) {
  for (std::size_t first = 0; first < now.size(); first += row_bytes) {
    const auto same = [&](const Bytes& other) { return std::memcmp(&now[first], &other[first], row_bytes) == 0; };
    if (!same(before) && !same(after)) return false;
  }
  return true;
}

TEST(CpuState, AStoppedRunLeavesWholeRowsAndCanBeRepeated) {
  const std::uint32_t s = seed();
  const auto tokens = random_tokens(s, 40);
  const LittleModel model{.cache = FormatId::q8_0};
  const Graph graph = model.graph();
  const auto weights = random_weights(graph, s);
  simd::Kernels stopping = simd::kernels();
  stopping.add = &add_and_stop;
  const KernelTables tables{stopping, quant::kernels(), kernels()};
  const std::size_t row_bytes =
      quant::row_bytes(quant::format(model.cache), LittleModel::kv_heads * LittleModel::head_dim).value();

  calls_left = std::numeric_limits<int>::max();
  Rig complete(graph, weights, tables, {.threads = 2});
  const auto expected = logits_of(complete, tokens, {20, 20});
  const int calls_max = std::numeric_limits<int>::max() - calls_left;
  int cancelled = 0;
  for (int n = 1; n < calls_max; n += 3) {
    Rig rig(graph, weights, tables, {.threads = 2});
    calls_left = std::numeric_limits<int>::max();
    logits_of(rig, std::vector(tokens.begin(), tokens.begin() + 20), {20});
    std::map<std::string, Bytes> before;
    for (const char* state : states) before[state] = rig.state(state);
    task::StopSource source;
    stopper = &source;
    std::vector<std::int32_t> rest(tokens.begin() + 20, tokens.end()), positions(20), wanted(20);
    for (std::int32_t i = 0; i < 20; ++i) {
      positions[static_cast<std::size_t>(i)] = 20 + i;
      wanted[static_cast<std::size_t>(i)] = i;
    }
    rig.fill("tokens", rest);
    rig.fill("positions", positions);
    rig.fill("wanted", wanted);
    const RunShape shape{.tokens = 20, .outputs = 20, .cached = 40};
    calls_left = n;
    const auto stopped = rig.run(shape, source.get_token());
    if (!stopped) {
      ++cancelled;
      ASSERT_EQ(stopped.error().code, ErrorCode::cancelled) << stopped.error().text();
      for (const auto& [state, bytes] : before)
        ASSERT_TRUE(rows_are_whole(rig.state(state), bytes, complete.state(state), row_bytes)) << state << " at call " << n;
    }
    calls_left = std::numeric_limits<int>::max();
    ASSERT_TRUE(rig.run(shape));
    const auto found = rig.output("logits", 20 * LittleModel::vocabulary);
    ASSERT_TRUE(std::equal(found.begin(), found.end(), expected.begin() + 20 * LittleModel::vocabulary)) << "at call " << n;
  }
  EXPECT_GT(cancelled, 10);
  stopper = nullptr;
}

// --- what cannot be stored -------------------------------------------------------------------------------------------

Graph store_graph(FormatId format) {
  GraphBuilder b;
  const TensorId x = b.input("x", FormatId::f32, {.rows = 4, .columns = 64, .dynamic = Rows::tokens});
  const TensorId cells = b.input("cells", FormatId::i32, {.rows = 4, .columns = 1, .dynamic = Rows::tokens});
  const TensorId state = b.store_rows(x, b.state("state", format, {.rows = 8, .columns = 64}), cells);
  b.output(b.get_rows(state, cells), "back");
  return take(std::move(b).finish());
}

TEST(CpuState, AValueThatIsNotFiniteIsRefusedByBlocksAndKeptByFloats) {
  for (const FormatId format : real_formats())
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
      Rig rig(store_graph(format), {}, best_tables(), {.threads = 2});
      std::vector<float> x(128, 1.0f);
      rig.fill("cells", std::vector<std::int32_t>{2, 5});
      rig.fill("x", x);
      ASSERT_TRUE(rig.run({.tokens = 2}));
      const Bytes before = rig.state("state");
      x[70] = bad;
      rig.fill("x", x);
      const auto ran = rig.run({.tokens = 2});
      if (quant::format(format).block_length == 1) {
        ASSERT_TRUE(ran) << quant::format(format).name;
        EXPECT_FALSE(std::isfinite(rig.output("back", 128)[70])) << quant::format(format).name;
      } else {
        ASSERT_FALSE(ran) << quant::format(format).name;
        EXPECT_EQ(ran.error().code, ErrorCode::out_of_range);
        EXPECT_EQ(rig.state("state"), before);
      }
    }
}

TEST(CpuState, OfTwoRowsForOneCellTheLastRemains) {
  for (const unsigned threads : {1u, 3u}) {
    Rig rig(store_graph(FormatId::f32), {}, best_tables(), {.threads = threads});
    std::vector<float> x(256);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i / 64);
    rig.fill("x", x);
    rig.fill("cells", std::vector<std::int32_t>{3, 3, 1, 3});
    ASSERT_TRUE(rig.run({.tokens = 4}));
    EXPECT_EQ(rig.output("back", 1)[0], 3.0f);
    EXPECT_EQ(rig.output("back", 256)[128], 2.0f);
  }
}

}  // namespace
}  // namespace libabi::backends::cpu::test
