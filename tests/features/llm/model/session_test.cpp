#include "features/llm/model/golden.hpp"
#include "features/llm/model/rewrite.hpp"

#include <abi/base/log.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <fstream>
#include <optional>
#include <thread>

namespace libabi::llm::test {
namespace {

using quant::FormatId;

std::filesystem::path llama() { return golden_dir() / "models/llama-gqa.gguf"; }

TEST(ModelOpen, InfoTellsWhatTheFileHolds) {
  const Model model = open(llama(), "cpu");
  const ModelInfo& info = model.info();
  EXPECT_EQ(info.architecture, "llama");
  EXPECT_EQ(info.kind, ModelKind::generative);
  EXPECT_EQ(info.width, 64);
  EXPECT_EQ(info.layers, 2);
  EXPECT_EQ(info.vocabulary, 320);
  EXPECT_EQ(info.embedding_width, 0);
  EXPECT_EQ(info.parameters, 127296u);
  EXPECT_EQ(info.file_bytes, 518080u);
  EXPECT_EQ(info.file_type, "F32");
  EXPECT_TRUE(info.device.starts_with("cpu: ")) << info.device;
  EXPECT_EQ(open(golden_dir() / "quantmodels/q-llama-Q4_0.gguf", "cpu").info().file_type, "Q4_0");
}

TEST(ModelOpen, ProgressNeverGoesBackAndEndsAtOne) {
  for (const bool check : {false, true}) {
    std::vector<double> fractions;
    const auto model = Model::open(
        llama(), {.threads = 1, .check_tensors = check, .progress = [&](double f) { return fractions.push_back(f), true; }});
    ASSERT_TRUE(model) << model.error().text();
    ASSERT_GT(fractions.size(), 20u);
    EXPECT_TRUE(std::ranges::is_sorted(fractions));
    EXPECT_EQ(fractions.front(), 0);
    EXPECT_EQ(fractions.back(), 1);
  }
}

TEST(ModelOpen, ProgressThatReturnsFalseCancelsWherever) {
  memory::MemoryAccount account("test");
  for (int calls = 1; calls < 20; ++calls) {
    int left = calls;
    const auto model = Model::open(llama(), {.threads = 1, .account = &account, .progress = [&](double) { return --left > 0; }});
    ASSERT_FALSE(model);
    EXPECT_EQ(model.error().code, ErrorCode::cancelled);
    EXPECT_EQ(account.live_bytes(), 0u);
  }
}

/// Bytes of a mapped file that stand in this process's memory.
std::uint64_t resident_bytes(const std::filesystem::path& file) {
  std::ifstream maps("/proc/self/smaps");
  std::uint64_t kib = 0;
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    if (line.find('-') < line.find(' ') && line.find(':') > line.find(' ')) inside = line.ends_with(file.native());
    if (inside && line.starts_with("Rss:")) kib += std::stoull(line.substr(4));
  }
  return kib * 1024;
}

TEST(ModelOpen, PagesOfRepackedTensorsAreGivenBack) {
  const auto file = std::filesystem::canonical(ABI_SOURCE_DIR "/models/stories.gguf");
  const auto need = plan(file, {.threads = 1});
  ASSERT_TRUE(need);
  if (need->weights_owned < need->weights_mapped) GTEST_SKIP() << "this processor uses the matrices as they stand";
  const Model model = open(file, "cpu");
  const std::uint64_t resident = resident_bytes(file);
  EXPECT_GT(resident, 0u) << "the header was read through the mapping";
  // Besides what stays in use: the header with the vocabulary, and pages that the system reads around those asked for.
  EXPECT_LT(resident, std::filesystem::file_size(file) / 2);
}

TEST(ModelOpen, TensorsThatNothingReadsAreWarnedOf) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "m.gguf";
  rewrite(llama(), file, {.metadata = [](GgufWriter& writer) {
            const std::array<std::uint64_t, 1> dims{16};
            ASSERT_TRUE(writer.add_tensor("blk.0.attn_q_norm.weight", quant::format(FormatId::f32), dims,
                                          [](std::uint64_t, std::span<std::byte>) -> Result<void> { return {}; }));
          }});
  std::vector<std::string> messages;
  set_log_sink([&](LogLevel, std::string_view message) { messages.emplace_back(message); });
  const auto plain = Model::open(llama(), {.threads = 1});
  EXPECT_TRUE(plain && messages.empty());
  const auto model = Model::open(file, {.threads = 1});
  set_log_sink({});
  EXPECT_TRUE(model);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_NE(messages[0].find("blk.0.attn_q_norm.weight"), std::string::npos) << messages[0];
}

