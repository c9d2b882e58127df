#include "tokenizer/builder.hpp"
#include "tokenizer/family.hpp"
#include "tokenizer/spaces.hpp"

#include <abi/base/boundary.hpp>

#include <algorithm>

namespace libabi::llm {

namespace {

// A byte of text becomes at most three of what is merged, which is counted in 32 bits.
constexpr std::size_t kLongestText = std::size_t{1} << 30;

constexpr std::string_view kModels[] = {
#define ABI_TOKENIZER(name) #name,
#include "tokenizer/tokenizer.def"
#undef ABI_TOKENIZER
};

constexpr const FamilyEntry* kFamilies[] = {
#define ABI_TOKENIZER(name) &tokenizer_##name,
#include "tokenizer/tokenizer.def"
#undef ABI_TOKENIZER
};

/// Phi-3's tokenizer has white space behind most special tokens belong to them, which GGUF has no key for.
bool trims_after_special(std::string_view model_name) {
  std::string name(model_name);
  std::ranges::transform(name, name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return name.contains("phi-3") || name.contains("phi3");
}

}  // namespace

std::span<const std::string_view> tokenizer_models() noexcept { return kModels; }

Result<const FamilyEntry*> find_family(std::string_view name) {
  for (const FamilyEntry* family : kFamilies)
    if (family->name == name) return family;
  std::string known;
  for (const std::string_view each : kModels) known += (known.empty() ? "" : ", ") + std::string(each);
  return error(ErrorCode::unsupported, "tokenizer model '{}' is unknown, expected one of {}", name, known);
}

struct Tokenizer::Impl {
  const FamilyEntry* entry = nullptr;
  Vocabulary vocabulary;
  Roles roles;
  SpecialTable specials;
  std::unique_ptr<const Family> family;
  bool adds_bos = false;
  bool adds_eos = false;

