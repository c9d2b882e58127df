// Operations x devices x formats x shapes against the scalar reference in double. ctest runs this program once per
// instruction set (ABI_ISA); a registered operation without cases does not link, one that no device runs fails.

#include "devices.hpp"
#include "parity/run_case.hpp"

#include <gtest/gtest.h>

#include <abi/simd/isa.hpp>

#include <iomanip>
#include <sstream>

namespace libabi::parity {
namespace {

constexpr Op all_ops[] = {
#define ABI_OP(name) Op::name,
#include <abi/compute/ops.def>
#undef ABI_OP
};

/// One field of the coverage table.
struct Coverage {
  int run = 0;
  int unsupported = 0;
  int failed = 0;
  double worst = 0;

  std::string text() const {
    std::ostringstream out;
    out << run << " run";
    if (run > 0) out << " (" << std::fixed << std::setprecision(3) << worst << ")";
    if (unsupported > 0) out << ", " << unsupported << " unsupported";
    if (failed > 0) out << ", " << failed << " FAILED";
    return out.str();
  }
};

/// Why there is nothing to see: the instruction set that ctest asks for does not run on this machine (another is used), or
/// the build has no device.
std::string nothing_to_see(const std::vector<TestDevice>& devices) {
  const char* asked = std::getenv("ABI_ISA");
  if (asked && name(simd::isa()) != asked) return std::string("this machine does not run ") + asked;
  return devices.empty() ? "this build has no device" : "";
}

Coverage cover(const std::vector<Case>& cases, TestDevice& device) {
  constexpr int reported_max = 3;  // failures of one operation on one device that are told one by one
  Coverage out;
  for (const Case& test : cases) {
    const Outcome outcome = run_case(test, *device.device);
    if (!outcome.supported) {
      ++out.unsupported;
      continue;
    }
    ++out.run;
    out.worst = std::max(out.worst, outcome.worst);
    if (outcome.failure.empty()) continue;
    if (++out.failed > reported_max) continue;
    ADD_FAILURE() << name(test.op) << " on " << device.device->name() << " (" << device.device->description() << "), "
                  << test.label << ": " << outcome.failure;
  }
  return out;
}

TEST(Parity, EveryOperationOnEveryDeviceAgreesWithTheScalarReference) {
  std::vector<TestDevice> devices = open_devices(2);
  if (const std::string why = nothing_to_see(devices); !why.empty()) GTEST_SKIP() << why;
  const std::uint32_t seed = test_seed();
  std::ostringstream table;
  table << "cases run (greatest error as a part of its bound)\n" << std::left << std::setw(16) << "operation";
  for (const TestDevice& device : devices) table << std::setw(40) << device.device->name();
  for (const Op op : all_ops) {
    const std::vector<Case> cases = cases_of(op, seed);
    EXPECT_FALSE(cases.empty()) << name(op) << " has no case";
    table << "\n" << std::setw(16) << name(op);
    int run = 0;
    for (TestDevice& device : devices) {
      const Coverage coverage = cover(cases, device);
      EXPECT_EQ(coverage.failed, 0) << name(op) << " on " << device.backend;
      if (device.backend == "null") {
        EXPECT_EQ(coverage.unsupported, 0) << name(op) << ": null supports everything";
      }
      table << std::setw(40) << coverage.text();
      run += coverage.run;
    }
    EXPECT_GT(run, 0) << "no device runs " << name(op);
  }
  std::cout << table.str() << "\n";
}

/// Whether row t of the output needs row t of the inputs alone.
bool row_by_row(const Case& test) {
  for (const compute::TensorDesc& desc : test.graph.tensors())
    if (desc.role == compute::Role::state || desc.shape.dynamic == Rows::outputs) return false;
  for (const compute::Node& node : test.graph.nodes())
    if (node.op == Op::attention || node.op == Op::pool) return false;
  return true;
}

/// The case cut into runs of one token each.
Case cut_into_rows(const Case& test) {
  Case out = test;
  out.runs.clear();
  for (const Run& run : test.runs)
    for (std::int64_t t = 0; t < run.shape.tokens; ++t) {
      Run one{.shape = {.tokens = 1, .cached = run.shape.cached}, .inputs = run.inputs};
      for (TensorId id = 0; id < one.inputs.size(); ++id) {
        if (test.graph.tensor(id).shape.dynamic != Rows::tokens || one.inputs[id].empty()) continue;
        const auto bytes = static_cast<std::ptrdiff_t>(one.inputs[id].size()) / run.shape.tokens;
        one.inputs[id] = Bytes(run.inputs[id].begin() + t * bytes, run.inputs[id].begin() + (t + 1) * bytes);
      }
      out.runs.push_back(std::move(one));
    }
  return out;
}

Bytes joined(const std::vector<Bytes>& parts) {
  Bytes out;
  for (const Bytes& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

TEST(Parity, ARowHasTheSameBitsAloneAndInABatch) {
  std::vector<TestDevice> devices = open_devices(1);
  if (const std::string why = nothing_to_see(devices); !why.empty()) GTEST_SKIP() << why;
  const std::uint32_t seed = test_seed();
  int compared = 0;
  for (const Op op : all_ops)
    for (const Case& test : cases_of(op, seed)) {
      if (!row_by_row(test) || test.runs[0].shape.tokens < 2) continue;
      for (TestDevice& device : devices) {
        if (device.backend == "null") continue;  // it has no batches
        const Outcome together = run_case(test, *device.device);
        if (!together.supported) continue;
        const Outcome alone = run_case(cut_into_rows(test), *device.device);
        ASSERT_EQ(joined(together.found), joined(alone.found)) << name(op) << " on " << device.backend << ", " << test.label;
        ++compared;
      }
    }
  std::cout << compared << " cases compared\n";
}

/// Whether the case is causal attention over a cache.
bool causal_over_cache(const Case& test) {
  for (const compute::Node& node : test.graph.nodes())
    if (node.op == Op::attention && test.graph.tensor(node.inputs[1]).role == compute::Role::state)
      return std::get<compute::AttentionAttributes>(node.attributes).causal;
  return false;
}

TEST(Parity, APromptInOneRunHasTheSameBitsAsTokenByToken) {
  std::vector<TestDevice> devices = open_devices(2);
  if (const std::string why = nothing_to_see(devices); !why.empty()) GTEST_SKIP() << why;
  const std::uint32_t seed = test_seed();
  int compared = 0;
  for (Case& test : cases_of(Op::attention, seed)) {
    if (!causal_over_cache(test)) continue;
    test.runs.resize(1);  // the prompt, into an empty cache
    Case cut = cut_into_rows(test);
    for (std::size_t t = 0; t < cut.runs.size(); ++t) cut.runs[t].shape.cached = static_cast<std::int64_t>(t) + 1;
    for (TestDevice& device : devices) {
      const Outcome together = run_case(test, *device.device);
      if (!together.supported) continue;
      const Outcome alone = run_case(cut, *device.device);
      ASSERT_EQ(together.failure + alone.failure, "") << device.backend << ", " << test.label;
      ASSERT_EQ(joined(together.found), joined(alone.found)) << device.backend << ", " << test.label;
      ++compared;
    }
  }
  EXPECT_GT(compared, 0);
}

TEST(Parity, TheNumberOfThreadsChangesNoBit) {
  std::vector<TestDevice> one = open_devices(1);
  if (const std::string why = nothing_to_see(one); !why.empty()) GTEST_SKIP() << why;
  const std::uint32_t seed = test_seed();
  std::vector<TestDevice> more = open_devices(3);
  ASSERT_EQ(one.size(), more.size());
  for (const Op op : all_ops) {
    const std::vector<Case> cases = cases_of(op, seed);
    for (std::size_t d = 0; d < one.size(); ++d) {
      if (one[d].backend == "null") continue;  // it uses no pool
      for (std::size_t i = 0; i < cases.size(); i += 3) {
        const Outcome expected = run_case(cases[i], *one[d].device);
        if (!expected.supported) continue;
        ASSERT_EQ(run_case(cases[i], *more[d].device).found, expected.found)
            << name(op) << " on " << one[d].backend << ", " << cases[i].label;
      }
    }
  }
}

}  // namespace
}  // namespace libabi::parity
