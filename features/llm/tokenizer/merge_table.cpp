#include "tokenizer/merge_table.hpp"

namespace libabi::llm {

Result<MergeTable> MergeTable::build(const VocabularySource& source, const Vocabulary& vocabulary) {
  if (source.merges.size() >= HashIndex::kNone)
    return error(ErrorCode::corrupt, "tokenizer.ggml.merges has {} elements, expected less than 2^32", source.merges.size());
  MergeTable table;
  table.merges_.reserve(source.merges.size());
  std::string joined;
  for (std::size_t rank = 0; rank < source.merges.size(); ++rank) {
    const std::string_view merge = source.merges[rank];
    // The first character may itself be a space in vocabularies that are not byte-level to the last.
    const std::size_t space = merge.find(' ', 1);
    if (space == std::string_view::npos || space + 1 == merge.size())
      return error(ErrorCode::corrupt, "merge {} is '{}', expected two tokens and a space between", rank, merge);
    joined.assign(merge.substr(0, space)).append(merge.substr(space + 1));
    const TokenId left = vocabulary.find(merge.substr(0, space)), right = vocabulary.find(merge.substr(space + 1)),
                  result = vocabulary.find(joined);
    if (left == kNoToken || right == kNoToken || result == kNoToken)
      return error(ErrorCode::corrupt, "merge {} is '{}', and token '{}' is not in the vocabulary", rank, merge,
                   left == kNoToken    ? merge.substr(0, space)
                   : right == kNoToken ? merge.substr(space + 1)
                                       : std::string_view(joined));
    table.merges_.push_back(
        {static_cast<std::uint32_t>(left), static_cast<std::uint32_t>(right), static_cast<std::uint32_t>(result)});
  }
  const auto& merges = table.merges_;
  const auto report = table.index_.build(
      static_cast<std::uint32_t>(merges.size()), true,
      [&](std::uint32_t item, std::uint64_t seed) { return hash_pair(merges[item].left, merges[item].right, seed); },
      [&](std::uint32_t a, std::uint32_t b) { return merges[a].left == merges[b].left && merges[a].right == merges[b].right; });
  if (report.outcome == HashIndex::Outcome::collisions)
    return error(ErrorCode::corrupt, "the merges are made to collide in every index");
  return table;
}

}  // namespace libabi::llm
