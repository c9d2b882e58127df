#include "gemm_workspace.hpp"

#include <array>
#include <atomic>

namespace libabi::compute {

namespace {

// Not destroyed at exit, when threads may still multiply.
constinit std::array<std::atomic<memory::Buffer*>, GemmWorkspace::most_kept> kept{};

std::unique_ptr<memory::Buffer> take_kept() noexcept {
  for (std::atomic<memory::Buffer*>& place : kept)
    if (place.load(std::memory_order_relaxed))
      if (memory::Buffer* const buffer = place.exchange(nullptr, std::memory_order_acquire))
        return std::unique_ptr<memory::Buffer>(buffer);
  return nullptr;
}

}  // namespace

Result<GemmWorkspace> GemmWorkspace::take(std::size_t bytes, memory::MemoryAccount& account) {
  GemmWorkspace taken;
  if (&account != &memory::default_account()) {
    ABI_TRY(taken.charge_, memory::Charge::take(account, bytes));
  }
  taken.buffer_ = take_kept();
  if (taken.buffer_ && taken.buffer_->size() >= bytes) return taken;
  taken.buffer_.reset();  // one that is too small goes before a larger one comes
  ABI_TRY(memory::Buffer fresh, memory::Buffer::allocate(bytes));
  taken.buffer_ = std::make_unique<memory::Buffer>(std::move(fresh));
  return taken;
}

GemmWorkspace::~GemmWorkspace() {
  if (!buffer_) return;
  for (std::atomic<memory::Buffer*>& place : kept) {
    memory::Buffer* empty = nullptr;
    if (!place.compare_exchange_strong(empty, buffer_.get(), std::memory_order_release, std::memory_order_relaxed)) continue;
    static_cast<void>(buffer_.release());
    return;
  }
}

void GemmWorkspace::drop_kept() noexcept {
  while (take_kept()) {
  }
}

}  // namespace libabi::compute
