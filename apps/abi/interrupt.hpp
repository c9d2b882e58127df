#pragma once

#include <abi/task/stop.hpp>

#include <atomic>
#include <thread>

namespace app {

/// Turns Ctrl-C (SIGINT) and SIGTERM into a stop request for as long as it lives; a second one ends the process at once
/// with 130. Make it before any other thread, so that all inherit the blocked signals.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  libabi::task::StopToken token() const noexcept { return source_.get_token(); }

 private:
  void watch();
  libabi::task::StopSource source_;
  int signals_ = -1;  // signalfd
  int leave_ = -1;    // eventfd, written by the destructor
  std::thread watcher_;
};

}  // namespace app
