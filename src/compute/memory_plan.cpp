// Greedy by size over live ranges (Pisarchyk and Lee, 2020, "Efficient memory management for deep neural net inference",
// section 4.2): places are given from the largest tensor to the smallest, each in the tightest gap between those
// that live at the same time.

#include "op/descriptors.hpp"

#include <abi/base/boundary.hpp>
#include <abi/compute/memory_plan.hpp>
#include <abi/memory/buffer.hpp>

#include <algorithm>

namespace libabi::compute {

namespace {

/// Time is counted in nodes. One place: a tensor, and those that overwrite it one after the other.
struct Place {
  std::uint64_t bytes = 0;
  std::size_t first = 0, last = 0;  // nodes, both included
  std::uint64_t offset = no_place;
};

bool has_place(const TensorDesc& desc) { return desc.role == Role::input || desc.role == Role::intermediate; }

/// The node after which a tensor is not needed: nodes().size() for what is kept to the end.
std::vector<std::size_t> last_reads(const Graph& graph) {
  std::vector<std::size_t> last(graph.tensors().size(), 0);
  for (std::size_t n = 0; n < graph.nodes().size(); ++n) {
    last[graph.nodes()[n].output] = n;
    for (const TensorId id : graph.nodes()[n].used_inputs()) last[id] = n;
  }
  for (std::size_t id = 0; id < last.size(); ++id)
    if (graph.tensors()[id].role == Role::input) last[id] = graph.nodes().size();
  for (const TensorId id : graph.outputs()) last[id] = graph.nodes().size();
  return last;
}

/// The input that node n may write over: one of its output's shape that dies with it.
TensorId overwritten(const Graph& graph, std::size_t n, const std::vector<std::size_t>& last) {
  const Node& node = graph.nodes()[n];
  if (!descriptor_of(node.op).elementwise) return no_tensor;
  const TensorDesc& out = graph.tensor(node.output);
  for (const TensorId id : node.used_inputs()) {
    const TensorDesc& in = graph.tensor(id);
    if (in.role == Role::intermediate && last[id] == n && in.format == out.format && in.shape == out.shape) return id;
  }
  return no_tensor;
}

Result<std::uint64_t> aligned_bytes(const TensorDesc& desc) {
  ABI_TRY(const std::uint64_t bytes, tensor_bytes(desc));
  constexpr std::uint64_t align = memory::Buffer::alignment;
  return (bytes + align - 1) / align * align;
}

/// Gives every tensor its place, without offsets. `index` is by TensorId.
Result<void> make_places(const Graph& graph, std::vector<Place>& places, std::vector<std::size_t>& index) {
  const std::vector<std::size_t> last = last_reads(graph);
  const auto open = [&](TensorId id, std::size_t first) -> Result<void> {
    ABI_TRY(const std::uint64_t bytes, aligned_bytes(graph.tensor(id)));
    index[id] = places.size();
    places.push_back({.bytes = bytes, .first = first, .last = last[id]});
    return {};
  };
  for (std::size_t id = 0; id < graph.tensors().size(); ++id)
    if (graph.tensors()[id].role == Role::input) ABI_TRY(open(static_cast<TensorId>(id), 0));
  for (std::size_t n = 0; n < graph.nodes().size(); ++n) {
    const TensorId out = graph.nodes()[n].output;
    if (!has_place(graph.tensor(out))) continue;
    const TensorId dying = overwritten(graph, n, last);
    if (dying == no_tensor) {
      ABI_TRY(open(out, n));
    } else {
      index[out] = index[dying];
      places[index[out]].last = last[out];
    }
  }
  return {};
}

/// The start of the tightest gap of at least `bytes` between `busy` places (sorted by offset), or behind them.
std::uint64_t tightest_gap(const std::vector<const Place*>& busy, std::uint64_t bytes) {
  std::uint64_t end = 0, best = no_place, best_bytes = no_place;
  for (const Place* place : busy) {
    const std::uint64_t gap = place->offset > end ? place->offset - end : 0;
    if (gap >= bytes && gap < best_bytes) {
      best = end;
      best_bytes = gap;
    }
    end = std::max(end, place->offset + place->bytes);
  }
  return best == no_place ? end : best;
}

Result<std::uint64_t> give_offsets(std::vector<Place>& places) {
  std::uint64_t sum = 0;  // of all sizes: no offset can be greater, so that nothing below overflows
  for (const Place& place : places)
    if (__builtin_add_overflow(sum, place.bytes, &sum) || sum > INT64_MAX)
      return error(ErrorCode::invalid_argument, "the tensors of the graph exceed 63 bits of bytes");
  std::vector<Place*> order;
  for (Place& place : places) order.push_back(&place);
  std::sort(order.begin(), order.end(),
            [](const Place* a, const Place* b) { return a->bytes != b->bytes ? a->bytes > b->bytes : a < b; });
  std::vector<const Place*> placed, busy;  // sorted by offset
  std::uint64_t total = 0;
  for (Place* place : order) {
    busy.clear();
    for (const Place* other : placed)
      if (other->first <= place->last && place->first <= other->last) busy.push_back(other);
    place->offset = tightest_gap(busy, place->bytes);
    total = std::max(total, place->offset + place->bytes);
    const auto behind = std::upper_bound(placed.begin(), placed.end(), place->offset,
                                         [](std::uint64_t offset, const Place* other) { return offset < other->offset; });
    placed.insert(behind, place);
  }
  return total;
}

Result<MemoryPlan> plan(const Graph& graph) {
  std::vector<Place> places;
  std::vector<std::size_t> index(graph.tensors().size(), 0);
  ABI_TRY(make_places(graph, places, index));
  MemoryPlan out;
  ABI_TRY(out.bytes, give_offsets(places));
  for (std::size_t id = 0; id < graph.tensors().size(); ++id)
    out.offsets.push_back(has_place(graph.tensors()[id]) ? places[index[id]].offset : no_place);
  return out;
}

}  // namespace

Result<MemoryPlan> plan_memory(const Graph& graph) {
  return boundary([&] { return plan(graph); });
}

}  // namespace libabi::compute
