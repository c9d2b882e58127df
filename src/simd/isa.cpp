#include <abi/base/log.hpp>
#include <abi/simd/isa.hpp>

#include <array>
#include <cstdlib>

#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace libabi::simd {

namespace {

// Whether the processor, and the operating system that saves its registers, run an instruction set. Each entry asks
// for exactly what AbiKernels.cmake lets the compiler use.
#if defined(__x86_64__)
// The plainest set is the floor of the library: it is taken for granted.
bool runs_baseline() { return true; }
bool runs_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c") &&
         __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("lzcnt") &&
         __builtin_cpu_supports("movbe");
}
bool runs_avx512() {
  return runs_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
bool runs_avx512vnni() {
  return runs_avx512() && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16") &&
         __builtin_cpu_supports("avx512vpopcntdq");
}
#define ABI_ISA_OF_x86_64(name) {Isa::name, &runs_##name},
#define ABI_ISA_OF_aarch64(name)
#define ABI_ISA_OF_wasm32(name)
#elif defined(__aarch64__)
// Bits of the kernel's hardware capabilities (arch/arm64/include/uapi/asm/hwcap.h in Linux).
constexpr unsigned long hwcap_fphp = 1UL << 9;
constexpr unsigned long hwcap_asimdhp = 1UL << 10;
constexpr unsigned long hwcap_asimddp = 1UL << 20;
constexpr unsigned long hwcap2_i8mm = 1UL << 13;
bool runs_neon() { return true; }
bool runs_neon_i8mm() {
  constexpr unsigned long wanted = hwcap_fphp | hwcap_asimdhp | hwcap_asimddp;
  return (getauxval(AT_HWCAP) & wanted) == wanted && (getauxval(AT_HWCAP2) & hwcap2_i8mm) != 0;
}
#define ABI_ISA_OF_x86_64(name)
#define ABI_ISA_OF_aarch64(name) {Isa::name, &runs_##name},
#define ABI_ISA_OF_wasm32(name)
#elif defined(__wasm__)
bool runs_wasm() { return true; }  // an engine without SIMD refuses the whole module
#define ABI_ISA_OF_x86_64(name)
#define ABI_ISA_OF_aarch64(name)
#define ABI_ISA_OF_wasm32(name) {Isa::name, &runs_##name},
#endif

struct Candidate {
  Isa isa;
  bool (*runs)();
};

constexpr Candidate candidates[] = {
#define ABI_ISA(name, architecture) ABI_ISA_OF_##architecture(name)
#include <abi/simd/isa.def>
#undef ABI_ISA
};

struct Runnable {
  std::array<Isa, std::size(candidates)> isas;
  std::size_t count = 0;
  Runnable() {
    for (const Candidate& candidate : candidates)
      if (candidate.runs()) isas[count++] = candidate.isa;
  }
};

Isa choose() noexcept {
  const std::span<const Isa> runnable = runnable_isas();
  const Isa best = runnable.back();
  const char* wanted = std::getenv("ABI_ISA");
  if (!wanted || !*wanted) return best;
  for (const Isa isa : runnable)
    if (name(isa) == wanted) return isa;
  bool known = false;
  for (const Candidate& candidate : candidates) known |= name(candidate.isa) == wanted;
  log(LogLevel::warn, "ABI_ISA is '{}', which {}; {} is used", wanted,
      known ? "this processor cannot run" : "names no instruction set of this build", name(best));
  return best;
}

}  // namespace

std::span<const Isa> runnable_isas() noexcept {
  static const Runnable runnable;
  return {runnable.isas.data(), runnable.count};
}

Isa isa() noexcept {
  static const Isa chosen = choose();
  return chosen;
}

std::string_view name(Isa isa) noexcept {
  switch (isa) {
#define ABI_ISA(name, architecture) \
  case Isa::name: return #name;
#include <abi/simd/isa.def>
#undef ABI_ISA
  }
  return "unknown";
}

}  // namespace libabi::simd
