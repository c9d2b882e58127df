// Who sleeps, who is woken, and who is called to take part in something.
#include "core.hpp"
#include "futex.hpp"
#include "gang.hpp"

#include <bit>
#include <thread>

namespace libabi::task::detail {

constinit thread_local Worker* current_worker [[gnu::tls_model("initial-exec")]] = nullptr;

void Worker::wake_another() noexcept { static_cast<Member*>(this)->core->wake_one(); }

void Core::enter_books_of_parked(Member& member) noexcept {
  parked[member.index / 64].fetch_or(std::uint64_t{1} << member.index % 64, std::memory_order_seq_cst);
  idlers.word.fetch_add(Idlers::one_parked - Idlers::one_searching, std::memory_order_seq_cst);
}

void Core::leave_books_of_parked(Member& member) noexcept {
  parked[member.index / 64].fetch_and(~(std::uint64_t{1} << member.index % 64), std::memory_order_seq_cst);
  idlers.word.fetch_add(Idlers::one_searching - Idlers::one_parked, std::memory_order_seq_cst);
}

void Core::rouse(Member& member) noexcept {
  if (host)
    host->send_for(member);
  else
    futex_wake(member.doing);
}

// None where all that sleep have not quite fallen asleep: they look again before they do. The one that keeps the time is left
// to it where another one sleeps.
bool Core::wake_one() noexcept {
  Member* const keeper = time.keeper();
  for (std::size_t word = 0; word < parked_words; ++word)
    for (std::uint64_t bits = parked[word].load(std::memory_order_seq_cst); bits != 0; bits &= bits - 1) {
      Member& member = members[word * 64 + static_cast<unsigned>(std::countr_zero(bits))];
      if (&member != keeper && wake(member)) return true;
    }
  return keeper && wake(*keeper);
}

bool Core::wake(Member& member) noexcept {
  if (!member.change(Doing::parked, Doing::claimed)) return false;
  leave_books_of_parked(member);
  Tally::count(member.tally.wakes);
  member.set(Doing::searching);
  rouse(member);
  return true;
}

void Core::submit_from_outside(Job& job) noexcept {
  inbox.push(job);
  // A worker that has just finished something is about to search: a moment's patience saves the system call.
  constexpr int looks = 16;
  for (int look = 0; look < looks; ++look) {
    if (!Idlers::want_waking(idlers.word.load(std::memory_order_seq_cst))) return;
    sync::spin_pause();
  }
  wake_one();
}

bool Core::claim_one(Member& member, bool sleepers_too) noexcept {
  const Doing now = member.now();
  if (now == Doing::searching) {
    if (!member.change(Doing::searching, Doing::claimed)) return false;
  } else {
    if (now != Doing::parked || !sleepers_too || !member.change(Doing::parked, Doing::claimed)) return false;
    leave_books_of_parked(member);
  }
  member.slept = now == Doing::parked;
  return true;
}

void Core::claim(unsigned wanted, bool sleepers_too, Crew& crew) noexcept {
  for (Member& member : members) {
    if (crew.count >= wanted) return;
    if (!claim_one(member, sleepers_too)) continue;
    member.next_claimed = nullptr;
    (crew.last ? crew.last->next_claimed : crew.first) = &member;
    crew.last = &member;
    ++crew.count;
  }
}

void Core::gather(unsigned wanted, std::chrono::nanoseconds patience, Crew& crew) noexcept {
  using Clock = std::chrono::steady_clock;
  claim(wanted, true, crew);
  if (crew.count == wanted) return;
  for (const Clock::time_point since = Clock::now(); crew.count != wanted && Clock::now() - since < patience;) {
    sync::spin_pause();
    claim(wanted, true, crew);
  }
}

void Core::send(Crew& crew, Call& call, unsigned first_seat) noexcept {
  for (Member* member = crew.first; member;) {
    Member& one = *member;
    member = one.next_claimed;
    const bool slept = one.slept;
    one.call = &call;
    one.seat = first_seat++;
    if (slept) Tally::count(one.tally.wakes);
    one.set(Doing::summoned);
    if (slept) rouse(one);
  }
}

void Core::begin_with_those_who_come(GangCall& call, unsigned sent, std::chrono::nanoseconds patience) noexcept {
  using Clock = std::chrono::steady_clock;
  for (const Clock::time_point since = Clock::now(); call.come() != sent && Clock::now() - since < patience;)
    std::this_thread::yield();
  if (call.come() != sent) {
    const unsigned revoked = revoke(call);
    call.running.forget(revoked);
    while (call.come() != sent - revoked) sync::spin_pause();  // they are there, and about to say so
  }
  call.begin(call.come() + 1);
}

unsigned Core::revoke(Call& call) noexcept {
  unsigned revoked = 0;
  for (Member& member : members) {
    if (member.now() != Doing::summoned || !member.change(Doing::summoned, Doing::claimed)) continue;
    const bool ours = member.call == &call;
    member.set(ours ? Doing::searching : Doing::summoned);
    revoked += ours;
  }
  return revoked;
}

}  // namespace libabi::task::detail
