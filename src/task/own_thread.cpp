#include <abi/memory/fault.hpp>
#include <abi/task/own_thread.hpp>

#include <csignal>
#include <new>
#include <utility>

#include <pthread.h>

namespace libabi::task {

namespace {

// A new thread has the signal mask of the one that starts it.
class SignalsHeldBack {
 public:
  SignalsHeldBack() noexcept {
    sigset_t held;
    sigfillset(&held);
    for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGPROF}) sigdelset(&held, own);
    pthread_sigmask(SIG_BLOCK, &held, &before_);
  }
  ~SignalsHeldBack() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsHeldBack(const SignalsHeldBack&) = delete;
  SignalsHeldBack& operator=(const SignalsHeldBack&) = delete;

 private:
  sigset_t before_;
};

void name_this_thread([[maybe_unused]] std::string& name) noexcept {
#if defined(__linux__)
  constexpr std::size_t most = 15;
  if (name.size() > most) name.resize(most);
  pthread_setname_np(pthread_self(), name.c_str());
#endif
}

}  // namespace

std::error_code detail::start_own_thread(std::thread& thread, std::string name, std::function<void()> body) {
  if (memory::allocation_must_fail()) return std::make_error_code(std::errc::resource_unavailable_try_again);
  const SignalsHeldBack held;
  try {
    thread = std::thread([name = std::move(name), body = std::move(body)]() mutable {
      name_this_thread(name);
      body();
    });
  } catch (const std::system_error& failure) {
    return failure.code();
  } catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
  }
  return {};
}

}  // namespace libabi::task
