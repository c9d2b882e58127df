#pragma once
/// When may memory be freed that other threads may still be reading? The one concept behind which two answers stand.
///
///     struct Node : Retirable { Value value; };
///     typename R::Guard guard(mine);                // mine: this thread's reclaimer, R::local() for instance
///     Node* const node = guard.protect(head_);      // not freed while the guard protects it
///     use(node->value);
///
///     Node* const old = head_.exchange(fresh, ...); // unlinked: no new guard can find it
///     mine.retire(*old, [](Retirable* node) noexcept { delete static_cast<Node*>(node); });
///
/// EpochReclaimer (epoch.hpp): a guard protects everything that it reads; the cheapest, but a thread that stays in a guard holds
/// back all memory that is retired meanwhile. HazardReclaimer (hazard_pointers.hpp): a guard protects the one pointer that it
/// read last; what a thread can hold back is bounded. Code for hazard pointers is right with epochs too.
///
/// A reclaimer is a thread's part in a domain: R::local() is the calling thread's part in the domain of the process, which it
/// joins at its first use and leaves at its end; Domain::join() and leave() are for domains of one's own. Threads come and go
/// as they like; what a thread leaves unfreed the others free. The child of a fork() has the domain of the process, without the
/// threads that are gone and without what they had retired. Retiring allocates nothing: an object is its own place in the list.
///
/// Rules. An object is unlinked, so that no new guard can find it, before it is retired, and retired once. protect(source)
/// reads `source` until it could publish what it read; with hazard pointers the object that `source` stands in must be
/// protected itself or never retired, and a source in an object that may be unlinked must be checked to be linked still. A
/// guard is used by the thread that made it; guards may be nested. A Region makes the guards inside it cheaper and nothing else.

#include <concepts>

namespace libabi::sync {

/// What an object derives from that is to be retired.
struct Retirable {
  Retirable* next_retired = nullptr;                    ///< the reclaimer's
  void (*free_retired)(Retirable*) noexcept = nullptr;  ///< the reclaimer's
};

/// Frees a retired object. Called once, on any thread; may retire other objects.
using Free = void (*)(Retirable* object) noexcept;

namespace detail {
struct AnyRetirable : Retirable {};
}  // namespace detail

template <class R>
concept Reclaimer = requires(R& mine, typename R::Guard& guard, const typename R::template Atomic<detail::AnyRetirable*>& source,
                             Retirable& object, Free free) {
  requires std::constructible_from<typename R::Guard, R&>;
  requires std::constructible_from<typename R::Region, R&>;
  { guard.protect(source) } noexcept -> std::same_as<detail::AnyRetirable*>;
  { guard.show(&object) } noexcept;  // protects it if what is loaded after this shows that it was not retired before
  { guard.reset() } noexcept;
  { mine.retire(object, free) } noexcept;
  { mine.collect() } noexcept;  // frees what can be freed now
};

namespace detail {

/// A list of retired objects, newest first.
struct RetiredList {
  Retirable* first = nullptr;
  unsigned count = 0;

  void add(Retirable& object) noexcept {
    object.next_retired = first;
    first = &object;
    ++count;
  }
  void take_over(Retirable* chain) noexcept {
    while (chain) {
      Retirable* const next = chain->next_retired;
      add(*chain);
      chain = next;
    }
  }
  /// The list is emptied first, since what is freed may retire.
  void free_all() noexcept {
    Retirable* object = first;
    *this = {};
    while (object) {
      Retirable* const next = object->next_retired;
      object->free_retired(object);
      object = next;
    }
  }
};

}  // namespace detail
}  // namespace libabi::sync
