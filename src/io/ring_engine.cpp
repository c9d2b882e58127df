// io_uring (Axboe, Efficient IO with io_uring, 2019), by liburing: one ring, and one thread that waits for completions.
#include "engine.hpp"
#include "system_error.hpp"

#include <abi/base/boundary.hpp>
#include <abi/memory/fault.hpp>
#include <abi/task/own_thread.hpp>

#include <algorithm>
#include <mutex>
#include <system_error>
#include <thread>

#include <liburing.h>

namespace libabi::io {

namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 30;  // the kernel takes less than 2 GiB at a time

class RingEngine final : public Engine {
 public:
  Result<void> begin(unsigned depth);
  ~RingEngine() override;
  void start(Operation& operation) noexcept override;
  void cancel(Operation& operation) noexcept override;

 private:
  // What a completion is of where it is not of an operation; no operation has these addresses.
  static constexpr std::uintptr_t stop_mark = 1, cancel_mark = 2;

  bool submit(Operation& operation) noexcept;
  bool submit_cancel(std::uintptr_t of) noexcept;
  void fill() noexcept;
  void wait() noexcept;
  bool complete(Operation& operation, int outcome) noexcept;

  io_uring ring_{};
  bool open_ = false;
  std::mutex mutex_;  // of everything below, and of the ring's submission side
  OperationQueue queue_;
  unsigned depth_ = 0;
  unsigned free_ = 0;  // of the depth: operations that may still be given to the kernel
  std::thread thread_;
};

Result<void> RingEngine::begin(unsigned depth) {
  if (memory::allocation_must_fail()) return error(ErrorCode::exhausted, "a fault refuses a ring of {} operations", depth);
  // Twice as many places as operations, so that there is always one for cancelling.
  if (const int failure = io_uring_queue_init(2 * depth, &ring_, 0); failure < 0)
    return error(ErrorCode::unsupported, "io_uring is not to be had here: {}", std::generic_category().message(-failure));
  open_ = true;
  depth_ = free_ = depth;
  if (const std::error_code refused = task::detail::start_own_thread(thread_, "abi/io", [this] { wait(); }))
    return error(ErrorCode::exhausted, "the system gives no thread for io_uring: {}", refused.message());
  return {};
}

RingEngine::~RingEngine() {
  if (thread_.joinable()) {
    {
      const std::lock_guard lock(mutex_);
      io_uring_sqe* const entry = io_uring_get_sqe(&ring_);
      io_uring_prep_nop(entry);
      io_uring_sqe_set_data64(entry, stop_mark);
      io_uring_submit(&ring_);
    }
    thread_.join();
  }
  if (open_) io_uring_queue_exit(&ring_);
}

// Gives the kernel what is left of the operation. The lock is held.
bool RingEngine::submit(Operation& operation) noexcept {
  io_uring_sqe* const entry = io_uring_get_sqe(&ring_);
  if (!entry) return false;
  const int file = static_cast<DiskFile*>(operation.file)->descriptor();
  const std::uint64_t offset = operation.offset + operation.done;
  const auto piece = [&](std::size_t bytes) { return static_cast<unsigned>(std::min(bytes - operation.done, piece_bytes)); };
  switch (operation.kind) {
    case Operation::Kind::read:
      io_uring_prep_read(entry, file, operation.to.data() + operation.done, piece(operation.to.size()), offset);
      break;
    case Operation::Kind::write:
      io_uring_prep_write(entry, file, operation.from.data() + operation.done, piece(operation.from.size()), offset);
      break;
    case Operation::Kind::sync: io_uring_prep_fsync(entry, file, IORING_FSYNC_DATASYNC); break;
  }
  io_uring_sqe_set_data64(entry, reinterpret_cast<std::uintptr_t>(&operation));
  io_uring_submit(&ring_);  // where the kernel is short of memory the entry stays in the ring for the next call
  return true;
}

bool RingEngine::submit_cancel(std::uintptr_t of) noexcept {
  io_uring_sqe* const entry = io_uring_get_sqe(&ring_);
  if (!entry) return false;
  io_uring_prep_cancel64(entry, of, 0);
  io_uring_sqe_set_data64(entry, cancel_mark);
  io_uring_submit(&ring_);
  return true;
}

// The lock is held.
void RingEngine::fill() noexcept {
  while (free_ > 0 && !queue_.empty()) {
    --free_;
    Operation& operation = *queue_.pop();
    if (submit(operation)) continue;
    ++free_;
    queue_.push(operation);
    return;
  }
}

void RingEngine::start(Operation& operation) noexcept {
  if (operation.kind != Operation::Kind::sync) {
    const std::size_t bytes = operation.kind == Operation::Kind::read ? operation.to.size() : operation.from.size();
    Result<void> checked =
        boundary([&] { return check_range(operation.offset, bytes, static_cast<DiskFile*>(operation.file)->path()); });
    if (!checked) return operation.finish(std::unexpected(std::move(checked).error()));
  }
  const std::lock_guard lock(mutex_);
  queue_.push(operation);
  fill();
}

void RingEngine::cancel(Operation& operation) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (!queue_.remove(operation)) {
      submit_cancel(reinterpret_cast<std::uintptr_t>(&operation));
      return;
    }
  }
  operation.finish(std::unexpected(Error{ErrorCode::cancelled, "the operation was cancelled", {}}));
}

