#include "run.hpp"

#include <new>

namespace libabi::backends::cpu {

namespace {

/// One run as its members see it.
class Walk {
 public:
  Walk(const Program& program, const Run& run, const task::StopToken& stop)
      : program_(program), run_(run), stop_(stop), claims_(reinterpret_cast<Claims*>(run.workspace)) {
    for (std::size_t i = 0; i < program.schedule().steps.size(); ++i) new (claims_ + i) Claims{};
  }

  void walk(task::GangMember& member) {
    std::uint32_t met = 0;
    for (std::size_t i = 0; i < program_.moves().size(); ++i) {
      const Move& move = program_.moves()[i];
      if (move.barrier || member.count() == 1) {
        if (member.index() == 0 && (stop_.stop_requested() || failed_.load(std::memory_order_relaxed)))
          leave_at_.store(met, std::memory_order_relaxed);
        if (!member.barrier() || leave_at_.load(std::memory_order_relaxed) <= met) return;
        ++met;
      }
      take_part(i, move, member);
    }
  }

  Result<void> result() const {
    if (failed_.load(std::memory_order_relaxed))
      return error(ErrorCode::out_of_range, "a value that is not finite cannot be stored in a state of quantised blocks");
    if (leave_at_.load(std::memory_order_relaxed) != never) return error(ErrorCode::cancelled, "the run is cancelled");
    return {};
  }

 private:
  void take_part(std::size_t index, const Move& move, const task::GangMember& member) {
    const bool solo = move.mode == Mode::solo;
    if (solo && member.index() != 0) return;
    const Schedule& schedule = program_.schedule();
    const Step& step = schedule.steps[index];
    const Node& node = run_.graph.nodes()[step.node];
    Call call{.run = run_,
              .step = step,
              .node = node,
              .member = member.index(),
              .members = solo ? 1 : member.count(),
              .claims = claims_ + index,
              .scratch = run_.workspace + schedule.scratch_offset + member.index() * schedule.scratch_bytes,
              .failed = &failed_};
    const View written = step.writes == no_region ? call.output() : run_.region(step.writes);
    Range rows{0, written.rows}, columns{0, written.columns};
    constexpr std::int64_t floats_of_a_line = 16;
    if (move.mode == Mode::rows) rows = share_of(written.rows, call.member, call.members);
    if (move.mode == Mode::columns) columns = share_of(written.columns, call.member, call.members, floats_of_a_line);
    call.row_begin = rows.begin;
    call.row_end = rows.end;
    call.column_begin = columns.begin;
    call.column_end = columns.end;
    step.operation->run(call);
  }

  static constexpr std::uint32_t never = 0xffffffff;
  const Program& program_;
  const Run& run_;
  const task::StopToken& stop_;
  Claims* claims_;
  std::atomic<bool> failed_{false};
  // The barrier after which all leave. A number and no flag: member 0 may decide on the next one before the others have
  // looked, and they must not leave before it.
  std::atomic<std::uint32_t> leave_at_{never};
};

}  // namespace

Result<void> run_program(const Program& program, const Run& run, task::Scheduler& scheduler, const task::StopToken& stop) {
  if (stop.stop_requested()) return error(ErrorCode::cancelled, "the run is cancelled before it begins");
  Walk walk(program, run, stop);
  ABI_TRY(scheduler.gang([&](task::GangMember& member) { walk.walk(member); }));
  return walk.result();
}

}  // namespace libabi::backends::cpu
