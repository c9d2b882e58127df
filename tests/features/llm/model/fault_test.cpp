// A model is opened and evaluates where memory runs out, in this library and in all that it calls.

#include "features/llm/model/golden.hpp"
#include "memory/failing_malloc.hpp"
#include "seed.hpp"

#include <algorithm>
#include <array>
#include <random>

namespace libabi::llm::test {
namespace {

constexpr std::array<TokenId, 12> kTokens{3, 5, 7, 3, 5, 7, 3, 5, 7, 3, 5, 7};

Result<void> use(const std::filesystem::path& file) {
  ABI_TRY(const Model model, Model::open(file, {.threads = 2}));
  ABI_TRY(Session session, Session::create(model, {.context = 32, .batch = 8}));
  ABI_TRY(session.evaluate(kTokens));
  ABI_TRY(session.truncate(5));
  ABI_TRY(session.evaluate(std::span(kTokens).first(1)));
  return {};
}

/// The numbers of the allocations that are to fail: all of a few, and of many the first and others by random.
std::vector<std::uint64_t> some_of(std::uint64_t allocations) {
  constexpr std::uint64_t first = 100, most = 400;
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t n = 0; n < std::min(allocations, first); ++n) numbers.push_back(n);
  std::mt19937_64 random(libabi::test::seed());
  while (allocations > first && numbers.size() < most) numbers.push_back(first + random() % (allocations - first));
  return numbers;
}

TEST(ModelFault, WithoutMemoryItIsExhaustedAndLeavesNothing) {
  using libabi::test::FailingMalloc;
  using libabi::test::LiveBlocks;
  using libabi::test::Whose;
  for (const char* name : {"quantmodels/q-llama-Q4_0.gguf", "models/gpt2.gguf"}) {
    const auto file = golden_dir() / name;
    ASSERT_TRUE(use(file));  // what is kept for good is there
    std::uint64_t allocations = 0;
    {
      const FailingMalloc none(~std::uint64_t{0}, Whose::everybody);
      ASSERT_TRUE(use(file));
      allocations = none.count();
    }
    ASSERT_GT(allocations, 100u);
    int failures = 0;
    for (const std::uint64_t n : some_of(allocations)) {
      const LiveBlocks live(Whose::everybody);
      {
        const FailingMalloc fault(n, Whose::everybody);
        const Result<void> used = use(file);
        EXPECT_TRUE(used || used.error().code == ErrorCode::exhausted)
            << "allocation " << n << ": " << (used ? "" : used.error().text());
        failures += !used;
      }
      EXPECT_EQ(live.count(), 0) << "after allocation " << n;
    }
    EXPECT_GT(failures, 100);
  }
}

}  // namespace
}  // namespace libabi::llm::test
