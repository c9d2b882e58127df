#include "stack.hpp"

#include <abi/base/boundary.hpp>
#include <abi/base/log.hpp>
#include <abi/memory/fault.hpp>
#include <abi/memory/tracking.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <unordered_map>

namespace libabi::memory {

struct TrackingResource::Impl {
  struct Block {
    std::size_t bytes;
    Stack stack;
  };

  std::pmr::memory_resource* upstream;
  mutable std::mutex turn;
  std::unordered_map<const void*, Block> blocks;
  std::uint64_t bytes = 0;
};

TrackingResource::TrackingResource(std::pmr::memory_resource* upstream) : impl_(std::make_unique<Impl>()) {
  impl_->upstream = upstream;
}

TrackingResource::~TrackingResource() {
  const auto text = report();
  if (!text)
    log(LogLevel::warn, "{} blocks of {} bytes in all are not given back", live_blocks(), live_bytes());
  else if (!text->empty())
    log(LogLevel::warn, "{}", *text);
}

void* TrackingResource::do_allocate(std::size_t bytes, std::size_t align) {
  const Stack stack = this_stack(1);                                                             // but for this function
  if (allocation_must_fail()) static_cast<void>(std::pmr::null_memory_resource()->allocate(1));  // throws
  const auto give_back = [&](void* block) { impl_->upstream->deallocate(block, bytes, align); };
  std::unique_ptr<void, decltype(give_back)> block(impl_->upstream->allocate(bytes, align), give_back);
  const std::lock_guard lock(impl_->turn);
  impl_->blocks.emplace(block.get(), Impl::Block{bytes, stack});
  impl_->bytes += bytes;
  return block.release();
}

void TrackingResource::do_deallocate(void* block, std::size_t bytes, std::size_t align) {
  {
    const std::lock_guard lock(impl_->turn);
    if (const auto known = impl_->blocks.find(block); known != impl_->blocks.end()) {
      impl_->bytes -= known->second.bytes;
      impl_->blocks.erase(known);
    }
  }
  impl_->upstream->deallocate(block, bytes, align);
}

std::uint64_t TrackingResource::live_blocks() const noexcept {
  const std::lock_guard lock(impl_->turn);
  return impl_->blocks.size();
}

std::uint64_t TrackingResource::live_bytes() const noexcept {
  const std::lock_guard lock(impl_->turn);
  return impl_->bytes;
}

Result<std::vector<Leak>> TrackingResource::leaks() const {
  return boundary([&]() -> Result<std::vector<Leak>> {
    std::map<std::vector<std::uintptr_t>, Leak> by_place;
    {
      const std::lock_guard lock(impl_->turn);
      for (const auto& [block, about] : impl_->blocks) {
        const auto* const first = about.stack.addresses.data();
        Leak& leak = by_place[{first, first + about.stack.depth}];
        ++leak.blocks;
        leak.bytes += about.bytes;
      }
    }
    std::vector<Leak> list;
    for (auto& [place, leak] : by_place) {
      leak.taken_at = describe(place);
      list.push_back(std::move(leak));
    }
    std::ranges::sort(list, std::ranges::greater(), &Leak::bytes);
    return list;
  });
}

Result<std::string> TrackingResource::report() const {
  return boundary([&]() -> Result<std::string> {
    ABI_TRY(const auto list, leaks());
    if (list.empty()) return std::string();
    std::uint64_t blocks = 0;
    std::uint64_t bytes = 0;
    for (const Leak& leak : list) {
      blocks += leak.blocks;
      bytes += leak.bytes;
    }
    std::string text = format("{} blocks of {} bytes in all are not given back\n", blocks, bytes);
    for (const Leak& leak : list) {
      text += format("  {} blocks, {} bytes, taken at\n", leak.blocks, leak.bytes);
      for (const StackFrame& frame : leak.taken_at) {
        text += frame.function.empty() ? format("    {:#x}", frame.address) : format("    {}", frame.function);
        text += frame.file.empty() ? std::string("\n") : format("  {}:{}\n", frame.file, frame.line);
      }
    }
    return text;
  });
}

}  // namespace libabi::memory
