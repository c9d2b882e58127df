#include "sync/model/crash.hpp"

#include "sync/model/memory.hpp"
#include "sync/model/run.hpp"

#include <csignal>

namespace libabi::sync::model {

namespace {

// On the stack of the fiber, which fail() never comes back to. Only the program under test runs while memory::inside(), so no
// lock of the allocator or the like can be held.
void on_crash(int signal) {
  if (memory::inside()) Run::current().fail("a pointer is used that points nowhere");
  std::signal(signal, SIG_DFL);  // and the same instruction again
}

}  // namespace

void report_crashes() noexcept {
  static const bool installed = [] {
    struct sigaction action{};
    action.sa_handler = &on_crash;
    action.sa_flags = SA_NODEFER;
    return ::sigaction(SIGSEGV, &action, nullptr) == 0 && ::sigaction(SIGBUS, &action, nullptr) == 0;
  }();
  static_cast<void>(installed);
}

}  // namespace libabi::sync::model
