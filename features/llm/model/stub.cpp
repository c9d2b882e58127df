#include <abi/llm/session.hpp>

namespace libabi::llm {

bool enabled() noexcept { return false; }

std::span<const std::string_view> architectures() noexcept { return {}; }

// No Model or Session can be made, so members that need one are never run; they are here for the linker.

struct Model::Impl {
  ModelInfo info;
};

Model::Model(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Model::Model(const Model&) = default;
Model& Model::operator=(const Model&) = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

Result<Model> Model::open(const std::filesystem::path&, const ModelOptions&) { return unavailable("llm"); }
const ModelInfo& Model::info() const noexcept { return impl_->info; }
const Tokenizer& Model::tokenizer() const noexcept { __builtin_unreachable(); }

Result<MemoryNeed> plan(const std::filesystem::path&, const ModelOptions&, const SessionOptions&) { return unavailable("llm"); }

std::string_view name(FinishReason) noexcept { return "unknown"; }

struct Session::Impl {
  Model model;
  Generation generation;
};

Session::Session(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Result<Session> Session::create(const Model&, const SessionOptions&) { return unavailable("llm"); }
const Model& Session::model() const noexcept { return impl_->model; }
std::int64_t Session::context() const noexcept { return 0; }
std::span<const TokenId> Session::tokens() const noexcept { return {}; }
const Generation& Session::generation() const noexcept { return impl_->generation; }
Result<void> Session::truncate(std::int64_t) { return unavailable("llm"); }
Result<std::span<const float>> Session::evaluate(std::span<const TokenId>, const EvaluateOptions&) { return unavailable("llm"); }
Result<std::vector<float>> Session::embed(std::span<const TokenId>, const task::StopToken&) { return unavailable("llm"); }

task::AsyncGenerator<Token> Session::generate(std::vector<TokenId>, GenerateOptions) { return unavailable("llm"); }
Result<Generation> Session::generate(std::span<const TokenId>, const GenerateOptions&, const std::function<bool(const Token&)>&) {
  return unavailable("llm");
}
Result<Generation> Session::generate(std::string_view, const GenerateOptions&, const std::function<bool(const Token&)>&) {
  return unavailable("llm");
}

}  // namespace libabi::llm
