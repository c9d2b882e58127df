#pragma once
/// Tasks and the coroutines of Boost.Asio (1.81 and later) await one another. Only for programmes that use Boost.Asio: libabi
/// itself does not, and nothing else includes this.
///
///     Task<std::size_t> f(asio::io_context& io) {                          // a task awaits Asio
///       ABI_CO_TRY(const std::size_t bytes, co_await from_asio(io.get_executor(), read_some(socket)));
///       ...
///     }
///     asio::awaitable<void> g() {                                          // Asio awaits a task
///       Result<int> answer = co_await to_asio(ask("how much"));
///       ...
///     }
///     AsioExecutor io_jobs(io.get_executor());                             // an io_context as the Executor of tasks
///     start(io_jobs, serve(), ...);
///
/// from_asio(executor, awaitable) runs the awaitable there (co_spawn) and gives its value as a Result; the task comes back to its
/// Place. An exception is the Error that stands for it. A stop of the task emits a terminal cancellation of the awaitable, and is
/// the error once that has ended. The executor runs one handler at a time: an io_context that one thread runs, or a strand.
///
/// to_asio(task) runs the task where it is awaited, inline up to where it waits, without executor (see Place in context.hpp);
/// to_asio(executor, task) as a job of that executor. The awaiting coroutine goes on on its own Asio executor, which has work
/// until then. A cancellation of the awaiting coroutine stops the task.
///
/// AsioExecutor outlives the jobs that are submitted to it, and the io_context outlives it. Jobs run in order of submission,
/// whatever their priority. Its submit() never fails, since its one handler lives in it; that takes an executor that takes the
/// memory of handlers from their allocator, as those of io_context and thread_pool do. Elsewhere Asio allocates as it likes,
/// and where it finds no memory inside a handler, the result is lost and that is logged.

#include <abi/base/log.hpp>
#include <abi/task/sync_wait.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stop_token>
#include <utility>

namespace libabi::task {

namespace detail {

/// The memory of the one handler that an AsioExecutor has.
struct HandlerMemory {
  alignas(std::max_align_t) std::byte bytes[256];
  bool taken = false;
};

template <class T>
struct HandlerAllocator {
  using value_type = T;
  explicit HandlerAllocator(HandlerMemory& memory) noexcept : memory_(&memory) {}
  template <class U>
  HandlerAllocator(const HandlerAllocator<U>& other) noexcept : memory_(other.memory_) {}

  T* allocate(std::size_t count) {
    if (memory_->taken || count * sizeof(T) > sizeof memory_->bytes) return static_cast<T*>(::operator new(count * sizeof(T)));
    memory_->taken = true;
    return reinterpret_cast<T*>(memory_->bytes);
  }
  void deallocate(T* place, std::size_t) noexcept {
    if (static_cast<void*>(place) == memory_->bytes)
      memory_->taken = false;
    else
      ::operator delete(place);
  }
  template <class U>
  bool operator==(const HandlerAllocator<U>& other) const noexcept {
    return memory_ == other.memory_;
  }
  HandlerMemory* memory_;
};

}  // namespace detail

template <class AsioExecutorType>
class AsioExecutor final : public Executor {
 public:
  explicit AsioExecutor(AsioExecutorType executor) noexcept : executor_(std::move(executor)) {}

  void submit(Job& job) noexcept override {
    job.next = nullptr;
    const std::lock_guard lock(mutex_);
    (last_ ? last_->next : first_) = &job;
    last_ = &job;
    if (!std::exchange(posted_, true)) post();
  }

 private:
  // Under the lock; the handler's memory is free, since there is only one at a time and Asio frees it before the call.
  void post() noexcept {
    boost::asio::post(executor_, boost::asio::bind_allocator(detail::HandlerAllocator<std::byte>(memory_), [this] { run(); }));
  }
  // What is there now; jobs that these submit have to wait for others of the io_context.
  void run() noexcept {
    const Current current(this);
    std::unique_lock lock(mutex_);
    Job* job = std::exchange(first_, nullptr);
    last_ = nullptr;
    lock.unlock();
    while (job) {
      Job* const next = job->next;
      job->run(*job);
      job = next;
    }
    lock.lock();
    posted_ = first_ != nullptr;
    if (posted_) post();
  }

