#pragma once
/// Several tasks side by side, the first of which is enough.
///
///     ABI_CO_TRY(auto answer, co_await when_any(ask(near), ask(far)));      // a std::variant; answer.index() says which
///     ABI_CO_TRY(auto page, co_await when_any(std::move(mirrors)));         // of a std::vector<Task<Page>>: {index, value}
///
/// when_any() is a task (it begins when it is awaited) that gives the result of the task that ends first, be it a value or an
/// error. The others are stopped (their awaits return `cancelled`; one that has not begun does not begin) and awaited: none
/// outlives the await, and what they return is dropped. The stop token of the awaiting coroutine reaches every task, and so do
/// its deadline and Place.
///
/// The tasks begin as those of when_all() do. Where the first one ends without waiting, those that begin inline do not begin.
///
/// The value of a Task<void> is a std::monostate. Errors: that of the task that ends first; `invalid_argument` where there are
/// no tasks; `exhausted`, where there is no memory to start one of them, whatever the others do. Costs as when_all().

#include <abi/task/when_all.hpp>

#include <cstddef>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace libabi::task {

/// The task of a vector that ended first, and its value.
template <class T>
struct First {
  std::size_t index;
  T value;
};

namespace detail {

template <class T, class V = typename Task<T>::Value>
Branch branch_of_any(Group& group, std::size_t number, Task<T> task, std::optional<Result<V>>& result) {
  result.emplace(co_await task);
  group.decide(number);
}

}  // namespace detail

template <class... T>
  requires(sizeof...(T) > 0)
Task<std::variant<detail::Whole<typename Task<T>::Value>...>> when_any(Task<T>... tasks) {
  using Answer = std::variant<detail::Whole<typename Task<T>::Value>...>;
  detail::Group group;
  ABI_CO_TRY(group.open(*co_await current_context(), co_await current_place()));
  std::tuple<std::optional<Result<typename Task<T>::Value>>...> results;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (detail::start_of_all(group, I, detail::branch_of_any(group, I, std::move(tasks), std::get<I>(results)),
                          std::get<I>(results)),
     ...);
  }(std::index_sequence_for<T...>());
  co_await group.wait();
  std::optional<Result<Answer>> answer;
  const auto take = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
    auto& result = *std::get<I>(results);
    if (I != group.decided()) return;
    if (result)
      answer.emplace(std::in_place, std::in_place_index<I>, detail::whole_of(result));
    else
      answer.emplace(std::unexpected(std::move(result).error()));
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (take(std::integral_constant<std::size_t, I>()), ...);
  }(std::index_sequence_for<T...>());
  co_return *std::move(answer);
}

template <class T>
Task<First<detail::Whole<typename Task<T>::Value>>> when_any(std::vector<Task<T>> tasks) {
  using V = typename Task<T>::Value;
  if (tasks.empty()) co_return error(ErrorCode::invalid_argument, "when_any was given no tasks, at least one is needed");
  detail::Group group;
  ABI_CO_TRY(group.open(*co_await current_context(), co_await current_place()));
  std::vector<std::optional<Result<V>>> results(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i)
    detail::start_of_all(group, i, detail::branch_of_any(group, i, std::move(tasks[i]), results[i]), results[i]);
  co_await group.wait();
  const std::size_t first = group.decided();
  Result<V>& result = *results[first];
  if (!result) co_return std::unexpected(std::move(result).error());
  co_return First<detail::Whole<V>>{first, detail::whole_of(result)};
}

}  // namespace libabi::task
