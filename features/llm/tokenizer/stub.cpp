#include <abi/llm/tokenizer.hpp>

namespace libabi::llm {

struct Tokenizer::Impl {};

Result<Tokenizer> Tokenizer::load(const GgufFile&) { return unavailable("llm"); }

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Result<std::vector<TokenId>> Tokenizer::tokenize(std::string_view, const TokenizeOptions&) const { return unavailable("llm"); }
Result<std::string> Tokenizer::detokenize(std::span<const TokenId>, bool) const { return unavailable("llm"); }
Result<std::string> Tokenizer::piece(TokenId, bool) const { return unavailable("llm"); }

std::size_t Tokenizer::size() const noexcept { return 0; }
std::string_view Tokenizer::model() const noexcept { return {}; }
std::string_view Tokenizer::pre_tokenizer() const noexcept { return {}; }
const SpecialTokens& Tokenizer::special() const noexcept {
  static const SpecialTokens none;
  return none;
}
bool Tokenizer::adds_bos() const noexcept { return false; }
bool Tokenizer::adds_eos() const noexcept { return false; }
bool Tokenizer::is_end(TokenId) const noexcept { return false; }
Result<std::string_view> Tokenizer::text(TokenId) const { return unavailable("llm"); }
Result<TokenType> Tokenizer::type(TokenId) const { return unavailable("llm"); }
Result<float> Tokenizer::score(TokenId) const { return unavailable("llm"); }
std::optional<TokenId> Tokenizer::find(std::string_view) const noexcept { return std::nullopt; }
std::uint64_t Tokenizer::memory_bytes() const noexcept { return 0; }

// Nothing is tokenised, so nothing is to be joined: bytes pass through.
std::string Utf8Joiner::push(std::string_view bytes) { return std::string(bytes); }
std::string Utf8Joiner::flush() { return {}; }

std::span<const std::string_view> tokenizer_models() noexcept { return {}; }
std::span<const std::string_view> pre_tokenizers() noexcept { return {}; }

}  // namespace libabi::llm
