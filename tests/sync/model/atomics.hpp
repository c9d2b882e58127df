#pragma once
// ModelAtomics: the policy (abi/sync/atomics.hpp) that lets the model checker run a structure. How to use it: scenario.hpp.

#include "sync/model/memory.hpp"
#include "sync/model/program.hpp"

#include <atomic>
#include <concepts>
#include <cstring>
#include <type_traits>

namespace libabi::sync::model {

using Place = std::source_location;

inline Order order_of(std::memory_order order) noexcept {
  switch (order) {
    case std::memory_order_relaxed: return Order::relaxed;
    case std::memory_order_consume:
    case std::memory_order_acquire: return Order::acquire;
    case std::memory_order_release: return Order::release;
    case std::memory_order_acq_rel: return Order::acq_rel;
    case std::memory_order_seq_cst: break;
  }
  return Order::seq_cst;
}

inline const Site& site(const Place& place, Role role, Order order) {
  const memory::Outside outside;
  return Sites::all().find(place, role, order);
}

/// Whether atomics of this type hold what others may overwrite only when it was read: see scenario.hpp. To be specialised.
template <class T>
inline constexpr bool is_data = false;

/// As std::atomic, but the order has to be named at each call.
template <class T>
class ModelAtomic {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 8);
  template <class U>
  static constexpr bool counts = std::integral<U> && !std::same_as<U, bool>;

 public:
  ModelAtomic(const Place& place = Place::current()) noexcept : id_(Run::current().construct(bits({}), is_data<T>, place)) {}
  ModelAtomic(T value, const Place& place = Place::current()) noexcept
      : id_(Run::current().construct(bits(value), is_data<T>, place)) {}
  ~ModelAtomic() { Run::current().destroy(id_); }
  ModelAtomic(const ModelAtomic&) = delete;
  ModelAtomic& operator=(const ModelAtomic&) = delete;

  T load(std::memory_order order, const Place& place = Place::current()) const noexcept {
    return value(Run::current().load(id_, site(place, Role::load, order_of(order))));
  }
  void store(T desired, std::memory_order order, const Place& place = Place::current()) noexcept {
    Run::current().store(id_, bits(desired), site(place, Role::store, order_of(order)));
  }
  T exchange(T desired, std::memory_order order, const Place& place = Place::current()) noexcept {
    return update([](std::uint64_t, std::uint64_t operand) { return operand; }, bits(desired), order, place);
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order success, std::memory_order failure,
                               const Place& place = Place::current()) noexcept {
    return compare_exchange(expected, desired, false, success, failure, place);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order success, std::memory_order failure,
                             const Place& place = Place::current()) noexcept {
    return compare_exchange(expected, desired, true, success, failure, place);
  }

  T fetch_add(T operand, std::memory_order order, const Place& place = Place::current()) noexcept
    requires counts<T>
  {
    return update([](std::uint64_t a, std::uint64_t b) { return bits(static_cast<T>(value(a) + value(b))); }, bits(operand),
                  order, place);
  }
  T fetch_sub(T operand, std::memory_order order, const Place& place = Place::current()) noexcept
    requires counts<T>
  {
    return update([](std::uint64_t a, std::uint64_t b) { return bits(static_cast<T>(value(a) - value(b))); }, bits(operand),
                  order, place);
  }
  T fetch_or(T operand, std::memory_order order, const Place& place = Place::current()) noexcept
    requires counts<T>
  {
    return update([](std::uint64_t a, std::uint64_t b) { return a | b; }, bits(operand), order, place);
  }
  T fetch_and(T operand, std::memory_order order, const Place& place = Place::current()) noexcept
    requires counts<T>
  {
    return update([](std::uint64_t a, std::uint64_t b) { return a & b; }, bits(operand), order, place);
  }
  T fetch_xor(T operand, std::memory_order order, const Place& place = Place::current()) noexcept
    requires counts<T>
  {
    return update([](std::uint64_t a, std::uint64_t b) { return a ^ b; }, bits(operand), order, place);
  }

 private:
  static std::uint64_t bits(T value) noexcept {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof(T));
    return bits;
  }
  static T value(std::uint64_t bits) noexcept {
    T value;
    std::memcpy(&value, &bits, sizeof(T));
    return value;
  }
  T update(Run::Change change, std::uint64_t operand, std::memory_order order, const Place& place) {
    return value(Run::current().update(id_, change, operand, site(place, Role::update, order_of(order))));
  }
  bool compare_exchange(T& expected, T desired, bool weak, std::memory_order success, std::memory_order failure,
                        const Place& place) {
    std::uint64_t seen = bits(expected);
    const bool done =
        Run::current().compare_exchange(id_, seen, bits(desired), weak, site(place, Role::success, order_of(success)),
                                        site(place, Role::failure, order_of(failure)));
    if (!done) expected = value(seen);
    return done;
  }

  EventId id_;
};

/// As StdAtomics::Plain; that it is read holding nothing (never set, or taken) is a failure too.
template <class T>
class ModelPlain {
 public:
  ModelPlain() noexcept : cell_(Run::current().make_cell(false)) {}
  explicit ModelPlain(T value) noexcept : cell_(Run::current().make_cell(true)), value_(std::move(value)) {}
  ~ModelPlain() { Run::current().end_cell(cell_); }
  ModelPlain(const ModelPlain&) = delete;
  ModelPlain& operator=(const ModelPlain&) = delete;

  void set(T value) noexcept {
    Run::current().write_cell(cell_, true);
    value_ = std::move(value);
  }
  const T& get() const noexcept {
    Run::current().read_cell(cell_);
    return value_;
  }
  T take() noexcept {
    Run::current().write_cell(cell_, false);
    return std::move(value_);
  }

 private:
  std::uint32_t cell_;
  T value_{};
};

struct ModelAtomics {
  template <class T>
  using Atomic = ModelAtomic<T>;
  template <class T>
  using Plain = ModelPlain<T>;

  static void fence(std::memory_order order, const Place& place = Place::current()) noexcept {
    Run::current().fence(site(place, Role::fence, order_of(order)));
  }
  static void light_fence(const Place& place = Place::current()) noexcept {
    Run::current().fence(site(place, Role::light_fence, Order::light));
  }
  static void heavy_fence(const Place& place = Place::current()) noexcept {
    Run::current().fence(site(place, Role::heavy_fence, Order::heavy));
  }
  static void pause() noexcept { Run::current().pause(); }
  static void alone(const void* object) noexcept { Run::current().own(object); }
};

}  // namespace libabi::sync::model