  AsioExecutorType executor_;
  std::mutex mutex_;
  Job* first_ = nullptr;
  Job* last_ = nullptr;
  bool posted_ = false;
  detail::HandlerMemory memory_;
};

namespace detail {

template <class T>
struct AsioValue {
  Result<T> operator()(T value) const { return Result<T>(std::in_place, std::move(value)); }
};
template <>
struct AsioValue<void> {
  Result<void> operator()() const { return {}; }
};

inline Error error_of(const std::exception_ptr& exception) noexcept {
  return boundary([&]() -> Result<void> { std::rethrow_exception(exception); }).error();
}

/// co_await from_asio(...). Everything but the stop callback happens on the Asio executor, one after the other.
template <class T, class AsioExecutorType, class Awaitable>
class FromAsio {
 public:
  using FollowsContext = void;
  FromAsio(AsioExecutorType executor, Awaitable awaitable) : executor_(std::move(executor)), awaitable_(std::move(awaitable)) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> waiting) {
    waiter_.bind(waiting);
    const Context& context = waiter_.context();
    if (context.stopped()) return false;
    const auto run = std::make_shared<Run>();
    if (context.stop.stop_possible()) on_stop_.emplace(context.stop, OnStop{executor_, run});
    boost::asio::post(executor_, [this, run] { begin(run); });
    return true;
  }
  Result<T> await_resume() noexcept {
    on_stop_.reset();
    if (result_ && (*result_ || !waiter_.context().stopped())) return std::move(*result_);
    return waiter_.context().stop_error();
  }

 private:
  struct Run {
    boost::asio::cancellation_signal signal;
    bool stopped = false;
  };
  struct OnStop {
    AsioExecutorType executor;
    std::shared_ptr<Run> run;
    void operator()() const noexcept {
      const Result<void> posted = boundary([&]() -> Result<void> {
        boost::asio::post(executor, [stopping = run] {
          stopping->stopped = true;
          stopping->signal.emit(boost::asio::cancellation_type::terminal);
        });
        return {};
      });
      if (!posted) log(LogLevel::warn, "a stop did not reach Boost.Asio: {}", posted.error().message);
    }
  };

  void begin(const std::shared_ptr<Run>& run) noexcept {
    if (run->stopped) return waiter_.release();
    const Result<void> spawned = boundary([&]() -> Result<void> {
      boost::asio::co_spawn(executor_, std::move(awaitable_),
                            boost::asio::bind_cancellation_slot(run->signal.slot(),
                                                                [this, run](const std::exception_ptr& exception, auto... value) {
                                                                  if (exception)
                                                                    result_.emplace(std::unexpected(error_of(exception)));
                                                                  else
                                                                    result_.emplace(AsioValue<T>()(std::move(value)...));
                                                                  waiter_.release();
                                                                }));
      return {};
    });
    if (spawned) return;
    result_.emplace(std::unexpected(spawned.error()));
    waiter_.release();
  }

  AsioExecutorType executor_;
  Awaitable awaitable_;
  Waiter waiter_;
  std::optional<Result<T>> result_;
  std::optional<std::stop_callback<OnStop>> on_stop_;
};

// The handler stays with the caller until there is a frame that takes it.
template <class T, class Handler>
Root answer_asio(Task<T> task, Handler& from, StopSource source) {
  Handler handler = std::move(from);
  const auto executor = boost::asio::get_associated_executor(handler);
  const auto work = boost::asio::make_work_guard(executor);
  const Context context{.stop = source.get_token()};
  auto result = co_await under(context, std::move(task));
  boost::asio::post(executor, [handler = std::move(handler), result = std::move(result)]() mutable {
    boost::asio::get_associated_cancellation_slot(handler).clear();
    std::move(handler)(std::move(result));
  });
}

}  // namespace detail

/// A Result<T>. Errors: those of the awaitable, `exhausted`, and those of a stopped token.
template <class AsioExecutorType, class T, class E>
[[nodiscard]] auto from_asio(AsioExecutorType executor, boost::asio::awaitable<T, E> awaitable) {
  return detail::FromAsio<T, AsioExecutorType, boost::asio::awaitable<T, E>>(std::move(executor), std::move(awaitable));
}

/// An asio::awaitable of the task's Result.
template <class T, class V = typename Task<T>::Value>
[[nodiscard]] auto to_asio(Task<T> task) {
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(Result<V>)>(
      [](auto handler, Task<T> begun) {
        StopSource source;
        if (auto slot = boost::asio::get_associated_cancellation_slot(handler); slot.is_connected())
          slot.assign([source](boost::asio::cancellation_type) mutable { source.request_stop(); });
        const detail::Root root = detail::answer_asio(std::move(begun), handler, source);
        if (root) return root.start(nullptr, Place{});
        std::move(handler)(Result<V>(detail::no_memory_for_a_frame()));
      },
      boost::asio::use_awaitable, std::move(task));
}

template <class T>
[[nodiscard]] auto to_asio(Executor& executor, Task<T> task, Priority priority = Priority::normal) {
  return to_asio(on(executor, std::move(task), priority));
}

}  // namespace libabi::task
