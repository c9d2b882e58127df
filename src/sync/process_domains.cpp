// The reclamation domains of the process, and the threads that join them unasked.
#include <abi/sync/epoch.hpp>
#include <abi/sync/hazard_pointers.hpp>

#include <pthread.h>
#include <sched.h>

namespace libabi::sync {

namespace detail {
constinit thread_local EpochReclaimer<>* local_epochs = nullptr;
constinit thread_local HazardReclaimer<>* local_hazards = nullptr;
}  // namespace detail

namespace {

// Not destroyed at the end of the process, since other threads may still run then.
template <class Domain>
union Lasting {
  Domain domain;
  constexpr Lasting() : domain() {}
  ~Lasting() {}
};

constinit Lasting<EpochDomain<>> epochs;
constinit Lasting<HazardDomain<>> hazards;

void leave_all(void*) noexcept {
  if (EpochReclaimer<>* const mine = std::exchange(detail::local_epochs, nullptr)) epochs.domain.leave(*mine);
  if (HazardReclaimer<>* const mine = std::exchange(detail::local_hazards, nullptr)) hazards.domain.leave(*mine);
}

void forget_others() noexcept {
  epochs.domain.forget_others(detail::local_epochs);
  hazards.domain.forget_others(detail::local_hazards);
}

/// Has leave_all() called at the end of this thread. Not by a thread_local's destructor, for which the C library ends the
/// process where it has no memory; a thread that cannot be watched keeps its record.
void watch_this_thread() noexcept {
  static const struct Watch {
    pthread_key_t key{};
    bool made = ::pthread_key_create(&key, leave_all) == 0;
    bool forks = ::pthread_atfork(nullptr, nullptr, forget_others) == 0;
  } watch;
  if (watch.made) ::pthread_setspecific(watch.key, &watch);
}

template <class Domain>
auto& join(Domain& domain) noexcept {
  watch_this_thread();
  for (;;) {
    if (auto* const mine = domain.join()) return *mine;
    ::sched_yield();  // until memory or a record is free
  }
}

}  // namespace

EpochReclaimer<>& detail::join_process_epochs() noexcept { return *(local_epochs = &join(epochs.domain)); }
HazardReclaimer<>& detail::join_process_hazards() noexcept { return *(local_hazards = &join(hazards.domain)); }

}  // namespace libabi::sync
