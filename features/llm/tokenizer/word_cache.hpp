#pragma once
/// Remembers, during one call, which ids a word became, by its place in the output: text repeats its words, so most of the
/// merging is done once. Direct-mapped; a later word takes the place of an earlier one.

#include "tokenizer/hash_index.hpp"

#include <abi/llm/tokenizer.hpp>

#include <string_view>
#include <vector>

namespace libabi::llm {

class WordCache {
 public:
  /// For a text of so many bytes; a short one is not worth the slots.
  explicit WordCache(std::size_t text_bytes) : slots_(text_bytes < kWorthBytes ? 0 : kSlots) {}

  /// Appends the ids of `word` to `out`: those of an earlier time, or what `encode(word)` appends. The bytes of the word
  /// must stay where they are as long as the cache.
  template <class Encode>
  void append(std::string_view word, std::vector<TokenId>& out, Encode&& encode) {
    if (slots_.empty() || word.size() > kLongestWord) return encode(word);
    const std::uint64_t hash = hash_text(word, 0);
    Slot& slot = slots_[hash >> (64 - kSlotBits)];
    if (slot.hash == hash && slot.word == word) {
      for (std::size_t i = 0; i < slot.count; ++i) out.push_back(out[slot.first + i]);
      return;
    }
    const std::size_t first = out.size();
    encode(word);
    slot = {hash, word, first, out.size() - first};
  }

 private:
  static constexpr std::size_t kWorthBytes = 512;
  static constexpr std::size_t kLongestWord = 64;
  static constexpr int kSlotBits = 12;
  static constexpr std::size_t kSlots = std::size_t{1} << kSlotBits;

  struct Slot {
    std::uint64_t hash = 0;
    std::string_view word;  // empty: free; no word is
    std::size_t first = 0, count = 0;
  };
  std::vector<Slot> slots_;
};

}  // namespace libabi::llm
