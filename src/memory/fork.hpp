#pragma once
/// What must be held over a fork(), so that no lock of memory is found taken in the child by a thread that is not there.

namespace libabi::memory {

void lock_accounts() noexcept;
void unlock_accounts() noexcept;

/// Of the threads' caches the child has its own; those of the threads that are gone are left alone, since a fork() may have
/// caught them at any point.
void lock_slabs() noexcept;
void unlock_slabs() noexcept;

/// Has all of these taken and released around every fork() from now on. False where the system has no memory for that.
bool watch_forks() noexcept;

}  // namespace libabi::memory