TEST(ModelOpen, RunsOnAPoolOfTheCaller) {
  auto scheduler = task::Scheduler::create({.threads = 2});
  ASSERT_TRUE(scheduler);
  const auto model = Model::open(llama(), {.scheduler = scheduler->get()});
  ASSERT_TRUE(model) << model.error().text();
  Session session = start(*model, 32, 8);
  EXPECT_TRUE(session.evaluate(std::vector<TokenId>{1, 2, 3}));
}

TEST(Session, LivesLongerThanTheModelItWasMadeOf) {
  memory::MemoryAccount account("test");
  {
    auto model = Model::open(llama(), {.threads = 1, .account = &account});
    ASSERT_TRUE(model);
    std::optional<Model> first(*std::move(model));
    Session session = start(*first, 32, 8);
    first.reset();
    EXPECT_TRUE(session.evaluate(std::vector<TokenId>{1, 2, 3}));
    EXPECT_EQ(session.model().info().architecture, "llama");
    Session moved = std::move(session);
    EXPECT_TRUE(moved.evaluate(std::vector<TokenId>{4}));
    EXPECT_EQ(moved.tokens().size(), 4u);
  }
  EXPECT_EQ(account.live_bytes(), 0u);
}

TEST(Session, RefusesOptionsOutOfRange) {
  const Model model = open(llama(), "cpu");
  const auto code = [&](const SessionOptions& options) {
    const auto session = Session::create(model, options);
    return session ? ErrorCode::ok : session.error().code;
  };
  EXPECT_EQ(code({}), ErrorCode::ok);
  EXPECT_EQ(code({.context = -1}), ErrorCode::invalid_argument);
  EXPECT_EQ(code({.context = std::int64_t{1} << 40}), ErrorCode::invalid_argument);
  EXPECT_EQ(code({.batch = 0}), ErrorCode::invalid_argument);
  EXPECT_EQ(code({.outputs = 0}), ErrorCode::invalid_argument);
  EXPECT_EQ(code({.batch = 4, .outputs = 5}), ErrorCode::invalid_argument);
  EXPECT_EQ(code({.cache_k = FormatId::q4_0}), ErrorCode::invalid_argument);
  EXPECT_EQ(code({.cache_v = FormatId::i32}), ErrorCode::invalid_argument);
  EXPECT_EQ(code({.cache_k = FormatId::q8_0}), ErrorCode::invalid_argument) << "heads of 16 are no whole blocks of 32";
  const Model gpt2 = open(golden_dir() / "models/gpt2.gguf", "cpu");
  EXPECT_EQ(Session::create(gpt2, {.context = gpt2.info().context_length + 1}).error().code, ErrorCode::invalid_argument);
}

TEST(Session, ContextIsTheModelsUnlessGiven) {
  const Model model = open(llama(), "cpu");
  EXPECT_EQ(Session::create(model)->context(), std::min(model.info().context_length, SessionOptions::default_context));
  EXPECT_EQ(Session::create(model, {.context = 48})->context(), 48);
}

TEST(Session, WhatCannotBeEvaluatedIsRefusedAndNothingIsEvaluated) {
  const Model model = open(llama(), "cpu");
  Session session = start(model, 10, 4);
  ASSERT_TRUE(session.evaluate(std::vector<TokenId>{1, 2, 3}));
  const auto code = [&](const std::vector<TokenId>& tokens, bool all = false) {
    return session.evaluate(tokens, {.all = all}).error().code;
  };
  EXPECT_EQ(code({}), ErrorCode::invalid_argument);
  EXPECT_EQ(code({5, 320}), ErrorCode::out_of_range);
  EXPECT_EQ(code({5, -1}), ErrorCode::out_of_range);
  EXPECT_EQ(code(std::vector<TokenId>(8, 5)), ErrorCode::out_of_range) << "the context holds 7 more";
  EXPECT_EQ(code(std::vector<TokenId>(5, 5), true), ErrorCode::invalid_argument) << "4 outputs";
  EXPECT_EQ(session.tokens().size(), 3u);
  EXPECT_TRUE(session.evaluate(std::vector<TokenId>(7, 5)));
  EXPECT_EQ(code({5}), ErrorCode::out_of_range);
  EXPECT_EQ(session.truncate(11).error().code, ErrorCode::out_of_range);
  EXPECT_EQ(session.truncate(-1).error().code, ErrorCode::out_of_range);
  ASSERT_TRUE(session.truncate(2));
  EXPECT_EQ(std::vector<TokenId>(session.tokens().begin(), session.tokens().end()), (std::vector<TokenId>{1, 2}));
}