  Result<void> check(TokenId id) const {
    if (vocabulary.holds(id)) return {};
    return error(ErrorCode::out_of_range, "token id {} is not in the vocabulary of {} tokens", id, vocabulary.size());
  }
  void append_piece(TokenId id, bool special, std::string& out) const {
    if (vocabulary.is_control(id)) {
      if (special) out += vocabulary.text(id);
    } else if (vocabulary.type(id) == TokenType::user_defined) {
      out += vocabulary.text(id);
    } else {
      family->decode(id, out);
    }
  }
  /// What the file says goes; a token that is asked for must exist.
  Result<bool> adds(std::string_view key, std::optional<bool> said, bool rule, const std::optional<TokenId>& token) const {
    if (said.value_or(false) && !token)
      return error(ErrorCode::corrupt, "tokenizer.ggml.add_{}_token is true, but the vocabulary has no such token", key);
    return said.value_or(rule) && token;
  }
};

Result<Tokenizer> TokenizerBuilder::build(const VocabularySource& source) {
  return boundary([&] { return build_inside(source); });
}

Result<Tokenizer> TokenizerBuilder::build_inside(const VocabularySource& source) {
  auto impl = std::make_unique<Tokenizer::Impl>();
  ABI_TRY(impl->entry, find_family(source.model));
  ABI_TRY(impl->vocabulary, Vocabulary::build(source));
  ABI_TRY(impl->roles, Roles::find(source, impl->vocabulary, impl->entry->roles));
  ABI_TRY(impl->family, impl->entry->make(source, impl->vocabulary, impl->roles.special));
  SpecialTokens& special = impl->roles.special;
  special.newline = impl->family->rules().newline;
  const FamilyRules& rules = impl->family->rules();
  ABI_TRY(impl->adds_bos, impl->adds("bos", source.add_bos, rules.adds_bos, special.bos));
  ABI_TRY(impl->adds_eos, impl->adds("eos", source.add_eos, rules.adds_eos, special.eos));

  std::vector<TokenId> untrimmed;
  for (const std::string_view text : {"<unk>", "<s>", "<|endoftext|>"}) untrimmed.push_back(impl->vocabulary.find(text));
  impl->specials = SpecialTable::build(impl->vocabulary, trims_after_special(source.name), std::move(untrimmed));
  return Tokenizer(std::move(impl));
}

Result<Tokenizer> Tokenizer::load(const GgufFile& file) {
  return boundary([&]() -> Result<Tokenizer> {
    ABI_TRY(const VocabularySource source, read_vocabulary(file));
    return TokenizerBuilder::build(source);
  });
}

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Result<std::vector<TokenId>> Tokenizer::tokenize(std::string_view text, const TokenizeOptions& options) const {
  return boundary([&]() -> Result<std::vector<TokenId>> {
    if (text.size() > kLongestText)
      return error(ErrorCode::out_of_range, "the text has {} bytes, expected at most 2^30", text.size());
    const bool frames = impl_->family->rules().frames;
    const SpecialTokens& special = impl_->roles.special;
    std::vector<TokenId> ids;
    if (options.add_special && (impl_->adds_bos || frames)) ids.push_back(*special.bos);
    impl_->family->encode(impl_->specials.cut(text, options.parse_special, impl_->vocabulary), ids);
    if (options.add_special && frames) ids.push_back(*special.separator);
    if (options.add_special && impl_->adds_eos) ids.push_back(*special.eos);
    return ids;
  });
}

Result<std::string> Tokenizer::detokenize(std::span<const TokenId> ids, bool special) const {
  return boundary([&]() -> Result<std::string> {
    const FamilyRules& rules = impl_->family->rules();
    std::string text;
    bool first = rules.drops_first_space;
    for (const TokenId id : ids) {
      ABI_TRY(impl_->check(id));
      const std::size_t begin = text.size();
      impl_->append_piece(id, special, text);
      if (text.size() == begin) continue;
      if (first && text[0] == ' ') text.erase(0, 1);
      first = false;
    }
    if (rules.cleans_spaces) clean_spaces(text);
    return text;
  });
}

Result<std::string> Tokenizer::piece(TokenId id, bool special) const {
  return boundary([&]() -> Result<std::string> {
    ABI_TRY(impl_->check(id));
    std::string text;
    impl_->append_piece(id, special, text);
    return text;
  });
}

std::size_t Tokenizer::size() const noexcept { return impl_->vocabulary.size(); }
std::string_view Tokenizer::model() const noexcept { return impl_->entry->name; }
std::string_view Tokenizer::pre_tokenizer() const noexcept { return impl_->family->rules().pre_tokenizer; }
const SpecialTokens& Tokenizer::special() const noexcept { return impl_->roles.special; }
bool Tokenizer::adds_bos() const noexcept { return impl_->adds_bos; }
bool Tokenizer::adds_eos() const noexcept { return impl_->adds_eos; }
bool Tokenizer::is_end(TokenId id) const noexcept { return impl_->roles.is_end(id); }

Result<std::string_view> Tokenizer::text(TokenId id) const {
  ABI_TRY(impl_->check(id));
  return impl_->vocabulary.text(id);
}

Result<TokenType> Tokenizer::type(TokenId id) const {
  ABI_TRY(impl_->check(id));
  return impl_->vocabulary.type(id);
}

Result<float> Tokenizer::score(TokenId id) const {
  ABI_TRY(impl_->check(id));
  return impl_->vocabulary.score(id);
}

std::optional<TokenId> Tokenizer::find(std::string_view text) const noexcept {
  const TokenId id = impl_->vocabulary.find(text);
  return id == kNoToken ? std::nullopt : std::optional(id);
}

std::uint64_t Tokenizer::memory_bytes() const noexcept {
  return sizeof(Impl) + impl_->vocabulary.memory_bytes() + impl_->specials.memory_bytes() + impl_->family->memory_bytes() +
         impl_->roles.ends.capacity() * sizeof(TokenId);
}

}  // namespace libabi::llm
