#include "schedule.hpp"

#include <algorithm>

namespace libabi::backends::cpu {

namespace {

constexpr std::uint64_t line = 64;  // what is written by different members stands in lines of its own

std::unexpected<Error> too_large() {
  return error(ErrorCode::invalid_argument, "the workspace of the graph exceeds 63 bits of bytes");
}

/// Adds `bytes`, rounded up to whole lines, to `total`.
Result<void> extend(std::uint64_t& total, std::uint64_t bytes) {
  constexpr std::uint64_t most = std::uint64_t{1} << 62;
  if (bytes > most || total > most) return too_large();
  total += (bytes + line - 1) / line * line;
  return {};
}

Result<std::uint64_t> bytes_of(const Region& region) {
  std::uint64_t bytes = 0, whole = 0;
  if (__builtin_mul_overflow(static_cast<std::uint64_t>(region.shape.rows), static_cast<std::uint64_t>(region.shape.columns),
                             &bytes))
    return too_large();
  ABI_TRY(extend(whole, bytes));
  return whole;
}

/// Gives every region a place, the largest first, at the lowest offset where it meets none that is alive with it.
Result<std::uint64_t> place_regions(std::vector<Region>& regions) {
  struct Placed {
    Region* region;
    std::uint64_t bytes;
  };
  std::vector<Placed> order;
  std::uint64_t sum = 0;
  for (Region& region : regions) {
    ABI_TRY(const std::uint64_t bytes, bytes_of(region));
    ABI_TRY(extend(sum, bytes));
    order.push_back({&region, bytes});
  }
  std::sort(order.begin(), order.end(),
            [](const Placed& a, const Placed& b) { return a.bytes != b.bytes ? a.bytes > b.bytes : a.region < b.region; });
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    Region& region = *order[i].region;
    for (bool moved = true; moved;) {
      moved = false;
      for (std::size_t j = 0; j < i; ++j) {
        const Region& other = *order[j].region;
        const bool together = region.first_step <= other.last_step && other.first_step <= region.last_step;
        if (!together || other.offset + order[j].bytes <= region.offset || region.offset + order[i].bytes <= other.offset)
          continue;
        region.offset = other.offset + order[j].bytes;
        moved = true;
      }
    }
    total = std::max(total, region.offset + order[i].bytes);
  }
  return total;
}

void find_lives(Planner& planner) {
  for (std::uint32_t i = 0; i < planner.steps.size(); ++i) {
    const Step& step = planner.steps[i];
    if (step.writes != no_region) planner.regions[step.writes].first_step = planner.regions[step.writes].last_step = i;
    for (const std::uint32_t read : step.reads)
      if (read != no_region) planner.regions[read].last_step = i;
  }
}

}  // namespace

void Planner::add(const Operation& operation, std::uint32_t node) {
  Step step{.operation = &operation, .node = node};
  if (operation.plan) operation.plan(*this, node, step);
  steps.push_back(step);
}

std::uint32_t Planner::shared(const Operation& maker, std::uint32_t node, const compute::Shape& shape) {
  for (const Step& step : steps)
    if (step.operation == &maker && maker.same(graph, graph.nodes()[step.node], graph.nodes()[node])) return step.writes;
  const auto index = static_cast<std::uint32_t>(regions.size());
  regions.push_back({.shape = shape});
  Step step{.operation = &maker, .node = node, .writes = index};
  if (maker.plan) maker.plan(*this, node, step);
  steps.push_back(step);
  return index;
}

Result<Schedule> make_schedule(const Graph& graph, const KernelTables& kernels, unsigned members) {
  Planner planner(graph, kernels);
  std::uint64_t scratch = 0;
  for (std::uint32_t i = 0; i < graph.nodes().size(); ++i) planner.add(operation_of(graph.nodes()[i].op), i);
  find_lives(planner);
  for (const Step& step : planner.steps)
    if (step.operation->scratch_bytes)
      scratch = std::max(scratch, step.operation->scratch_bytes(graph, graph.nodes()[step.node], kernels));

  Schedule out{.steps = std::move(planner.steps), .regions = std::move(planner.regions)};
  std::uint64_t total = 0;
  ABI_TRY(extend(total, out.steps.size() * sizeof(Claims)));
  out.regions_offset = total;
  ABI_TRY(const std::uint64_t regions, place_regions(out.regions));
  ABI_TRY(extend(total, regions));
  out.scratch_offset = total;
  ABI_TRY(extend(out.scratch_bytes, scratch));
  for (unsigned member = 0; member < members; ++member) ABI_TRY(extend(total, out.scratch_bytes));
  for (Region& region : out.regions) region.offset += out.regions_offset;
  out.workspace_bytes = total;
  return out;
}

}  // namespace libabi::backends::cpu
