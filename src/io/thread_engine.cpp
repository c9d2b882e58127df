#include "engine.hpp"

#include <abi/base/boundary.hpp>
#include <abi/task/own_thread.hpp>

#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace libabi::io {

namespace {

Result<std::size_t> carry_out(Operation& operation) {
  switch (operation.kind) {
    case Operation::Kind::read: return operation.file->read(operation.offset, operation.to);
    case Operation::Kind::write: {
      ABI_TRY(operation.file->write(operation.offset, operation.from));
      return operation.from.size();
    }
    case Operation::Kind::sync: {
      ABI_TRY(operation.file->sync());
      return std::size_t{0};
    }
  }
  return error(ErrorCode::invalid_argument, "an operation of unknown kind {}", static_cast<int>(operation.kind));
}

std::unexpected<Error> cancelled() { return std::unexpected(Error{ErrorCode::cancelled, "the operation was cancelled", {}}); }

/// Threads that make the blocking calls.
class ThreadEngine final : public Engine {
 public:
  Result<void> begin(unsigned count);
  ~ThreadEngine() override;
  void start(Operation& operation) noexcept override;
  void cancel(Operation& operation) noexcept override;

 private:
  void work() noexcept;

  std::mutex mutex_;
  std::condition_variable changed_;
  OperationQueue queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

Result<void> ThreadEngine::begin(unsigned count) {
  threads_.reserve(count);
  for (unsigned i = 0; i < count; ++i) {
    std::thread thread;
    if (const std::error_code refused = task::detail::start_own_thread(thread, "abi/io", [this] { work(); }))
      return error(ErrorCode::exhausted, "the system gives {} of {} threads for files: {}", i, count, refused.message());
    threads_.push_back(std::move(thread));
  }
  return {};
}

ThreadEngine::~ThreadEngine() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadEngine::start(Operation& operation) noexcept {
  {
    const std::lock_guard lock(mutex_);
    queue_.push(operation);
  }
  changed_.notify_one();
}

void ThreadEngine::cancel(Operation& operation) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (!queue_.remove(operation)) return;
  }
  operation.finish(cancelled());
}

void ThreadEngine::work() noexcept {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    Operation* const operation = queue_.pop();
    if (!operation) return;
    lock.unlock();
    operation->finish(boundary([operation] { return carry_out(*operation); }));
    lock.lock();
  }
}

}  // namespace

Result<std::unique_ptr<Engine>> make_thread_engine(const DiskOptions& options) {
  auto engine = std::make_unique<ThreadEngine>();
  ABI_TRY(engine->begin(options.threads));
  return engine;
}

}  // namespace libabi::io
