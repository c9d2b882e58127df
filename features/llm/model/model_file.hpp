#pragma once
/// What is known of a model before any weight is loaded, and what it will run on.

#include "arch/architecture.hpp"

#include <abi/compute/device.hpp>
#include <abi/llm/model.hpp>

namespace libabi::llm {

/// A file whose architecture, vocabulary and tensors fit together. Movable.
struct ModelFile {
  GgufFile file;
  ModelDescription description;
  Tokenizer tokenizer;
  Blueprint::Built skeleton;  ///< the graph for the smallest limits: which weights there are, and what uses them
};

/// Reads header and vocabulary; touches no tensor data. Errors: those of Model::open but for memory.
Result<ModelFile> open_model_file(const std::filesystem::path& file);

/// The scheduler that the options ask for, and the device on it. The device goes first.
struct Runtime {
  std::unique_ptr<task::Scheduler> own_scheduler;
  task::Scheduler* scheduler = nullptr;
  std::unique_ptr<compute::Device> device;
};
Result<Runtime> open_runtime(const ModelOptions& options);

memory::MemoryAccount& account_of(const ModelOptions& options);

ModelInfo model_info(const ModelFile& model, const compute::Device& device);

}  // namespace libabi::llm
