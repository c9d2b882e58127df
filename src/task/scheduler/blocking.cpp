// Spares: threads that take the place of workers that block.
#include "core.hpp"
#include "futex.hpp"

#include <utility>

namespace libabi::task {

BlockingScope::BlockingScope() noexcept : worker_(detail::current_worker) {
  if (auto* const me = static_cast<detail::Member*>(detail::current_worker)) me->core->begin_blocking(*me);
}

BlockingScope::~BlockingScope() {
  // In the child of a fork() there are no workers any more.
  if (worker_ && worker_ == detail::current_worker) {
    auto& me = *static_cast<detail::Member*>(detail::current_worker);
    me.core->end_blocking(me);
  }
}

namespace detail {

// One of the spares searches for work in its stead: one that is not needed any more, one that has retired, or a new one.
void Core::begin_blocking(Member& me) noexcept {
  if (host || me.blocked++ != 0) return;
  const std::lock_guard lock(spares);
  if (stopping.load(std::memory_order_relaxed)) return;
  me.has_stand_in = true;
  if (surplus.load(std::memory_order_relaxed) != 0) {
    surplus.fetch_sub(1, std::memory_order_relaxed);  // it is at work still, or sleeps among those who can be woken
    wake_for_what_is_left(me);
    return;
  }
  for (unsigned index = regular; index < started_members.load(std::memory_order_relaxed); ++index) {
    Member& spare = members[index];
    if (!spare.change(Doing::retired, Doing::claimed)) continue;
    active.fetch_add(1, std::memory_order_relaxed);
    idlers.word.fetch_add(Idlers::one_searching, std::memory_order_seq_cst);
    spare.set(Doing::searching);
    rouse(spare);
    return;
  }
  me.has_stand_in = started_members.load(std::memory_order_relaxed) < members.size() && start_next_spare();
}

// As when a worker parks: what was made while another one was seen to search, who retires or blocks by now, is looked for again.
void Core::wake_for_what_is_left(const Member& me) noexcept {
  sync::heavy_fence();
  if (work_is_visible(me) && Idlers::want_waking(idlers.word.load(std::memory_order_seq_cst))) wake_one();
}

bool Core::start_next_spare() noexcept {
  Member& spare = members[started_members.load(std::memory_order_relaxed)];
  active.fetch_add(1, std::memory_order_relaxed);
  idlers.word.fetch_add(Idlers::one_searching, std::memory_order_seq_cst);
  spare.set(Doing::searching);
  const Result<void> started = boundary([&] { return start_thread(spare); });
  if (started) {
    started_members.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  spare.set(Doing::retired);
  idlers.word.fetch_sub(Idlers::one_searching, std::memory_order_seq_cst);
  active.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

void Core::end_blocking(Member& me) noexcept {
  if (host || --me.blocked != 0 || !std::exchange(me.has_stand_in, false)) return;
  const std::lock_guard lock(spares);
  surplus.fetch_add(1, std::memory_order_relaxed);  // the next spare that finds nothing retires
}

// A searching spare that is not needed any more; it has slept when this returns true.
bool Core::retire(Member& me) noexcept {
  if (surplus.load(std::memory_order_relaxed) == 0) return false;
  {
    const std::lock_guard lock(spares);
    if (stopping.load(std::memory_order_relaxed) || surplus.load(std::memory_order_relaxed) == 0) return false;
    if (!me.change(Doing::searching, Doing::busy)) return false;
    surplus.fetch_sub(1, std::memory_order_relaxed);
    active.fetch_sub(1, std::memory_order_relaxed);
    end_search(me);
    me.set(Doing::retired);
  }
  sleep(me);
  return true;
}

}  // namespace detail
}  // namespace libabi::task
