#pragma once
/// Several tasks side by side, all of them wanted.
///
///     ABI_CO_TRY(auto [user, orders], co_await when_all(find_user(id), find_orders(id)));   // a tuple
///     ABI_CO_TRY(std::vector<Page> pages, co_await when_all(std::move(downloads)));         // of a std::vector<Task<Page>>
///
/// when_all() is a task (it begins when it is awaited) that gives all values in order, or the error of the first task that
/// failed, in time. That one stops the others (their awaits return `cancelled`; one that has not begun does not begin), and the
/// error comes back when all of them have ended: no task outlives the await. The stop token of the awaiting coroutine reaches
/// every task, and so do its deadline and Place.
///
/// The first task begins inline. Where the awaiting coroutine has an executor the others are its jobs, so that they run in
/// parallel where that has several threads; otherwise they begin inline, one after the other, each where the one before waits.
///
/// The value of a Task<void> is a std::monostate in a tuple; a vector of Task<void> gives Result<void>. Errors: those of the
/// tasks, and `exhausted`. Costs a frame for it and for each task, and one allocation (its stop state).

#include <abi/task/group.hpp>

#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace libabi::task {

namespace detail {

template <class V>
using Whole = std::conditional_t<std::is_void_v<V>, std::monostate, V>;

template <class T, class V = typename Task<T>::Value>
Branch branch_of_all(Group& group, std::size_t number, Task<T> task, std::optional<Result<V>>& result) {
  result.emplace(co_await task);
  if (!*result) group.decide(number);
}

// The result of a task that could not be started.
template <class V>
void start_of_all(Group& group, std::size_t number, const Branch& branch, std::optional<Result<V>>& result) noexcept {
  if (group.start(number, branch)) return;
  result.emplace(no_memory_for_a_frame());
  group.decide(number);
}

template <class V>
Whole<V> whole_of(Result<V>& result) noexcept {
  if constexpr (std::is_void_v<V>)
    return {};
  else
    return *std::move(result);
}

}  // namespace detail

template <class... T>
  requires(sizeof...(T) > 0)
Task<std::tuple<detail::Whole<typename Task<T>::Value>...>> when_all(Task<T>... tasks) {
  detail::Group group;
  ABI_CO_TRY(group.open(*co_await current_context(), co_await current_place()));
  std::tuple<std::optional<Result<typename Task<T>::Value>>...> results;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (detail::start_of_all(group, I, detail::branch_of_all(group, I, std::move(tasks), std::get<I>(results)),
                          std::get<I>(results)),
     ...);
  }(std::index_sequence_for<T...>());
  co_await group.wait();
  std::optional<Error> failure;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    ((I == group.decided() ? void(failure = std::move(std::get<I>(results)->error())) : void()), ...);
  }(std::index_sequence_for<T...>());
  if (failure) co_return std::unexpected(*std::move(failure));
  co_return std::apply([](auto&... result) { return std::tuple{detail::whole_of(*result)...}; }, results);
}

template <class T>
auto when_all(std::vector<Task<T>> tasks) -> Task<
    std::conditional_t<std::is_void_v<typename Task<T>::Value>, void, std::vector<detail::Whole<typename Task<T>::Value>>>> {
  using V = typename Task<T>::Value;
  detail::Group group;
  ABI_CO_TRY(group.open(*co_await current_context(), co_await current_place()));
  std::vector<std::optional<Result<V>>> results(tasks.size());
  std::vector<detail::Whole<V>> values;
  values.reserve(std::is_void_v<V> ? 0 : tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i)
    detail::start_of_all(group, i, detail::branch_of_all(group, i, std::move(tasks[i]), results[i]), results[i]);
  co_await group.wait();
  if (group.decided() != detail::Group::none) co_return std::unexpected(std::move(results[group.decided()]->error()));
  if constexpr (std::is_void_v<V>) {
    co_return {};
  } else {
    for (auto& result : results) values.push_back(*std::move(*result));
    co_return std::move(values);
  }
}

}  // namespace libabi::task
