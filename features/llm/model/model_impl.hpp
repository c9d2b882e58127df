#pragma once

#include "model/model_file.hpp"
#include "model/weights.hpp"

namespace libabi::llm {

/// Members go in the opposite order: weights before the device and the file that they stand in, the device before its scheduler.
struct Model::Impl {
  Impl(ModelFile&& opened, Runtime&& started, memory::MemoryAccount& charged)
      : account(charged), runtime(std::move(started)), model(std::move(opened)), info(model_info(model, *runtime.device)) {}

  memory::MemoryAccount& account;
  Runtime runtime;
  ModelFile model;
  ModelInfo info;
  memory::Charge vocabulary;
  memory::Charge mapped;
  std::vector<LoadedWeight> weights;
};

}  // namespace libabi::llm
