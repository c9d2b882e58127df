#pragma once
/// A graph on a CPU device of the test's choosing, with random weights that are the same for the same graph.

#include "device.hpp"

#include <abi/compute/executor.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace libabi::backends::cpu::test {

using compute::Executor;
using compute::GraphBuilder;
using compute::Role;
using compute::Rows;
using compute::RunShape;
using compute::Shape;
using compute::TensorDesc;
using quant::FormatId;

using Bytes = std::vector<std::byte>;

/// ABI_SEED, or a fixed one; printed, so that a failure can be seen again.
inline std::uint32_t seed() {
  const char* text = std::getenv("ABI_SEED");
  const auto value = text ? static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10)) : 20241125u;
  std::cout << "ABI_SEED=" << value << "\n";
  return value;
}

/// The value, or the end of the test with the error's text.
template <class T>
T take(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().text());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

inline KernelTables tables_for(simd::Isa isa) {
  return {*simd::kernels_for(isa), *quant::kernels_for(isa), *cpu::kernels_for(isa)};
}
inline KernelTables best_tables() { return tables_for(simd::isa()); }

inline std::vector<float> random_floats(std::mt19937& random, std::size_t n, float spread = 1) {
  std::normal_distribution<float> normal(0, spread);
  std::vector<float> out(n);
  for (float& v : out) v = normal(random);
  return out;
}

inline Bytes encoded(FormatId id, const std::vector<float>& values) {
  const quant::Format& format = quant::format(id);
  Bytes out(values.size() / format.block_length * format.block_bytes);
  format.encode(values.data(), out.data(), values.size());
  return out;
}

/// Formats that hold reals.
inline std::vector<FormatId> real_formats() {
  std::vector<FormatId> out;
  for (const quant::Format* format : quant::formats())
    if (format->decode) out.push_back(format->id);
  return out;
}

/// Random bytes in file layout for every weight of a graph. A matrix is scaled so that products keep the size of their input.
inline std::map<std::string, Bytes> random_weights(const Graph& graph, std::uint32_t seed) {
  std::map<std::string, Bytes> out;
  std::mt19937 random(seed);
  for (const TensorDesc& desc : graph.tensors()) {
    if (desc.role != Role::weight) continue;
    const auto n = static_cast<std::size_t>(desc.shape.planes * desc.shape.rows * desc.shape.columns);
    const bool vector = desc.shape.rows == 1;
    std::vector<float> values = random_floats(random, n, vector ? 0.1f : 1 / std::sqrt(static_cast<float>(desc.shape.columns)));
    if (vector)
      for (float& v : values) v += 1;
    out[desc.name] = encoded(desc.format, values);
  }
  return out;
}

struct RigOptions {
  unsigned threads = 1;
  double solo_ns = 0;  // everything is shared
};

class Rig {
 public:
  Rig(const Graph& graph, const std::map<std::string, Bytes>& weights, const KernelTables& kernels, const RigOptions& options)
      : scheduler_(take(task::Scheduler::create({.threads = options.threads}))),
        device_(*scheduler_, kernels, options.solo_ns),
        executor_(take(Executor::create(graph, device_, account_))) {
    for (TensorId id = 0; id < graph.tensors().size(); ++id) {
      const TensorDesc& desc = graph.tensor(id);
      if (desc.role != Role::weight && desc.role != Role::state) continue;
      tensors_[desc.name] = desc.role == Role::weight
                                ? take(device_.prepare(desc, graph.use(id).value(), weights.at(desc.name), account_))
                                : take(device_.make_state(desc, account_));
      take(executor_.bind(desc.name, *tensors_[desc.name]));
    }
  }

  template <class T>
  void fill(std::string_view name, const std::vector<T>& values) {
    std::copy(values.begin(), values.end(), executor_.input<T>(executor_.graph().find(name)).begin());
  }
  Result<void> run(const RunShape& shape, const task::StopToken& stop = {}) { return executor_.run(shape, stop); }
  std::vector<float> output(std::string_view name, std::size_t n) const {
    const auto all = executor_.output<float>(executor_.graph().find(name));
    return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n)};
  }
  Bytes state(const std::string& name) const {
    const auto& tensor = static_cast<const Tensor&>(*tensors_.at(name));
    return {tensor.data(), tensor.data() + tensor.owned_bytes()};
  }
  task::Scheduler& scheduler() { return *scheduler_; }
  Device& device() { return device_; }
  memory::MemoryAccount& account() { return account_; }

 private:
  memory::MemoryAccount account_{"rig"};
  std::unique_ptr<task::Scheduler> scheduler_;
  Device device_;
  std::map<std::string, std::unique_ptr<compute::DeviceTensor>> tensors_;
  Executor executor_;
};

}  // namespace libabi::backends::cpu::test
