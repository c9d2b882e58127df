#include <abi/task/timer_wheel.hpp>

#include <algorithm>
#include <bit>

namespace libabi::task {

TimerWheel::TimerWheel(Tick present) noexcept : present_(present), due_{&due_, &due_} {
  for (Link& list : lists_) list = {&list, &list};
}

void TimerWheel::append(Link& list, Timer& timer) noexcept {
  Link& link = timer;
  link.previous = list.previous;
  link.next = &list;
  list.previous->next = &link;
  list.previous = &link;
}

void TimerWheel::place(Timer& timer) noexcept {
  if (timer.tick_ <= present_) return append(due_, timer);
  const unsigned level = (63u - static_cast<unsigned>(std::countl_zero(timer.tick_ ^ present_))) / slot_bits;
  const unsigned slot = static_cast<unsigned>(timer.tick_ >> (level * slot_bits)) % slots;
  used_slots_[level] |= std::uint64_t{1} << slot;
  used_levels_ |= 1u << level;
  append(lists_[level * slots + slot], timer);
}

void TimerWheel::insert(Timer& timer, Tick tick) noexcept {
  remove(timer);
  timer.tick_ = tick;
  place(timer);
}

bool TimerWheel::remove(Timer& timer) noexcept {
  Link& link = timer;
  if (!link.next) return false;
  link.previous->next = link.next;
  link.next->previous = link.previous;
  // Alone between the two ends of one list: that list is empty now, and its address says which it is.
  if (link.next == link.previous && link.next != &due_) {
    const auto list = static_cast<unsigned>(link.next - lists_.data());
    const unsigned level = list / slots;
    used_slots_[level] &= ~(std::uint64_t{1} << list % slots);
    if (used_slots_[level] == 0) used_levels_ &= ~(1u << level);
  }
  link.next = nullptr;
  return true;
}

TimerWheel::Tick TimerWheel::first_slot(unsigned level) const noexcept {
  const auto slot = static_cast<Tick>(std::countr_zero(used_slots_[level]));
  const unsigned shift = level * slot_bits;
  const Tick above = shift + slot_bits >= 64 ? 0 : present_ >> (shift + slot_bits) << (shift + slot_bits);
  return above | slot << shift;
}

// The present has come to the first used slot of the lowest used level: its timers are due or belong to lower levels.
void TimerWheel::open_slot(unsigned level) noexcept {
  const auto slot = static_cast<unsigned>(std::countr_zero(used_slots_[level]));
  used_slots_[level] &= used_slots_[level] - 1;
  if (used_slots_[level] == 0) used_levels_ &= ~(1u << level);
  Link& list = lists_[level * slots + slot];
  Link* link = list.next;
  if (level == 0) {  // one tick: all are due, and due_ is empty
    due_ = {list.previous, link};
    link->previous = list.previous->next = &due_;
    list = {&list, &list};
    return;
  }
  list = {&list, &list};
  while (link != &list) {
    Link* const following = link->next;
    __builtin_prefetch(following->next);
    place(static_cast<Timer&>(*link));
    link = following;
  }
}

Timer* TimerWheel::pop(Tick until) noexcept {
  while (due_.next == &due_) {
    if (used_levels_ == 0) break;
    const auto level = static_cast<unsigned>(std::countr_zero(used_levels_));
    const Tick slot = first_slot(level);
    if (slot > until) break;
    present_ = slot;
    open_slot(level);
  }
  if (due_.next == &due_) {
    present_ = std::max(present_, until);
    return nullptr;
  }
  Link* const link = due_.next;
  due_.next = link->next;
  link->next->previous = &due_;
  link->next = nullptr;
  return static_cast<Timer*>(link);
}

TimerWheel::Tick TimerWheel::next() const noexcept {
  if (due_.next != &due_) return present_;
  if (used_levels_ == 0) return never;
  return first_slot(static_cast<unsigned>(std::countr_zero(used_levels_)));
}

TimerWheel::Tick TimerWheel::first() const noexcept {
  if (due_.next != &due_ || used_levels_ == 0) return next();
  const auto level = static_cast<unsigned>(std::countr_zero(used_levels_));
  const Link& list = lists_[level * slots + static_cast<unsigned>(std::countr_zero(used_slots_[level]))];
  Tick first = never;
  for (const Link* link = list.next; link != &list; link = link->next)
    first = std::min(first, static_cast<const Timer*>(link)->tick_);
  return first;
}

}  // namespace libabi::task
