#pragma once
// What the body of a scenario is given.

#include "sync/model/run.hpp"

#include <utility>

namespace libabi::sync::model {

/// The threads of a scenario. Those that are added begin with run(), and the body goes on when all have ended.
class Program {
 public:
  explicit Program(Run& run) noexcept : run_(run) {}

  void thread(std::function<void()> body) { run_.add_thread(std::move(body)); }
  void run() { run_.join(); }

 private:
  Run& run_;
};

/// Ends the execution as failed where the condition does not hold.
inline void require(bool condition, const char* what) {
  if (!condition) Run::current().fail(what);
}

}  // namespace libabi::sync::model
