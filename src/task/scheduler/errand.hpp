#pragma once

#include "countdown.hpp"

#include <abi/base/boundary.hpp>
#include <abi/task/executor.hpp>

#include <optional>

namespace libabi::task::detail {

/// A function that a worker calls while the thread that has submitted it waits.
struct Errand : Job {
  using Function = void (*)(void* context);

  Errand(Function what, void* its_context) noexcept : function(what), context(its_context) {
    run = [](Job& self) noexcept { static_cast<Errand&>(self).perform(); };
  }

  void perform() noexcept {
    try {
      function(context);
    } catch (...) {
      failure = libabi::detail::current_exception_error();
    }
    running.down();  // last: the errand may be gone afterwards
  }

  Result<void> result() && {
    if (failure) return std::unexpected(*std::move(failure));
    return {};
  }

  Function function;
  void* context;
  std::optional<Error> failure;
  Countdown running{1};
};

}  // namespace libabi::task::detail