TEST(Session, ProgressTellsEachBatchAndFalseCancelsBehindIt) {
  Session session = start(open(llama(), "cpu"), 64, 4);
  std::vector<double> fractions;
  ASSERT_TRUE(
      session.evaluate(std::vector<TokenId>(16, 5), {.progress = [&](double f) { return fractions.push_back(f), true; }}));
  EXPECT_EQ(fractions, (std::vector<double>{0.25, 0.5, 0.75, 1}));
  const auto cancelled = session.evaluate(std::vector<TokenId>(16, 5), {.progress = [](double f) { return f < 0.5; }});
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().code, ErrorCode::cancelled);
  EXPECT_EQ(session.tokens().size(), 24u) << "two whole batches stay";
}

TEST(Session, CancelledBetweenBatchesKeepsWholeBatchesAndGoesOnUnharmed) {
  const Model model = open(llama(), "cpu");
  Session session = start(model, 64, 4), other = start(model, 64, 4);
  const std::vector<TokenId> prompt{1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 2, 3};
  task::StopSource stop;
  const auto cancelled =
      session.evaluate(prompt, {.cancel = stop.get_token(), .progress = [&](double) { return stop.request_stop(), true; }});
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().code, ErrorCode::cancelled);
  ASSERT_EQ(session.tokens().size(), 4u);
  const auto rest = session.evaluate(std::span(prompt).subspan(4));
  const auto whole = other.evaluate(prompt);
  ASSERT_TRUE(rest && whole);
  EXPECT_TRUE(std::ranges::equal(*rest, *whole));
}

TEST(Session, SessionsInThreadsTakeTurnsAndDoNotDisturbEachOther) {
  const Model model = open(llama(), "cpu", 2);
  std::vector<std::vector<float>> expected;
  const auto prompt = [](int i) { return std::vector<TokenId>{1, 10 + i, 20 + i, 30 + i, 40 + i}; };
  constexpr int count = 4;
  for (int i = 0; i < count; ++i) {
    Session session = start(model, 32, 8);
    const auto logits = session.evaluate(prompt(i));
    ASSERT_TRUE(logits);
    expected.emplace_back(logits->begin(), logits->end());
  }
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i)
    threads.emplace_back([&, i] {
      Session session = start(model, 32, 8);
      for (int round = 0; round < 10; ++round) {
        const auto logits = session.evaluate(prompt(i));
        if (!logits || !std::ranges::equal(*logits, expected[static_cast<std::size_t>(i)])) ++wrong;
        if (!session.truncate(0)) ++wrong;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Session, CacheFormatsAreNearTheFloatCache) {
  const GoldenCase golden = golden_cases("quantlogits", "quantmodels").front();
  const Model model = open(golden.model, "cpu");
  Session exact = start(model, 64, 32);
  const auto expected = exact.evaluate(golden.prompt);
  ASSERT_TRUE(expected);
  for (const FormatId format : {FormatId::f16, FormatId::bf16, FormatId::q8_0}) {
    auto session = Session::create(model, {.context = 64, .cache_k = format, .cache_v = format});
    ASSERT_TRUE(session) << session.error().text();
    const auto found = session->evaluate(golden.prompt);
    ASSERT_TRUE(found) << found.error().text();
    double most = 0;
    for (std::size_t i = 0; i < found->size(); ++i)
      most = std::max(most, std::abs(static_cast<double>((*found)[i]) - (*expected)[i]));
    EXPECT_GT(most, 0) << "the cache is not what was asked for";
    EXPECT_LT(most, format == FormatId::f16 ? 0.01 : 0.1);
  }
}

}  // namespace
}  // namespace libabi::llm::test
