#include "sync/model/forward.hpp"

#include <abi/base/error.hpp>
#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace libabi::sync::model {

std::size_t Forward::next_thread(Run&, std::span<const std::size_t> ready) { return choose_thread(ready); }

void Forward::loaded(Run& run, EventId load, std::span<const EventId> options) {
  Event& event = run.graph().at(load);
  const auto allows = [&](EventId source, bool spurious) {
    event.source = source;
    if (spurious && !run.graph().may_fail(load, settings_.spurious_failures)) return false;
    event.spurious = spurious;
    const bool allowed = run.try_source(load, source);
    event.spurious = false;
    return allowed;
  };
  std::vector<EventId> allowed;
  for (const EventId& source : options)
    if (allows(source, false) || allows(source, true)) allowed.push_back(source);
  const EventId source = allowed.size() > 1 ? choose_source(allowed) : options.back();
  const bool may_fail = allows(source, true);
  const bool may_succeed = allows(source, false);
  event.source = source;
  event.spurious = may_fail && (!may_succeed || choose_failure());
}

void Forward::stored(Run& run, EventId store) {
  Graph& graph = run.graph();
  const Event& event = graph.at(store);
  if (event.kind != Kind::store) return;
  const EventId newest = event.mo_previous;
  graph.take_out(store);
  std::vector<EventId> allowed;
  for (EventId previous = event.floor; previous; previous = graph.at(previous).mo_next) {
    if (!graph.may_follow(previous)) continue;
    graph.place(store, previous);
    if (previous == newest || !graph.needs_sequential_check(event.happened) || graph.sequentially_consistent())
      allowed.push_back(previous);
    graph.take_out(store);
  }
  graph.place(store, allowed.size() > 1 ? choose_place(allowed) : newest);
}

namespace {

class Random final : public Forward {
 public:
  Random(const Settings& settings, std::uint64_t seed) : Forward(settings), random_(seed) {
    // Some executions change threads at every step, some seldom; some read old values often.
    stay_ = random_() % 4 * 25;
    old_ = 10 + random_() % 3 * 25;
  }
  bool pauses_end() const noexcept override { return true; }

 private:
  bool chance(std::uint64_t percent) { return random_() % 100 < percent; }
  std::size_t choose_thread(std::span<const std::size_t> ready) override {
    for (const std::size_t thread : ready)
      if (thread == last_ && chance(stay_)) return thread;
    return last_ = ready[random_() % ready.size()];
  }
  EventId choose_source(std::span<const EventId> options) override {
    return chance(old_) ? options[random_() % options.size()] : options.back();
  }
  EventId choose_place(std::span<const EventId> options) override { return choose_source(options); }
  bool choose_failure() override { return chance(5); }

  std::mt19937_64 random_;
  std::size_t last_ = 0;
  std::uint64_t stay_;
  std::uint64_t old_;
};

/// Counts through all choices: the last one that has another value left takes it.
class Counter final : public Forward {
 public:
  using Forward::Forward;
  bool pauses_end() const noexcept override { return false; }
  bool advance() {
    position_ = 0;
    while (!digits_.empty() && digits_.back().value + 1 == digits_.back().radix) digits_.pop_back();
    if (digits_.empty()) return false;
    ++digits_.back().value;
    return true;
  }

 private:
  struct Digit {
    std::size_t value;
    std::size_t radix;
  };
  std::size_t next(std::size_t radix) {
    if (position_ == digits_.size()) digits_.push_back({0, radix});
    return digits_[position_++].value;
  }
  std::size_t choose_thread(std::span<const std::size_t> ready) override { return ready[next(ready.size())]; }
  EventId choose_source(std::span<const EventId> options) override { return options[next(options.size())]; }
  EventId choose_place(std::span<const EventId> options) override { return options[next(options.size())]; }
  bool choose_failure() override { return next(2) == 1; }

  std::vector<Digit> digits_;
  std::size_t position_ = 0;
};

/// The steps that Graph::steps() wrote: "thread", "thread:store", "thread:store!" for a weak failure.
class Steps final : public Forward {
 public:
  Steps(const Settings& settings, const std::string& text) : Forward(settings), in_(text) {}
  bool pauses_end() const noexcept override { return false; }

 private:
  std::size_t choose_thread(std::span<const std::size_t> ready) override {
    std::string step;
    if (!(in_ >> step)) return kThreads;
    unsigned thread = 0;
    choice_ = EventId{};
    unsigned parts[2] = {};
    const int read = std::sscanf(step.c_str(), "%u:%u.%u", &thread, &parts[0], &parts[1]);
    if (read == 3) choice_ = {static_cast<std::uint16_t>(parts[0]), static_cast<std::uint16_t>(parts[1])};
    fails_ = step.ends_with('!');
    return std::ranges::find(ready, std::size_t{thread}) != ready.end() ? thread : kThreads;
  }
  EventId choose_source(std::span<const EventId> options) override {
    return std::ranges::find(options, choice_) != options.end() ? choice_ : options.back();
  }
  EventId choose_place(std::span<const EventId> options) override { return choose_source(options); }
  bool choose_failure() override { return fails_; }

  std::istringstream in_;
  EventId choice_;
  bool fails_ = false;
};

Report one(Forward& driver, const Body& body, const Settings& settings, bool tracing, Report report = {}) {
  Run run({}, driver, settings.limits, tracing);
  const Run::Outcome outcome = run.execute(body);
  ++report.runs;
  report.complete += outcome == Run::Outcome::complete;
  report.blocked += outcome == Run::Outcome::blocked;
  report.failure = run.failure();
  report.trace = run.trace();
  if (outcome == Run::Outcome::complete && settings.on_complete) settings.on_complete(run.graph());
  return report;
}

std::uint64_t chosen_seed(std::uint64_t seed) {
  if (seed != 0) return seed;
  if (const char* const given = std::getenv("ABI_SEED")) seed = std::strtoull(given, nullptr, 10);
  if (seed == 0) seed = 20261125;
  std::printf("ABI_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

}  // namespace

Report explore_randomly(const Body& body, std::uint64_t executions, std::uint64_t seed, const Settings& settings) {
  if (const char* const wanted = std::getenv("ABI_MODEL_REPLAY")) return replay(body, wanted, settings);
  std::mt19937_64 seeds(chosen_seed(seed));
  Report report;
  for (std::uint64_t i = 0; i < executions; ++i) {
    const std::uint64_t own = seeds();
    Random driver(settings, own);
    report = one(driver, body, settings, false, std::move(report));
    if (report.passed()) continue;
    report.replay = libabi::format("seed {}", own);
    report.trace = replay(body, report.replay, settings).trace;
    break;
  }
  return report;
}

Report explore_naively(const Body& body, const Settings& settings) {
  Counter driver(settings);
  Report report;
  do {
    report = one(driver, body, settings, false, std::move(report));
  } while (report.passed() && report.runs < settings.executions && driver.advance());
  report.exhausted = report.passed() && report.runs < settings.executions;
  return report;
}

Report replay(const Body& body, const std::string& text, const Settings& settings) {
  Report report;
  if (text.starts_with("seed ")) {
    Random driver(settings, std::strtoull(text.c_str() + 5, nullptr, 10));
    report = one(driver, body, settings, true);
  } else {
    Steps driver(settings, text.starts_with("steps ") ? text.substr(6) : text);
    report = one(driver, body, settings, true);
  }
  report.replay = text;
  return report;
}

}  // namespace libabi::sync::model
