#include "tokenizer/special_tokens.hpp"

#include <algorithm>
#include <ranges>

namespace libabi::llm {

namespace {

constexpr std::int64_t kNone32 = 0xFFFFFFFF;

// What vocabularies call the token that ends a turn, the likeliest first; used where the file names none.
constexpr std::string_view kEndOfTurn[] = {"<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>",        "<|endoftext|>",
                                           "<EOT>",      "< EOT >",    "_<EOT>",  "<｜end▁of▁sentence｜>"};
// What else ends a generation.
constexpr std::string_view kEnds[] = {
    "<|eot_id|>", "<|im_end|>",      "<|end|>", "<end_of_turn>",         "<|endoftext|>",        "<EOT>",
    "<|eom_id|>", "<|end_of_text|>", "<|EOT|>", "<|END_OF_TURN_TOKEN|>", "<｜end▁of▁sentence｜>"};

Result<std::optional<TokenId>> checked(std::string_view role, std::optional<std::int64_t> id, const Vocabulary& vocabulary) {
  if (!id || *id == -1 || *id == kNone32) return std::nullopt;
  if (!vocabulary.holds(*id))
    return error(ErrorCode::corrupt, "tokenizer.ggml.{}_token_id is {}, the vocabulary has {} tokens", role, *id,
                 vocabulary.size());
  return static_cast<TokenId>(*id);
}

std::optional<TokenId> spelled(std::string_view text, const Vocabulary& vocabulary) {
  const TokenId id = vocabulary.find(text);
  return id == kNoToken ? std::nullopt : std::optional(id);
}

/// What is spelled like the end of a turn but is plain text is none.
std::optional<TokenId> special_spelled(std::string_view text, const Vocabulary& vocabulary) {
  const TokenId id = vocabulary.find(text);
  if (id == kNoToken || !(vocabulary.is_control(id) || vocabulary.type(id) == TokenType::user_defined)) return std::nullopt;
  return id;
}

}  // namespace

bool Roles::is_end(TokenId id) const noexcept { return std::ranges::binary_search(ends, id); }

Result<Roles> Roles::find(const VocabularySource& source, const Vocabulary& vocabulary, const RoleTexts& texts) {
  Roles roles;
  SpecialTokens& special = roles.special;
  const auto find = [&](std::string_view role, std::optional<std::int64_t> id,
                        std::string_view text) -> Result<std::optional<TokenId>> {
    if (!id) return spelled(text, vocabulary);
    return checked(role, id, vocabulary);
  };
  ABI_TRY(special.bos, find(source.cls ? "cls" : "bos", source.cls ? source.cls : source.bos, texts.bos));
  ABI_TRY(special.eos, find("eos", source.eos, texts.eos));
  ABI_TRY(special.eot, find("eot", source.eot, ""));
  ABI_TRY(special.unknown, find("unknown", source.unknown, texts.unknown));
  ABI_TRY(special.separator, find("seperator", source.separator, texts.separator));
  ABI_TRY(special.padding, find("padding", source.padding, texts.padding));
  ABI_TRY(special.mask, find("mask", source.mask, texts.mask));

  for (const std::string_view text : kEndOfTurn)
    if (!special.eot) special.eot = special_spelled(text, vocabulary);
  if (special.eos) roles.ends.push_back(*special.eos);
  if (special.eot) roles.ends.push_back(*special.eot);
  for (const std::string_view text : kEnds)
    if (const auto id = special_spelled(text, vocabulary)) roles.ends.push_back(*id);
  std::ranges::sort(roles.ends);
  const auto twice = std::ranges::unique(roles.ends);
  roles.ends.erase(twice.begin(), twice.end());
  return roles;
}

SpecialTable SpecialTable::build(const Vocabulary& vocabulary, bool trims, std::vector<TokenId> untrimmed) {
  SpecialTable table;
  for (TokenId id = 0; vocabulary.holds(id); ++id) {
    const bool control = vocabulary.is_control(id);
    if (!(control || vocabulary.type(id) == TokenType::user_defined) || vocabulary.text(id).empty()) continue;
    const bool trimmed = trims && std::ranges::find(untrimmed, id) == untrimmed.end();
    table.entries_.push_back({id, control, trimmed});
  }
  std::ranges::sort(table.entries_, {}, [&](const Entry& entry) { return vocabulary.text(entry.id); });
  for (std::uint32_t i = 0; i < table.entries_.size(); ++i) {
    Bounds& bounds = table.by_first_byte_[static_cast<unsigned char>(vocabulary.text(table.entries_[i].id)[0])];
    if (bounds.high == 0) bounds.low = i;
    bounds.high = i + 1;
  }
  return table;
}

std::uint64_t SpecialTable::memory_bytes() const noexcept { return entries_.capacity() * sizeof(Entry); }

/// The work of one cut.
class SpecialTable::Cutter {
 public:
  Cutter(const SpecialTable& table, const Vocabulary& vocabulary, std::string_view text, bool control)
      : table_(table), vocabulary_(vocabulary), text_(text), control_(control) {}

