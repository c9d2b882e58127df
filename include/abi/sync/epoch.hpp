#pragma once
/// Epoch-based reclamation: a guard costs a store, and protects everything that its thread reads meanwhile. See reclaimer.hpp.
///
///     EpochReclaimer<>& mine = EpochReclaimer<>::local();
///     EpochReclaimer<>::Guard guard(mine);
///
/// Fraser's scheme (2004): a thread in a guard shows the epoch that it saw when it came. The epoch moves on when all who are in
/// guards show the present one; what was retired in epoch e can be freed in e + 2, since whoever could still see it has left.
/// The store that shows the epoch must not pass the reads behind it. That is an asymmetric fence here: light in the guard,
/// heavy once for every batch of retired objects.
///
/// Guarantees: entering and leaving a guard is wait-free and retire() lock-free; all are noexcept and allocate nothing. Guards
/// nest; a Region is a guard. retire() may free objects of earlier batches, so their Free runs inside. A thread that stays in a
/// guard, or is taken off its processor there, holds back all that is retired from then on. Beyond `built_in` threads at a time
/// a domain needs memory for each; local() waits for a thread to end where there is none.
///
/// Cost (rows runtime.guard.*): a guard 1 to 2 ns, inside another one 0.5 ns; retiring a fence by membarrier(2) every 64 times.

#include <abi/sync/members.hpp>

#include <cstdint>

namespace libabi::sync {

template <class Policy = StdAtomics, std::size_t built_in = 64>
class EpochDomain;

/// One thread's part in a domain.
template <class Policy = StdAtomics, std::size_t built_in = 64>
class EpochReclaimer {
 public:
  using Domain = EpochDomain<Policy, built_in>;
  template <class T>
  using Atomic = typename Policy::template Atomic<T>;

  class Guard {
   public:
    explicit Guard(EpochReclaimer& mine) noexcept : mine_(mine) { mine_.enter(); }
    ~Guard() { mine_.exit(); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

    template <class T>
    T* protect(const Atomic<T*>& source) noexcept {
      return source.load(std::memory_order_acquire);  // acquire: the object
    }
    void show(const Retirable*) noexcept {}
    void reset() noexcept {}

   private:
    EpochReclaimer& mine_;
  };
  using Region = Guard;

  constexpr EpochReclaimer() = default;
  EpochReclaimer(const EpochReclaimer&) = delete;
  EpochReclaimer& operator=(const EpochReclaimer&) = delete;

  /// This thread's part in the domain of the process.
  static EpochReclaimer& local() noexcept;

  void retire(Retirable& object, Free free) noexcept {
    object.free_retired = free;
    open_.add(object);
    if (open_.count >= kBatch) seal();
  }
  /// Frees what can be freed now: all that this thread retired where nobody else is in a guard.
  void collect() noexcept;

  // Of Members.
  EpochReclaimer* next_member = nullptr;
  Atomic<bool> taken{false};

 private:
  friend Domain;
  static constexpr unsigned kBatch = 64;       // a fence of a microsecond, divided by that
  static constexpr std::uint64_t kInside = 1;  // of shown_; epochs are even

  struct Batch {
    detail::RetiredList list;
    std::uint64_t epoch = 0;
  };

  void enter() noexcept {
    if (depth_++ != 0) return;
    // relaxed: an epoch that is seen late holds the next one up, no more.
    const std::uint64_t epoch = domain_->epoch_.load(std::memory_order_relaxed);
    // release: whoever sees us here again, in the present epoch, frees what we read when we were here before.
    shown_.store(epoch | kInside, std::memory_order_release);
    Policy::light_fence();  // before all that is read inside
  }
  void exit() noexcept {
    if (--depth_ == 0) shown_.store(0, std::memory_order_release);  // release: what was read inside was read
  }
  void seal() noexcept;
  void free_ripe() noexcept;
  void abandon() noexcept;

  alignas(64) Atomic<std::uint64_t> shown_{0};  // 0 outside
  unsigned depth_ = 0;
  Domain* domain_ = nullptr;
  detail::RetiredList open_;       // not sealed: no fence yet
  std::array<Batch, 3> sealed_{};  // by epoch
};

template <class Policy, std::size_t built_in>
class EpochDomain {
 public:
  using Reclaimer = EpochReclaimer<Policy, built_in>;
  constexpr EpochDomain() = default;
  /// No thread is in a guard, and none will be. Everything that was retired is freed.
  ~EpochDomain();

