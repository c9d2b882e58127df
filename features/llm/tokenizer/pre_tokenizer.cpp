#include "tokenizer/pre_tokenizer.hpp"

#include <abi/llm/tokenizer.hpp>

#include <algorithm>

namespace libabi::llm {

namespace {

constexpr std::size_t kMaxRules = 6;

struct Entry {
  std::string_view name;
  unsigned traits;
  std::string_view rules[kMaxRules];  // an empty one ends them
};

constexpr unsigned kPlain = PreTokenizer::kPlain, kCleans = PreTokenizer::kCleans, kWholeWords = PreTokenizer::kWholeWords,
                   kAddsBos = PreTokenizer::kAddsBos;

constexpr Entry kEntries[] = {
#define ABI_PRE_TOKENIZER(name, traits, ...) {name, traits, {__VA_ARGS__}},
#include "tokenizer/pre_tokenizer.def"
#undef ABI_PRE_TOKENIZER
};

constexpr std::string_view kNames[] = {
#define ABI_PRE_TOKENIZER(name, ...) name,
#include "tokenizer/pre_tokenizer.def"
#undef ABI_PRE_TOKENIZER
};

}  // namespace

std::span<const std::string_view> pre_tokenizers() noexcept { return kNames; }

Result<PreTokenizer> PreTokenizer::find(std::string_view name) {
  const auto* entry = std::ranges::find(kEntries, name, &Entry::name);
  if (entry == std::end(kEntries)) {
    std::string known;
    for (const std::string_view each : kNames) known += (known.empty() ? "" : ", ") + std::string(each);
    return error(ErrorCode::unsupported, "pre-tokenizer '{}' is unknown, expected one of {}", name, known);
  }
  PreTokenizer result;
  result.name_ = entry->name;
  result.traits_ = entry->traits;
  for (const std::string_view rule : entry->rules)
    if (!rule.empty()) result.passes_.emplace_back(rule);
  return result;
}

std::uint64_t PreTokenizer::memory_bytes() const noexcept {
  std::uint64_t bytes = 0;
  for (const Pattern& pass : passes_) bytes += pass.memory_bytes();
  return bytes;
}

}  // namespace libabi::llm
