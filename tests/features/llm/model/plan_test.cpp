// plan() tells before loading what the account's peak will be.

#include "features/llm/model/golden.hpp"

#include <abi/memory/fault.hpp>

#include <gtest/gtest.h>

#include <cmath>

namespace libabi::llm::test {
namespace {

using quant::FormatId;

/// Opens, evaluates a full batch and one token, or embeds.
Result<void> use(const std::filesystem::path& file, const ModelOptions& options, const SessionOptions& session_options) {
  ABI_TRY(const Model model, Model::open(file, options));
  ABI_TRY(Session session, Session::create(model, session_options));
  if (model.info().kind == ModelKind::embedding) {
    ABI_TRY(session.embed(std::vector<TokenId>(static_cast<std::size_t>(session.context()), 3)));
    return {};
  }
  ABI_TRY(session.evaluate(std::vector<TokenId>(static_cast<std::size_t>(session.context()), 3)));
  ABI_TRY(session.truncate(session.context() - 1));
  ABI_TRY(session.evaluate(std::vector<TokenId>{5}));
  return {};
}

void expect_planned(const std::filesystem::path& file, const std::string& device, const SessionOptions& options) {
  SCOPED_TRACE(file.filename().string() + " on " + device);
  memory::MemoryAccount account("test");
  const ModelOptions model{.backend = device, .threads = 2, .account = &account};
  const auto need = plan(file, model, options);
  ASSERT_TRUE(need) << need.error().text();
  EXPECT_EQ(account.peak_bytes(), 0u) << "planning takes nothing";
  const auto used = use(file, model, options);
  ASSERT_TRUE(used) << used.error().text();
  const auto peak = static_cast<double>(account.peak_bytes());
  EXPECT_LE(std::abs(static_cast<double>(need->total()) - peak), 0.02 * peak)
      << "planned " << need->total() << ", peak " << account.peak_bytes() << "; mapped " << need->weights_mapped << " owned "
      << need->weights_owned << " vocabulary " << need->vocabulary << " cache " << need->cache << " activations "
      << need->activations;
  EXPECT_EQ(account.live_bytes(), 0u) << "all is given back";
}

TEST(ModelPlan, IsThePeakForEveryModelAndFormat) {
  int models = 0;
  for (const auto& file : golden_models()) {
    for (const std::string& device : devices()) expect_planned(file, device, {.context = 96, .batch = 32});
    ++models;
  }
  EXPECT_EQ(models, 23);
}

TEST(ModelPlan, IsThePeakForOtherSessions) {
  for (const char* name : {"models/llama-gqa.gguf", "models/llama-moe.gguf", "models/gpt2.gguf", "quantmodels/q-llama-Q4_0.gguf"})
    for (const std::string& device : devices()) {
      const auto file = golden_dir() / name;
      expect_planned(file, device, {.context = 1, .batch = 1});
      expect_planned(file, device, {.context = 200, .batch = 100, .outputs = 100});
      expect_planned(file, device,
                     {.context = 128, .batch = 7, .outputs = 3, .cache_k = FormatId::f32, .cache_v = FormatId::bf16});
    }
  expect_planned(golden_dir() / "quantmodels/q-llama-Q8_0.gguf", "cpu",
                 {.context = 256, .batch = 64, .cache_k = FormatId::q8_0, .cache_v = FormatId::q8_0});
}

TEST(ModelPlan, IsThePeakForTheBundledModel) { expect_planned(ABI_SOURCE_DIR "/models/stories.gguf", "cpu", {.context = 512}); }

TEST(ModelPlan, TellsWeightsOfTheFileApart) {
  const auto file = golden_dir() / "models/llama-mha-tied.gguf";
  const auto need = plan(file, {.backend = "null", .threads = 1},
                         {.context = 10, .batch = 1, .cache_k = FormatId::f32, .cache_v = FormatId::f16});
  ASSERT_TRUE(need) << need.error().text();
  EXPECT_EQ(need->weights_owned, 0u);
  EXPECT_EQ(need->weights_mapped, 4u * 102720) << "the tied matrix counts once";
  EXPECT_EQ(need->cache, 2u * 10 * 64 * (4 + 2));
  EXPECT_GT(need->vocabulary, 0u);
}

TEST(ModelPlan, ABudgetOfThePlanIsEnoughAndLessIsExhausted) {
  const auto file = golden_dir() / "quantmodels/q-llama-Q8_0.gguf";
  const SessionOptions options{.context = 64, .batch = 16};
  const auto need = plan(file, {.threads = 1}, options);
  ASSERT_TRUE(need);
  memory::MemoryAccount enough("enough", need->total() + need->total() / 50);
  EXPECT_TRUE(use(file, {.threads = 1, .account = &enough}, options));
  memory::MemoryAccount scarce("scarce", need->total() - need->total() / 50);
  const auto used = use(file, {.threads = 1, .account = &scarce}, options);
  ASSERT_FALSE(used);
  EXPECT_EQ(used.error().code, ErrorCode::exhausted);
  EXPECT_NE(used.error().message.find("scarce"), std::string::npos) << used.error().text();
  EXPECT_EQ(scarce.live_bytes(), 0u);
}

TEST(ModelPlan, FailsAsOpeningWould) {
  EXPECT_EQ(plan("no/such/file.gguf").error().code, ErrorCode::not_found);
  EXPECT_EQ(plan(golden_dir()).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(plan(golden_dir() / "models/gpt2.gguf", {}, {.batch = 0}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(plan(golden_dir() / "models/gpt2.gguf", {.backend = "abacus"}).error().code, ErrorCode::not_found);
}

TEST(ModelPlan, EveryFailedAllocationIsAnErrorThatLeavesNothingBehind) {
  const auto file = golden_dir() / "quantmodels/q-llama-Q4_0.gguf";
  for (std::uint64_t n = 0;; ++n) {
    ASSERT_LT(n, 10000u);
    memory::MemoryAccount account("test");
    bool hit = false;
    {
      const memory::AllocationFault fault(n);
      const auto used = use(file, {.threads = 2, .account = &account}, {.context = 32, .batch = 8});
      hit = fault.hit();
      EXPECT_EQ(!used, hit) << "allocation " << n;
      if (!used) {
        EXPECT_EQ(used.error().code, ErrorCode::exhausted) << used.error().text();
      }
    }
    EXPECT_EQ(account.live_bytes(), 0u) << "allocation " << n;
    if (!hit) break;
  }
}

}  // namespace
}  // namespace libabi::llm::test
