#include "interrupt.hpp"

#include "command.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdint>

namespace app {

namespace {

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

Interrupt::Interrupt() {
  const sigset_t set = watched();
  signals_ = signalfd(-1, &set, SFD_CLOEXEC);
  leave_ = eventfd(0, EFD_CLOEXEC);
  if (signals_ < 0 || leave_ < 0) return;  // the default stays: the process ends
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  watcher_ = std::thread([this] { watch(); });
}

Interrupt::~Interrupt() {
  if (watcher_.joinable()) {
    const std::uint64_t one = 1;
    if (write(leave_, &one, sizeof one) == sizeof one) watcher_.join();
    const sigset_t set = watched();
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  }
  if (signals_ >= 0) close(signals_);
  if (leave_ >= 0) close(leave_);
}

void Interrupt::watch() {
  pollfd wanted[] = {{signals_, POLLIN, 0}, {leave_, POLLIN, 0}};
  while (true) {
    if (poll(wanted, 2, -1) < 0) continue;
    if (wanted[1].revents != 0) return;
    signalfd_siginfo info;
    if (read(signals_, &info, sizeof info) != sizeof info) continue;
    if (source_.stop_requested()) _exit(exit_interrupted);
    source_.request_stop();
  }
}

}  // namespace app
