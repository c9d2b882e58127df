#include <abi/llm/model.hpp>

#include "model/check_tensors.hpp"
#include "model/model_impl.hpp"

#include <abi/base/boundary.hpp>
#include <abi/base/log.hpp>

namespace libabi::llm {

namespace {

/// Charges what stays mapped, then prepares every weight.
Result<void> load(Model::Impl& m, const ModelOptions& options) {
  compute::Device& device = *m.runtime.device;
  ABI_TRY(const WeightSurvey survey, survey_weights(m.model, device));
  LoadProgress progress(options.progress, survey.read_bytes + (options.check_tensors ? checked_bytes(m.model.file) : 0));
  ABI_TRY(progress.add(0));
  if (options.check_tensors) ABI_TRY(check_tensors(m.model.file, *m.runtime.scheduler, progress));
  ABI_TRY(m.vocabulary, memory::Charge::take(m.account, m.model.tokenizer.memory_bytes()));
  ABI_TRY(m.mapped, memory::Charge::take(m.account, survey.mapped_bytes));
  ABI_TRY(m.weights, load_weights(m.model, survey, device, m.account, progress));
  return progress.finish();
}

}  // namespace

bool enabled() noexcept { return true; }

Model::Model(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Model::Model(const Model&) = default;
Model& Model::operator=(const Model&) = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

Result<Model> Model::open(const std::filesystem::path& path, const ModelOptions& options) {
  return boundary([&]() -> Result<Model> {
    ABI_TRY(ModelFile file, open_model_file(path));
    ABI_TRY(Runtime runtime, open_runtime(options));
    const auto impl = std::make_shared<Impl>(std::move(file), std::move(runtime), account_of(options));
    if (auto loaded = load(*impl, options); !loaded) return within(path.native(), std::move(loaded).error());
    log(LogLevel::info, "{}: {}, {} parameters, mostly {}, on {}", path, impl->info.architecture, impl->info.parameters,
        impl->info.file_type, impl->info.device);
    return Model(impl);
  });
}

const ModelInfo& Model::info() const noexcept { return impl_->info; }
const Tokenizer& Model::tokenizer() const noexcept { return impl_->model.tokenizer; }

}  // namespace libabi::llm
