#include <abi/llm/session.hpp>

#include "model/session_impl.hpp"

#include <abi/base/boundary.hpp>

namespace libabi::llm {

namespace {

/// Binds the model's weights, and a new state for each that the graph has.
Result<void> bind(Session::Impl& s) {
  Model::Impl& model = *s.model.impl();
  for (const LoadedWeight& weight : model.weights) ABI_TRY(s.executor.bind(weight.name, *weight.tensor));
  for (const compute::TensorDesc& tensor : s.executor.graph().tensors()) {
    if (tensor.role != compute::Role::state) continue;
    ABI_TRY(auto state, model.runtime.device->make_state(tensor, model.account));
    ABI_TRY(s.executor.bind(tensor.name, *state));
    s.states.push_back(std::move(state));
  }
  return {};
}

}  // namespace

Session::Session(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Result<Session> Session::create(const Model& model, const SessionOptions& options) {
  return boundary([&]() -> Result<Session> {
    Model::Impl& m = *model.impl();
    ABI_TRY(const GraphLimits limits, session_limits(m.model, options));
    ABI_TRY(compute::Graph graph, session_graph(m.model, limits));
    ABI_TRY(compute::Executor executor, compute::Executor::create(std::move(graph), *m.runtime.device, m.account));
    auto impl = std::make_unique<Impl>(model, limits, std::move(executor));
    ABI_TRY(impl->token_list, memory::Charge::take(m.account, token_list_bytes(limits)));
    impl->tokens.reserve(static_cast<std::size_t>(limits.context));
    ABI_TRY(bind(*impl));
    return Session(std::move(impl));
  });
}

const Model& Session::model() const noexcept { return impl_->model; }
std::int64_t Session::context() const noexcept { return impl_->limits.context; }
std::span<const TokenId> Session::tokens() const noexcept { return impl_->tokens; }
const Generation& Session::generation() const noexcept { return impl_->generation; }

Result<void> Session::truncate(std::int64_t count) {
  if (count < 0 || count > impl_->past())
    return error(ErrorCode::out_of_range, "cannot truncate to {} tokens, the session holds {}", count, impl_->past());
  impl_->tokens.resize(static_cast<std::size_t>(count));
  return {};
}

Result<std::span<const float>> Session::evaluate(std::span<const TokenId> tokens, const EvaluateOptions& options) {
  return boundary([&] { return impl_->evaluate(tokens, options); });
}

Result<std::vector<float>> Session::embed(std::span<const TokenId> tokens, const task::StopToken& cancel) {
  return boundary([&] { return impl_->embed(tokens, cancel); });
}

}  // namespace libabi::llm
