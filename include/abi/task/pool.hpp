#pragma once
/// A thread pool with a low-latency gang: all members run the same function and meet at barriers, which is what a
/// neural network's graph wants. The full runtime (work stealing, coroutines on threads) grows behind this interface.

#include <abi/base/error.hpp>

#include <cstddef>
#include <memory>
#include <type_traits>

namespace libabi::task {

struct PoolOptions {
  /// Threads that work at once, the caller included; 0 takes what the process may use (affinity and cgroup quota).
  unsigned threads = 0;
};

/// What a member of a gang knows: its index, how many there are, and the barrier where they meet.
class ABI_API GangMember {
 public:
  unsigned index() const noexcept { return index_; }
  unsigned count() const noexcept { return count_; }
  /// Waits until every member is here. False where that can no longer happen, since a member has failed or left: return
  /// then. Everything written before the barrier by any member is seen after it by all. Spins briefly, then yields, then
  /// sleeps; about 0.1 to 0.5 us on two cores.
  bool barrier() noexcept;

 private:
  friend class Pool;
  struct State;
  GangMember(State& state, unsigned index, unsigned count) noexcept : state_(&state), index_(index), count_(count) {}
  State* state_;
  unsigned index_;
  unsigned count_;
};

/// Threads that are started once and parked at rest (0 % CPU). The caller of gang() or parallel_for() is one of the
/// members. Thread-safe: calls from several threads take turns, in the order of their coming. A call from inside a gang
/// never waits for a turn: where the pool is busy (with that very gang, or another pool's with another) it runs with one
/// member. Destruction joins the threads; no call may be running then.
///
/// The threads are named abi/1, abi/2, ... by their index as members, and leave the signals of the process to the host's
/// threads. In the child of a fork() they do not exist: there a gang runs with one member, and destruction waits for
/// nobody and leaves the pool's memory behind. A child that was forked inside a gang must not return from it.
class ABI_API Pool {
 public:
  /// Errors: exhausted (the system gives no threads), invalid_argument (more than max_threads).
  static Result<std::unique_ptr<Pool>> create(const PoolOptions& options = {});
  static constexpr unsigned max_threads = 1024;
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// Members of a gang, the caller included.
  unsigned threads() const noexcept;

  /// Runs `body(GangMember&)` once on every member, `members` of them (0 or too many: all), and returns when all have
  /// returned. What the body finds in GangMember::count() may be fewer, see above. An exception of a member ends the
  /// gang's barriers and comes back as an error, the first one where there are several. Fork and join cost about 2 us
  /// while the threads are awake (30 us after the last gang), and waking them up costs 10 to 50 us otherwise.
  template <class Body>
  Result<void> gang(Body&& body, unsigned members = 0) {
    using Fn = std::remove_reference_t<Body>;
    return gang_erased([](void* context, GangMember& member) { (*static_cast<Fn*>(context))(member); },
                       const_cast<void*>(static_cast<const void*>(std::addressof(body))), members);
  }

  /// Calls `body(begin, end)` for disjoint ranges that cover [begin, end), each at least `grain` long but for the last;
  /// ranges are claimed as members get free. Errors as gang().
  template <class Body>
  Result<void> parallel_for(std::size_t begin, std::size_t end, std::size_t grain, Body&& body) {
    using Fn = std::remove_reference_t<Body>;
    return parallel_for_erased(
        begin, end, grain, [](void* context, std::size_t from, std::size_t to) { (*static_cast<Fn*>(context))(from, to); },
        const_cast<void*>(static_cast<const void*>(std::addressof(body))));
  }

 private:
  using GangFn = void (*)(void* context, GangMember& member);
  using RangeFn = void (*)(void* context, std::size_t begin, std::size_t end);
  struct Impl;
  explicit Pool(std::unique_ptr<Impl> impl) noexcept;
  Result<void> gang_erased(GangFn function, void* context, unsigned members);
  Result<void> parallel_for_erased(std::size_t begin, std::size_t end, std::size_t grain, RangeFn function, void* context);
  std::unique_ptr<Impl> impl_;
};

/// The processors this thread may use: its affinity mask cut by the cgroup quota (v1 and v2, rounded up), at least 1.
/// Reads /proc at every call.
ABI_API unsigned available_processors() noexcept;

}  // namespace libabi::task
