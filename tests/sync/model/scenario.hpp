#pragma once
/// A model checker for the lock-free structures of abi/sync: runs the very templates that ship in every way that the C++ memory
/// model allows, and shows that each memory order in them is needed.
///
///     void two_producers(Program& program) {
///       auto queue = BoundedQueue<int, ModelAtomics>::create(2).value();      // before the threads
///       int got = 0;
///       program.thread([&] { queue->push(1); });
///       program.thread([&] { queue->push(2); });
///       program.run();                                                        // until both have ended
///       require(queue->pop(got) && queue->pop(got), "an item is lost");       // after them
///     }
///     TEST(BoundedQueueModel, KeepsWhatTwoProducersPush) {
///       EXPECT_EQ(failures({{two_producers}}), "");
///     }
///     TEST(BoundedQueueModel, NeedsEachOfItsOrders) {                          // mutants.hpp
///       EXPECT_EQ(hunt({{two_producers}, ...}, {"bounded_queue.hpp"}).text(), "");
///     }
///
/// ## The model
///
/// RC11 (Lahav, Vafeiadis, Kang, Hur and Dreyer, PLDI 2017) with C++20's release sequences (read-modify-writes alone go on with
/// one): relaxed, acquire, release and sequentially consistent accesses and fences; loads may read any store that coherence
/// allows, however old, and stores take any place in the modification order that it allows. A heavy fence (P1202R5) is a
/// sequentially consistent fence that is ordered against light ones too; light fences order nothing among themselves and
/// publish nothing. What RC11 leaves out of the standard's text are executions in which program order and reads-from form a
/// cycle (load buffering, and with it values out of thin air): the standard's own note wants no such values, and no checker can
/// tell the rest from them, since that takes dependencies, which the standard does not have. Orders that guard against nothing
/// else would go unnoticed: those by which an atomic slot is read before it is given back for others to write. So where is_data
/// holds for an atomic's type, a load that only RC11 keeps from reading a store that follows from it is a failure, unless the
/// compare-and-swap behind it fails. The model is stronger than the standard in that point and in no other.
///
/// ## What is found
///
/// Data races on Plain; use of an atomic or a Plain that is ended, or whose construction does not happen before; a Plain read
/// that holds nothing; wild pointers; memory freed twice or never; require() that does not hold; exceptions; endless loops, and
/// threads that wait in Policy::pause() for what nobody is going to store. A report has the trace (who did what with which
/// order at which line, and which store each load read) and a text that brings the execution back: replay(), or the environment
/// variable ABI_MODEL_REPLAY for the test's process. Random executions come back by their seed.
///
/// ## How to add a scenario for a new structure
///
/// 1. Write the structure over a policy: Atomic for what is shared, Plain for what one thread at a time owns, an explicit order
///    at each call. Members that one thread alone ever touches, or that are constant when the object is published, may stay
///    as they are; a race on them is not seen, so what others may read belongs into a Plain.
/// 2. Write scenarios as above, small: two or three threads with one to three operations each find nearly all there is to find.
///    A body must do the same each time it is run but for what its atomics tell it: no addresses, no time, no random numbers.
///    It makes everything it uses; gtest has no business in it, require() does. Everything it allocates by operator new it frees.
/// 3. Record its operations in a History and require(linearizable<...>(history)): history.hpp. What the body itself does before
///    and after the threads counts as well, and makes cheap checks: drain the structure and compare.
/// 4. explore() has to be exhausted in a second or so; for what is larger there is explore_randomly(). Where a scenario could
///    have more operations, let it take a number of them, and give it depth() (ABI_MODEL_DEPTH, for the night): trial.hpp.
/// 5. Give all scenarios of the structure, at depth 0, to hunt(). Each order that it names is stronger than any scenario needs:
///    find the scenario, or weaken the order.
/// 6. What is no Plain and yet passes from thread to thread, as a record that a thread leaves and another takes, the structure
///    may name to detail::alone<Policy>() (atomics.hpp): a race on it is seen then.
///
/// Loops that wait for another thread call Policy::pause(), which ends the turn there: a thread that would spin goes on only in
/// the executions in which what it reads is different. Where a loop pauses a bounded number of times and then does something
/// else, Limits::pauses says how many pauses of a thread are to do nothing.
///
/// Cost: four microseconds an execution of the deque, more where there are many sequentially consistent fences. Not thread-safe:
/// one exploration at a time.

#include "sync/model/atomics.hpp"
#include "sync/model/explore.hpp"
#include "sync/model/history.hpp"
#include "sync/model/mutants.hpp"
#include "sync/model/trial.hpp"