  std::vector<Fragment> run() {
    for (std::size_t at = 0; at < text_.size();) {
      const std::uint32_t entry = longest(at);
      if (entry == kText) {
        ++at;
        continue;
      }
      const Stretch stretch = stretch_from(at, at + spelling(entry).size());
      if (stretch.one_start)
        add_token(at, stretch.end, table_.entries_[entry]);
      else
        resolve(at, stretch.end);
      at = stretch.end;
    }
    add_text(text_.substr(rest_));
    return std::move(fragments_);
  }

 private:
  static constexpr std::uint32_t kText = 0xFFFFFFFF;  // no entry

  std::string_view spelling(std::uint32_t entry) const { return vocabulary_.text(table_.entries_[entry].id); }

  /// Calls `found` with every entry that is spelled at text_[at], the shorter first.
  template <class Found>
  void each_match(std::size_t at, Found&& found) const {
    auto [low, high] = table_.by_first_byte_[static_cast<unsigned char>(text_[at])];
    for (std::size_t depth = 1; low < high; ++depth) {  // [low, high) agree with the text for `depth` bytes
      if (spelling(low).size() == depth) {
        if (control_ || !table_.entries_[low].control) found(low);
        ++low;
      }
      if (at + depth == text_.size()) return;
      const auto next = static_cast<unsigned char>(text_[at + depth]);
      const auto byte = [&](std::uint32_t entry) { return static_cast<unsigned char>(spelling(entry)[depth]); };
      const auto range = std::views::iota(low, high);
      const auto same = std::ranges::equal_range(range, next, {}, byte);
      low += static_cast<std::uint32_t>(same.begin() - range.begin());
      high = low + static_cast<std::uint32_t>(same.size());
    }
  }

  /// The longest entry that is spelled at text_[at], or kText.
  std::uint32_t longest(std::size_t at) const {
    std::uint32_t last = kText;
    each_match(at, [&](std::uint32_t entry) { last = entry; });
    return last;
  }

  /// Matches that overlap, from the first one's begin to the end of the last.
  struct Stretch {
    std::size_t end;
    bool one_start;  // all begin at the same place, so that the longest wins
  };
  Stretch stretch_from(std::size_t at, std::size_t end) const {
    Stretch stretch{end, true};
    for (std::size_t next = at + 1; next < stretch.end; ++next) {
      const std::uint32_t entry = longest(next);
      if (entry == kText) continue;
      stretch = {std::max(stretch.end, next + spelling(entry).size()), false};
    }
    return stretch;
  }

  /// Cuts [at, end) by one token after the other.
  void resolve(std::size_t at, std::size_t end) {
    std::vector<std::uint32_t> present;
    seen_.resize(table_.entries_.size());
    for (std::size_t i = at; i < end; ++i)
      each_match(i, [&](std::uint32_t entry) {
        if (!seen_[entry]) present.push_back(entry);
        seen_[entry] = true;
      });
    for (const std::uint32_t entry : present) seen_[entry] = false;
    std::ranges::sort(present, [&](std::uint32_t a, std::uint32_t b) {
      const std::size_t bytes_a = spelling(a).size(), bytes_b = spelling(b).size();
      return bytes_a != bytes_b ? bytes_a > bytes_b : table_.entries_[a].id < table_.entries_[b].id;
    });
    std::vector<Part> parts{{at, end, kText}};
    for (const std::uint32_t entry : present) parts = cut_by(entry, parts);
    for (const Part& part : parts)
      if (part.entry != kText) add_token(part.begin, part.end, table_.entries_[part.entry]);
  }

  struct Part {
    std::size_t begin, end;
    std::uint32_t entry;
  };

  std::vector<Part> cut_by(std::uint32_t entry, const std::vector<Part>& parts) const {
    const std::string_view token = spelling(entry);
    std::vector<Part> result;
    for (const Part& part : parts) {
      std::size_t begin = part.begin;
      if (part.entry == kText) {
        const std::string_view text = text_.substr(0, part.end);
        for (std::size_t at; (at = text.find(token, begin)) != std::string_view::npos; begin = at + token.size()) {
          if (begin < at) result.push_back({begin, at, kText});
          result.push_back({at, at + token.size(), entry});
        }
      }
      if (begin < part.end) result.push_back({begin, part.end, part.entry});
    }
    return result;
  }

  void add_token(std::size_t begin, std::size_t end, const Entry& entry) {
    add_text(text_.substr(rest_, begin - rest_));
    fragments_.push_back({text_.substr(begin, end - begin), entry.id});
    rest_ = end;
    trims_ = entry.trims;
  }

  void add_text(std::string_view text) {
    if (trims_) text.remove_prefix(std::min(text.find_first_not_of(" \t\n\v\f\r"), text.size()));
    if (!text.empty()) fragments_.push_back({text, kNoToken});
  }

  const SpecialTable& table_;
  const Vocabulary& vocabulary_;
  std::string_view text_;
  bool control_;
  std::vector<Fragment> fragments_;
  std::size_t rest_ = 0;  // where text begins that is not yet in fragments_
  bool trims_ = false;    // the last token takes the white space behind it
  std::vector<bool> seen_;
};

std::vector<Fragment> SpecialTable::cut(std::string_view text, bool control, const Vocabulary& vocabulary) const {
  return Cutter(*this, vocabulary, text, control).run();
}

}  // namespace libabi::llm
