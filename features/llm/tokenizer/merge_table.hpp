#pragma once
/// The merges of byte-level BPE: which two tokens become which third, and how early.

#include "tokenizer/merger.hpp"
#include "tokenizer/vocabulary.hpp"

namespace libabi::llm {

class MergeTable {
 public:
  /// Errors: corrupt (a merge that is no pair, or names or makes a token that is not in the vocabulary).
  static Result<MergeTable> build(const VocabularySource& source, const Vocabulary& vocabulary);

  Merger::Merge find(std::uint32_t left, std::uint32_t right) const noexcept {
    const std::uint32_t rank = index_.find(hash_pair(left, right, index_.seed()), [&](std::uint32_t each) {
      return merges_[each].left == left && merges_[each].right == right;
    });
    return {rank, rank == HashIndex::kNone ? Merger::kNone : merges_[rank].result};
  }
  std::uint64_t memory_bytes() const noexcept { return merges_.capacity() * sizeof(Entry) + index_.memory_bytes(); }

 private:
  struct Entry {
    std::uint32_t left, right, result;
  };
  std::vector<Entry> merges_;  // by rank
  HashIndex index_;
};

}  // namespace libabi::llm
