#include "model/model_file.hpp"

#include <abi/backends/registry.hpp>
#include <abi/base/log.hpp>

#include <set>

namespace libabi::llm {

namespace {

Result<ModelFile> read(GgufFile file) {
  ABI_TRY(ModelDescription description, describe_model(file));
  ABI_TRY(Tokenizer tokenizer, Tokenizer::load(file));
  const auto rows = static_cast<std::uint64_t>(description.hyper.vocabulary);
  if (tokenizer.size() != rows)
    return error(ErrorCode::invalid_argument, "the vocabulary has {} tokens, tensor 'token_embd.weight' has {} rows",
                 tokenizer.size(), rows);
  ABI_TRY(Blueprint::Built skeleton, build_model(file, description, GraphLimits()));
  return ModelFile{std::move(file), std::move(description), std::move(tokenizer), std::move(skeleton)};
}

/// A tensor that nothing reads may mean a variant of the architecture that this build does not know.
void warn_of_unused(const ModelFile& model) {
  std::set<const GgufTensor*> used;
  for (const WeightSource& weight : model.skeleton.weights) used.insert(weight.tensor);
  const GgufTensor* first = nullptr;
  std::size_t count = 0;
  for (const GgufTensor& tensor : model.file.tensors()) {
    if (used.contains(&tensor)) continue;
    if (count++ == 0) first = &tensor;
  }
  if (first)
    log(LogLevel::warn, "{}: {} tensors are not used by the architecture {}, the first is '{}'", model.file.path(), count,
        model.description.architecture->name, first->name);
}

}  // namespace

Result<ModelFile> open_model_file(const std::filesystem::path& path) {
  ABI_TRY(GgufFile file, GgufFile::open(path));
  auto model = read(std::move(file));
  if (!model) return within(path.native(), std::move(model).error());
  warn_of_unused(*model);
  return model;
}

Result<Runtime> open_runtime(const ModelOptions& options) {
  Runtime runtime{.scheduler = options.scheduler};
  if (!runtime.scheduler && options.threads == 0) {
    ABI_TRY(runtime.scheduler, task::Scheduler::shared());
  } else if (!runtime.scheduler) {
    ABI_TRY(runtime.own_scheduler, task::Scheduler::create({.threads = options.threads}));
    runtime.scheduler = runtime.own_scheduler.get();
  }
  ABI_TRY(runtime.device, backends::open_device(options.backend, *runtime.scheduler));
  return runtime;
}

memory::MemoryAccount& account_of(const ModelOptions& options) {
  return options.account ? *options.account : memory::default_account();
}

}  // namespace libabi::llm