  /// A reclaimer for the calling thread until leave(); null where the system has no memory for it.
  Reclaimer* join() noexcept {
    Reclaimer* const mine = members_.join();
    if (mine) mine->domain_ = this;
    return mine;
  }
  /// Outside of all guards. What cannot be freed yet is left to the other threads.
  void leave(Reclaimer& mine) noexcept {
    mine.collect();
    for (auto& batch : mine.sealed_) members_.leave_behind(batch.list);
    members_.leave(mine);
  }
  /// In the child of a fork(): only `mine`, which may be null, is still there.
  void forget_others(Reclaimer* mine) noexcept {
    for (Reclaimer* each = members_.first(); each; each = each->next_member)
      if (each != mine) each->abandon();
  }

 private:
  friend Reclaimer;
  bool advance() noexcept;

  alignas(64) typename Policy::template Atomic<std::uint64_t> epoch_{2};
  detail::Members<Reclaimer, Policy, built_in> members_;
};

/// Moves the epoch on where all who are inside have seen it. Behind a heavy fence.
template <class Policy, std::size_t built_in>
bool EpochDomain<Policy, built_in>::advance() noexcept {
  // acquire: who moved the epoch here saw what the readers showed then; a look at them must not be older than that.
  std::uint64_t epoch = epoch_.load(std::memory_order_acquire);
  for (const Reclaimer* each = members_.first(); each; each = each->next_member) {
    // acquire: what that thread read before, it has read.
    const std::uint64_t shown = each->shown_.load(std::memory_order_acquire);
    if (shown != 0 && shown != (epoch | Reclaimer::kInside)) return false;
  }
  // release: hands that on to those who free by the new epoch.
  return epoch_.compare_exchange_strong(epoch, epoch + 2, std::memory_order_release, std::memory_order_relaxed);
}

/// What is open becomes the batch of this epoch.
template <class Policy, std::size_t built_in>
void EpochReclaimer<Policy, built_in>::seal() noexcept {
  open_.take_over(domain_->members_.adopt());
  // Whoever could see the objects shows itself from here on, and the epoch read behind the fence is no older than theirs.
  Policy::heavy_fence();
  // relaxed: advance() acquires the epoch again before a batch of an earlier one is freed here.
  const std::uint64_t epoch = domain_->epoch_.load(std::memory_order_relaxed);
  Batch& batch = sealed_[epoch / 2 % sealed_.size()];
  detail::RetiredList old;  // of three epochs ago or more. Freed last: what is freed may retire, and come here again
  if (batch.epoch != epoch) old = std::exchange(batch.list, {});
  batch.epoch = epoch;
  batch.list.take_over(std::exchange(open_, {}).first);
  domain_->advance();
  old.free_all();
  free_ripe();
}

template <class Policy, std::size_t built_in>
void EpochReclaimer<Policy, built_in>::free_ripe() noexcept {
  const std::uint64_t epoch = domain_->epoch_.load(std::memory_order_acquire);  // acquire: what advance() hands on
  for (Batch& batch : sealed_)
    if (batch.epoch + 4 <= epoch) batch.list.free_all();
}

template <class Policy, std::size_t built_in>
void EpochReclaimer<Policy, built_in>::collect() noexcept {
  seal();
  for (int epochs = 0; epochs < 2; ++epochs) {
    Policy::heavy_fence();
    if (!domain_->advance()) break;
  }
  free_ripe();
}

/// Its thread is gone, perhaps in the middle of anything.
template <class Policy, std::size_t built_in>
void EpochReclaimer<Policy, built_in>::abandon() noexcept {
  shown_.store(0, std::memory_order_relaxed);  // relaxed: the child of a fork() has one thread
  depth_ = 0;
  open_ = {};
  sealed_ = {};
  taken.store(false, std::memory_order_relaxed);
}

template <class Policy, std::size_t built_in>
EpochDomain<Policy, built_in>::~EpochDomain() {
  for (Reclaimer* each = members_.first(); each; each = each->next_member) {
    each->open_.free_all();
    for (auto& batch : each->sealed_) batch.list.free_all();
  }
  detail::RetiredList rest;
  rest.take_over(members_.adopt());
  rest.free_all();
}

namespace detail {
/// This thread's part in the domain of the process, null until it is first asked for.
extern ABI_API constinit thread_local EpochReclaimer<>* local_epochs __attribute__((tls_model("initial-exec")));
ABI_API EpochReclaimer<>& join_process_epochs() noexcept;
}  // namespace detail

template <>
inline EpochReclaimer<>& EpochReclaimer<>::local() noexcept {
  if (EpochReclaimer<>* const mine = detail::local_epochs) [[likely]]
    return *mine;
  return detail::join_process_epochs();
}

}  // namespace libabi::sync
