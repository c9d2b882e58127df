#include "arch/architecture.hpp"

namespace libabi::llm {

namespace {

constexpr const Architecture* kArchitectures[] = {
#define ABI_ARCH(name) &arch_##name,
#include "arch/arch.def"
#undef ABI_ARCH
};

constexpr std::string_view kNames[] = {
#define ABI_ARCH(name) #name,
#include "arch/arch.def"
#undef ABI_ARCH
};

}  // namespace

std::span<const std::string_view> architectures() noexcept { return kNames; }

Result<const Architecture*> find_architecture(std::string_view name) {
  for (const Architecture* architecture : kArchitectures)
    if (architecture->name == name) return architecture;
  std::string known;
  for (const std::string_view each : kNames) known += (known.empty() ? "" : ", ") + std::string(each);
  return error(ErrorCode::unsupported, "architecture '{}' is unknown, expected one of {}", name, known);
}

Result<ModelDescription> describe_model(const GgufFile& file) {
  ABI_TRY(const std::string_view name, file.string_at("general.architecture"));
  ModelDescription description;
  ABI_TRY(description.architecture, find_architecture(name));
  ABI_TRY(description.hyper, read_hyper_parameters(file, name));
  description.hyper.rope.neox = description.architecture->rope_neox;
  return description;
}

Result<Blueprint::Built> build_model(const GgufFile& file, const ModelDescription& description, const GraphLimits& limits) {
  Blueprint blueprint(file, description.hyper, limits);
  description.architecture->build(blueprint);
  return std::move(blueprint).finish();
}

}  // namespace libabi::llm