// True where the operation is through; its result stands in it then.
bool RingEngine::complete(Operation& operation, int outcome) noexcept {
  const auto& path = static_cast<DiskFile*>(operation.file)->path();
  const bool cancelled = operation.cancelled.load(std::memory_order_relaxed);
  if ((outcome == -EINTR || outcome == -EAGAIN) && !cancelled && operation.kind != Operation::Kind::sync) return false;
  if (outcome < 0) {
    constexpr std::string_view actions[] = {"read", "write", "sync"};
    const std::string_view action = actions[static_cast<std::size_t>(operation.kind)];
    operation.result = boundary([&]() -> Result<std::size_t> { return system_failure(-outcome, action, path); });
    return true;
  }
  operation.done += static_cast<std::size_t>(outcome);
  operation.result = operation.done;
  if (operation.kind == Operation::Kind::sync) return true;
  if (operation.kind == Operation::Kind::read) return outcome == 0 || operation.done == operation.to.size();
  if (outcome == 0 && operation.done < operation.from.size())
    operation.result = boundary([&]() -> Result<std::size_t> { return system_failure(ENOSPC, "write", path); });
  return outcome == 0 || operation.done == operation.from.size();
}

void RingEngine::wait() noexcept {
  for (bool stopping = false, through = false; !through;) {
    io_uring_cqe* entry = nullptr;
    if (io_uring_wait_cqe(&ring_, &entry) < 0 || !entry) continue;
    const std::uint64_t mark = io_uring_cqe_get_data64(entry);
    const int outcome = entry->res;
    io_uring_cqe_seen(&ring_, entry);
    Operation* finished = nullptr;
    {
      const std::lock_guard lock(mutex_);
      if (mark > cancel_mark) {
        Operation& operation = *reinterpret_cast<Operation*>(static_cast<std::uintptr_t>(mark));
        ++free_;
        if (complete(operation, outcome))
          finished = &operation;
        else
          queue_.push(operation);
      }
      stopping |= mark == stop_mark;
      fill();
      through = stopping && free_ == depth_;
    }
    if (finished) finished->finished(*finished);
  }
}

}  // namespace

Result<std::unique_ptr<Engine>> make_ring_engine(const DiskOptions& options) {
  auto engine = std::make_unique<RingEngine>();
  ABI_TRY(engine->begin(options.depth));
  return engine;
}

}  // namespace libabi::io
