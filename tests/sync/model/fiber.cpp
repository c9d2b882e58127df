#include "sync/model/fiber.hpp"

#include <cstdint>
#include <cstdlib>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ABI_MODEL_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define ABI_MODEL_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define ABI_MODEL_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define ABI_MODEL_TSAN 1
#endif
#if defined(ABI_MODEL_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(ABI_MODEL_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

#if defined(__x86_64__)
// Saves the callee's registers and the stack pointer in *from, and goes on where `to` was saved.
extern "C" void abi_model_switch(void** from, void* to) noexcept;
asm(R"(
.text
.p2align 4
.globl abi_model_switch
.type abi_model_switch, @function
abi_model_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size abi_model_switch, .-abi_model_switch
)");
#endif

namespace libabi::sync::model {

namespace {
#if defined(ABI_MODEL_ASAN)
constexpr std::size_t kStackBytes = 1 << 20;
#else
constexpr std::size_t kStackBytes = 256 << 10;
#endif
}  // namespace

struct Fiber::Platform {
  void (*entry)(void*) = nullptr;
  void* argument = nullptr;
  std::unique_ptr<std::byte[]> stack = std::make_unique_for_overwrite<std::byte[]>(kStackBytes);
#if defined(__x86_64__)
  void* inside = nullptr;
  void* outside = nullptr;
#else
  ucontext_t inside{};
  ucontext_t outside{};
#endif
#if defined(ABI_MODEL_ASAN)
  const void* outside_stack = nullptr;
  std::size_t outside_bytes = 0;
#endif
#if defined(ABI_MODEL_TSAN)
  void* outside_tsan = nullptr;
  void* inside_tsan = nullptr;
#endif
  static inline Platform* starting = nullptr;

  static void run() noexcept {
    Platform* const self = starting;
#if defined(ABI_MODEL_ASAN)
    __sanitizer_finish_switch_fiber(nullptr, &self->outside_stack, &self->outside_bytes);
#endif
    self->entry(self->argument);
    std::abort();  // the entry has to leave()
  }
};

Fiber::Fiber() : platform_(std::make_unique<Platform>()) {}

Fiber::~Fiber() {
#if defined(ABI_MODEL_TSAN)
  if (platform_->inside_tsan) __tsan_destroy_fiber(platform_->inside_tsan);
#endif
}

void Fiber::start(void (*entry)(void*), void* argument) noexcept {
  Platform& p = *platform_;
  p.entry = entry;
  p.argument = argument;
#if defined(ABI_MODEL_ASAN)
  __asan_unpoison_memory_region(p.stack.get(), kStackBytes);
#endif
#if defined(ABI_MODEL_TSAN)
  if (p.inside_tsan) __tsan_destroy_fiber(p.inside_tsan);
  p.inside_tsan = __tsan_create_fiber(0);
#endif
#if defined(__x86_64__)
  // As if switched out at the first instruction of run(): six registers, then where to go, then the end of the stack.
  const auto top = (reinterpret_cast<std::uintptr_t>(p.stack.get()) + kStackBytes) & ~std::uintptr_t{15};
  auto* frame = reinterpret_cast<void**>(top) - 10;
  for (int i = 0; i < 6; ++i) frame[i] = nullptr;
  frame[6] = reinterpret_cast<void*>(&Platform::run);
  frame[7] = nullptr;  // where the stack pointer then is: 8 off a multiple of 16, as behind a call
  p.inside = frame;
#else
  getcontext(&p.inside);
  p.inside.uc_stack.ss_sp = p.stack.get();
  p.inside.uc_stack.ss_size = kStackBytes;
  p.inside.uc_link = nullptr;
  makecontext(&p.inside, &Platform::run, 0);
#endif
}

void Fiber::resume() noexcept {
  Platform& p = *platform_;
  Platform::starting = &p;
#if defined(ABI_MODEL_ASAN)
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(&fake, p.stack.get(), kStackBytes);
#endif
#if defined(ABI_MODEL_TSAN)
  p.outside_tsan = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(p.inside_tsan, 0);
#endif
#if defined(__x86_64__)
  abi_model_switch(&p.outside, p.inside);
#else
  swapcontext(&p.outside, &p.inside);
#endif
#if defined(ABI_MODEL_ASAN)
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
}

void Fiber::leave() noexcept {
  Platform& p = *platform_;
#if defined(ABI_MODEL_ASAN)
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(&fake, p.outside_stack, p.outside_bytes);
#endif
#if defined(ABI_MODEL_TSAN)
  __tsan_switch_to_fiber(p.outside_tsan, 0);
#endif
#if defined(__x86_64__)
  abi_model_switch(&p.inside, p.outside);
#else
  swapcontext(&p.inside, &p.outside);
#endif
#if defined(ABI_MODEL_ASAN)
  __sanitizer_finish_switch_fiber(fake, &p.outside_stack, &p.outside_bytes);
#endif
}

}  // namespace libabi::sync::model
