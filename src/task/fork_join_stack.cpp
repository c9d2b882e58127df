#include "fork_join_stack.hpp"

#include <abi/memory/fault.hpp>
#include <abi/task/fork_join.hpp>

#include <array>
#include <utility>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)  // clang's way of saying it
#define ABI_WATCHED_BY_LEAK_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(ABI_WATCHED_BY_LEAK_SANITIZER)
#include <sanitizer/lsan_interface.h>
#define ABI_KEPT_FOR_GOOD(memory) __lsan_ignore_object(memory)
#else
#define ABI_KEPT_FOR_GOOD(memory) static_cast<void>(memory)
#endif

namespace libabi::task {

namespace detail {

constinit thread_local ForkThread fork_thread{.top = nowhere, .worker{}, .region{}, .handed{}, .handing{}, .running{}};

namespace {

// Of an empty stack 1 MiB stays for the next tasks; the rest of a deep recursion goes back to the system.
constexpr std::size_t kKeptSegments = 16;

// Stacks that nobody uses, for all threads. Slots that are swapped whole: no lock that a fork() could leave behind.
constinit std::array<std::atomic<ForkStack*>, 64> spare{};

constexpr std::align_val_t kAlignment{segment_bytes};
constexpr std::size_t kHead = sizeof(ForkSegment);

std::uintptr_t address(const void* pointer) noexcept { return reinterpret_cast<std::uintptr_t>(pointer); }
std::uintptr_t bottom(const ForkStack& stack) noexcept { return address(&stack + 1); }
ForkSegment* segment_at(std::uintptr_t top) noexcept { return reinterpret_cast<ForkSegment*>(top & ~(segment_bytes - 1)); }

ForkSegment* new_segment(std::size_t bytes) noexcept {
  if (memory::allocation_must_fail()) return nullptr;
  void* const memory = ::operator new(bytes, kAlignment, std::nothrow);
  ABI_KEPT_FOR_GOOD(memory);  // by the process: in `spare`, or under the thread that runs on it
  return memory ? ::new (memory) ForkSegment{.stack = nullptr, .next = nullptr, .bytes = bytes} : nullptr;
}

void free_from(ForkSegment* segment) noexcept {
  while (segment) ::operator delete(std::exchange(segment, segment->next), kAlignment);
}

ForkStack* new_stack() noexcept {
  ForkSegment* const segment = new_segment(segment_bytes);
  if (!segment) return nullptr;
  segment->stack = ::new (segment + 1) ForkStack{.first = segment, .top = 0, .region = nullptr, .segments = 1};
  return segment->stack;
}

void free_stack(ForkStack* stack) noexcept {
  if (stack) free_from(stack->first);
}

void trim(ForkStack& stack) noexcept {
  if (stack.segments <= kKeptSegments) return;
  ForkSegment* last = stack.first;
  for (std::size_t kept = 1; kept < kKeptSegments; ++kept) last = last->next;
  free_from(std::exchange(last->next, nullptr));
  stack.segments = kKeptSegments;
}

void give_back(ForkStack* stack) noexcept {
  trim(*stack);
  for (std::atomic<ForkStack*>& slot : spare) {
    ForkStack* none = nullptr;
    // release: whoever takes the stack sees what was written there; acquire below.
    if (slot.load(std::memory_order_relaxed) == nullptr &&
        slot.compare_exchange_strong(none, stack, std::memory_order_release, std::memory_order_relaxed))
      return;
  }
  free_stack(stack);
}

ForkStack* spare_stack() noexcept {
  for (std::atomic<ForkStack*>& slot : spare)
    if (slot.load(std::memory_order_relaxed))
      if (ForkStack* const stack = slot.exchange(nullptr, std::memory_order_acquire)) return stack;
  return nullptr;
}

struct EndOfThread {
  ~EndOfThread() {
    if (!fork_thread.running && current_stack()) put_stack();
  }
};

// The segment after the current one, with room for the frame. Whatever there was stays behind it.
ForkSegment* next_segment(ForkSegment& current, std::size_t bytes) noexcept {
  if (current.next && current.next->bytes - kHead > bytes) return current.next;
  ForkSegment* const segment = new_segment(std::max<std::size_t>(segment_bytes, kHead + bytes + frame_alignment));
  if (!segment) return nullptr;
  segment->stack = current.stack;
  segment->next = std::exchange(current.next, segment);
  ++segment->stack->segments;
  return segment;
}

}  // namespace

ForkStack* stack_at(std::uintptr_t address) noexcept {
  ForkSegment* const segment = segment_at(address);
  return segment ? segment->stack : nullptr;
}

void* push_frame_slowly(std::size_t bytes) noexcept {
  ForkThread& thread = fork_thread;
  if (!current_stack()) take_stack();
  if (!current_stack()) return nullptr;
  bytes = rounded_frame(bytes);
  ForkSegment* const segment = next_segment(*segment_at(thread.top), bytes);
  if (!segment) return nullptr;
  const std::uintptr_t frame = address(segment) + kHead;
  // Above a frame that is larger than a segment there is no room, however much of its last page is left.
  thread.top = kHead + bytes < segment_bytes ? frame + bytes : address(segment) | nowhere;
  return reinterpret_cast<void*>(frame);
}

void take_stack() noexcept {
  thread_local const EndOfThread end;
  ForkStack* stack = spare_stack();
  if (!stack) stack = new_stack();
  fork_thread.top = stack ? bottom(*stack) : nowhere;
  if (stack) stack->region = fork_thread.region;
}

void put_stack() noexcept {
  ForkStack* const stack = current_stack();
  fork_thread.top = nowhere;
  if (stack) give_back(stack);
}

void go_over_to(ForkStack& stack) noexcept {
  if (&stack == current_stack()) return;
  put_stack();
  fork_thread.top = stack.top;
}

void rest_stack() noexcept {
  ForkStack* const stack = current_stack();
  if (!stack) return;
  // Where the tasks crossed into later segments the top was left there.
  fork_thread.top = bottom(*stack);
  trim(*stack);
}

}  // namespace detail

void release_fork_stacks() noexcept {
  for (std::atomic<detail::ForkStack*>& slot : detail::spare)
    detail::free_stack(slot.exchange(nullptr, std::memory_order_acquire));
}

}  // namespace libabi::task
