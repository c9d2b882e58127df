#pragma once
// One run of a scenario along an execution graph, and beyond it: what the graph holds is done again, what comes after is added
// as the driver chooses.

#include "sync/model/fiber.hpp"
#include "sync/model/graph.hpp"
#include "sync/model/site.hpp"

#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace libabi::sync::model {

class Program;
class Run;
using Body = std::function<void(Program&)>;

/// Who decides what is added to a graph.
class Driver {
 public:
  virtual ~Driver() = default;
  /// Whether a thread stops before each event, so that next_thread() decides about every step.
  virtual bool stepwise() const noexcept = 0;
  /// Which of these threads goes on.
  virtual std::size_t next_thread(Run& run, std::span<const std::size_t> ready) = 0;
  /// A load was added; its source is to be set. `options`: the stores that it may read, oldest first, the last one already set.
  virtual void loaded(Run& run, EventId load, std::span<const EventId> options) = 0;
  /// A store was added at the end of the modification order; an update_store behind its source.
  virtual void stored(Run& run, EventId store) = 0;
  /// Whether a thread that pauses waits for what others store (true), or ends there (false).
  virtual bool pauses_end() const noexcept = 0;
};

struct Limits {
  std::size_t steps = 400;  ///< events of one thread; more are reported as an endless loop
  unsigned pauses = 0;      ///< pauses of one thread that do nothing, for loops that are bounded by themselves
};

class Run {
 public:
  enum class Outcome {
    complete,
    blocked,  ///< some thread waits in vain for a store that it could see; another execution is the one in which it does
    cut,      ///< the graph is not one that the model allows
    failed,
  };

  Run(Graph graph, Driver& driver, const Limits& limits, bool tracing = false);
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Outcome execute(const Body& body);

  const std::string& failure() const noexcept { return failure_; }
  std::size_t failed_thread() const noexcept { return failed_thread_; }
  const std::string& trace() const noexcept { return trace_; }
  Graph& graph() noexcept { return graph_; }

  // For drivers. Within stored(): the run leads nowhere.
  void cut() noexcept { cut_ = true; }
  /// Within loaded(): lets the load read that store. False where the model does not allow it.
  bool try_source(EventId load, EventId source);

  // For the program under test: atomics.hpp, program.hpp.
  static Run& current();
  EventId construct(std::uint64_t value, bool data, const std::source_location& place);
  void destroy(EventId location);
  std::uint64_t load(EventId location, const Site& site);
  void store(EventId location, std::uint64_t value, const Site& site);
  using Change = std::uint64_t (*)(std::uint64_t old, std::uint64_t operand);
  std::uint64_t update(EventId location, Change change, std::uint64_t operand, const Site& site);
  bool compare_exchange(EventId location, std::uint64_t& expected, std::uint64_t desired, bool weak, const Site& success,
                        const Site& failure);
  void fence(const Site& site);
  void pause();

  std::uint32_t make_cell(bool set);
  void end_cell(std::uint32_t cell);
  void write_cell(std::uint32_t cell, bool leaves_value);
  void read_cell(std::uint32_t cell);
  /// As a write of a Plain that stands there.
  void own(const void* object);

  [[noreturn]] void fail(const std::string& message);
  std::size_t add_thread(std::function<void()> body);
  void join();

  /// Where the running thread is: its number, how many events it has made, and what happened before.
  struct Moment {
    std::size_t thread;
    std::uint16_t events;
    Clock happened;
    bool joined;  ///< it is the body, and its threads have ended
  };
  Moment now() const;

 private:
  enum class State { fresh, running, joining, awaiting, frontier, paused, blocked, ended, dead };
  struct Thread {
    State state = State::fresh;
    std::function<void()> body;
    Clock current;   // what happens before its next event
    Clock acquired;  // what it would know after an acquire fence
    Clock released;  // what its last release fence publishes
    Clock caused;
    EventId awaited;
    std::uint16_t executed = 0;
    bool mid_update = false;
    unsigned pauses = 0;
    std::uint64_t stores_seen = 0;
  };
  struct Cell {
    std::uint16_t writer;
    std::uint16_t written;  // events the writer had made
    Clock readers;
    bool alive;
    bool set;
  };

  Thread& self() noexcept { return threads_[running_]; }
  bool replaying(const Thread& thread) const noexcept { return thread.executed < graph_.size(index_of(thread)); }
  std::size_t index_of(const Thread& thread) const noexcept { return static_cast<std::size_t>(&thread - threads_.data()); }

  static void enter_fiber(void* thread);
  void start(std::size_t thread);
  void resume(std::size_t thread);
  void yield(State state);
  bool pick_replaying(std::size_t& thread) const;
  bool pick_extending(std::size_t& thread);
  bool everyone(State state) const noexcept;
  void judge_end();
  void after_threads();
  bool everything_replayed();

  void reach(EventId location);
  bool step(bool second_half = false);
  EventId expect(Kind kind, EventId location);
  EventId add(const Event& event);
  void executed(EventId id);
  struct Reading {
    bool conditional = false;
    bool update = false;
    bool weak = false;
    std::uint64_t expected = 0;
  };
  EventId read(EventId location, const Reading& reading, const Site& success, const Site& failure);
  void settle(Event& event, const Site& success, const Site& failure) const noexcept;
  void write(EventId location, std::uint64_t value, EventId source, const Site& site);
  void check_cell(std::uint32_t cell, bool write);

  void note(EventId id, const std::string& what, const std::source_location& place);
  static std::string name(EventId location);

  Graph graph_;
  Driver& driver_;
  Limits limits_;
  bool tracing_;
  std::array<Thread, kThreads> threads_{};
  std::size_t thread_count_ = 1;
  std::size_t running_ = kThreads;    // none
  std::size_t permitted_ = kThreads;  // who may add events
  const Site* sites_[2] = {};         // of the load that is being added
  bool replayed_ = false;
  bool joined_ = false;
  bool fair_ = false;  // at the end, where everybody sees the newest stores
  bool cut_ = false;
  std::uint64_t stores_ = 0;
  std::string failure_;
  std::size_t failed_thread_ = 0;
  std::string trace_;
  std::vector<Cell> cells_;
  std::vector<std::pair<const void*, std::uint32_t>> owned_;  // and its cell
};

}  // namespace libabi::sync::model
