#include "program.hpp"

#include <algorithm>
#include <bit>

namespace libabi::backends::cpu {

namespace {

using compute::Role;
using compute::RunShape;

double nanoseconds(const Run& run, const Step& step, const Node& node) {
  if (step.operation->nanoseconds) return step.operation->nanoseconds(run, node);
  return static_cast<double>(run.rows(node.output)) * static_cast<double>(run.graph.tensor(node.output).shape.columns) *
         step.operation->element_ns;
}

std::int64_t rows_written(const Run& run, const Step& step, const Node& node) {
  return step.writes == no_region ? run.rows(node.output) : run.region(step.writes).rows;
}

Mode mode_of(const Run& run, const Step& step, const Machine& machine) {
  const Node& node = run.graph.nodes()[step.node];
  if (machine.members == 1 || nanoseconds(run, step, node) < machine.solo_ns) return Mode::solo;
  const std::int64_t rows = rows_written(run, step, node);
  switch (step.operation->split) {
    case Split::rows: return rows < 2 ? Mode::solo : Mode::rows;
    case Split::elements: return rows < machine.members ? Mode::columns : Mode::rows;
    case Split::claims: return Mode::claims;
  }
  return Mode::solo;
}

/// Memory that a step reads or writes, and which of it a member touches.
struct Access {
  enum class Who : std::uint8_t { first_member, own_rows, anyone } who;
  bool writes;
  std::uintptr_t begin, end;
  std::size_t row_bytes;
  std::int64_t rows;
};

bool conflict(const Access& a, const Access& b) {
  if (!a.writes && !b.writes) return false;
  if (a.end <= b.begin || b.end <= a.begin) return false;
  if (a.who != b.who) return true;
  if (a.who == Access::Who::first_member) return false;
  const bool same_rows = a.begin == b.begin && a.row_bytes == b.row_bytes && a.rows == b.rows;
  return a.who == Access::Who::anyone || !same_rows;
}

/// Lists what a step touches. Weights are only ever read.
class Accesses {
 public:
  Accesses(const Run& run, const Step& step, Mode mode)
      : mode_(mode), node_(run.graph.nodes()[step.node]), rows_(rows_written(run, step, node_)) {
    const bool by_row = step.operation->by_row;
    for (const TensorId id : node_.used_inputs())
      if (run.graph.tensor(id).role != Role::weight) add(run.view(id), false, by_row);
    for (const std::uint32_t region : step.reads)
      if (region != no_region) add(run.region(region), false, by_row);
    add(step.writes == no_region ? run.view(node_.output) : run.region(step.writes), true, true);
  }
  std::span<const Access> list() const noexcept { return {list_.data(), count_}; }

 private:
  void add(const View& view, bool writes, bool by_row) {
    const auto begin = reinterpret_cast<std::uintptr_t>(view.data);
    Access::Who who = Access::Who::anyone;
    if (mode_ == Mode::solo) who = Access::Who::first_member;
    if (mode_ == Mode::rows && by_row && view.rows == rows_) who = Access::Who::own_rows;
    list_[count_++] = {who,      writes, begin, begin + static_cast<std::uintptr_t>(view.rows) * view.row_bytes, view.row_bytes,
                       view.rows};
  }
  Mode mode_;
  const Node& node_;
  std::int64_t rows_;
  std::array<Access, 7> list_{};  // four inputs, two regions, what is written
  std::size_t count_ = 0;
};

std::vector<Move> make_moves(const Run& run, std::span<const Step> steps, const Machine& machine) {
  std::vector<Move> moves;
  std::vector<Access> since_barrier;
  for (const Step& step : steps) {
    Move move{.mode = mode_of(run, step, machine)};
    const Accesses accesses(run, step, move.mode);
    for (const Access& access : accesses.list())
      for (const Access& earlier : since_barrier) move.barrier |= conflict(earlier, access);
    if (move.barrier) since_barrier.clear();
    since_barrier.insert(since_barrier.end(), accesses.list().begin(), accesses.list().end());
    moves.push_back(move);
  }
  return moves;
}

bool same_attributes(const std::monostate&, const std::monostate&) { return true; }
bool same_attributes(const compute::NormAttributes& a, const compute::NormAttributes& b) { return a.epsilon == b.epsilon; }
bool same_attributes(const compute::ScaleAttributes& a, const compute::ScaleAttributes& b) { return a.factor == b.factor; }
bool same_attributes(const compute::AttentionAttributes& a, const compute::AttentionAttributes& b) {
  return a.heads == b.heads && a.kv_heads == b.kv_heads && a.head_dim == b.head_dim && a.value_dim == b.value_dim &&
         a.scale == b.scale && a.causal == b.causal;
}
bool same_attributes(const compute::RouteAttributes& a, const compute::RouteAttributes& b) {
  return a.used == b.used && a.normalize == b.normalize;
}
bool same_attributes(const compute::PoolAttributes& a, const compute::PoolAttributes& b) { return a.pooling == b.pooling; }
bool same_attributes(const compute::RopeAttributes& a, const compute::RopeAttributes& b) { return same_rotation(a, b); }

bool same_node(const Node& a, const Node& b) {
  if (a.op != b.op || a.inputs != b.inputs || a.output != b.output || a.attributes.index() != b.attributes.index()) return false;
  return std::visit(
      [&]<class T>(const T& attributes) {
        const T* other = std::get_if<T>(&b.attributes);
        return other && same_attributes(attributes, *other);
      },
      a.attributes);
}

/// What modes depend on: the time of attention is known well enough from the size of its context.
bool same_class(const RunShape& a, const RunShape& b) {
  const auto size = [](std::int64_t cells) { return std::bit_width(static_cast<std::uint64_t>(cells)); };
  return a.tokens == b.tokens && a.outputs == b.outputs && size(a.cached) == size(b.cached);
}

}  // namespace

bool same_rotation(const compute::RopeAttributes& a, const compute::RopeAttributes& b) noexcept {
  return a.head_dim == b.head_dim && a.rotary_dim == b.rotary_dim && a.neox == b.neox && a.base == b.base &&
         a.frequency_scale == b.frequency_scale && a.extension == b.extension && a.attention_factor == b.attention_factor &&
         a.beta_fast == b.beta_fast && a.beta_slow == b.beta_slow && a.original_context == b.original_context;
}

Result<std::shared_ptr<const Program>> Program::make(const Graph& graph, const compute::Bindings& bindings, const RunShape& shape,
                                                     const Machine& machine, std::byte* workspace) {
  auto program = std::make_shared<Program>();
  ABI_TRY(program->schedule_, make_schedule(graph, machine.kernels, machine.members));
  const Run run{graph, bindings, shape, machine.kernels, program->schedule_.regions, workspace};
  program->moves_ = make_moves(run, program->schedule_.steps, machine);
  program->nodes_.assign(graph.nodes().begin(), graph.nodes().end());
  for (const compute::TensorDesc& desc : graph.tensors()) program->kinds_.push_back({desc.format, desc.role, desc.shape});
  program->bindings_ = bindings;
  program->shape_ = shape;
  return program;
}

bool Program::matches(const Graph& graph, const compute::Bindings& bindings, const RunShape& shape) const noexcept {
  const auto tensors = graph.tensors();
  const auto nodes = graph.nodes();
  return same_class(shape, shape_) && nodes.size() == nodes_.size() && tensors.size() == kinds_.size() &&
         bindings.places == bindings_.places && bindings.tensors == bindings_.tensors &&
         std::equal(nodes.begin(), nodes.end(), nodes_.begin(), same_node) &&
         std::equal(tensors.begin(), tensors.end(), kinds_.begin(), [](const compute::TensorDesc& desc, const TensorKind& kind) {
           return desc.format == kind.format && desc.role == kind.role && desc.shape == kind.shape;
         });
}

Result<std::shared_ptr<const Program>> ProgramCache::find_or_make(const Graph& graph, const compute::Bindings& bindings,
                                                                  const RunShape& shape, const Machine& machine,
                                                                  std::byte* workspace) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(programs_.begin(), programs_.end(),
                                  [&](const auto& program) { return program->matches(graph, bindings, shape); });
  if (found != programs_.end()) {
    std::rotate(programs_.begin(), found, found + 1);
    return programs_.front();
  }
  ABI_TRY(std::shared_ptr<const Program> program, Program::make(graph, bindings, shape, machine, workspace));
  if (programs_.size() == most) programs_.pop_back();
  programs_.insert(programs_.begin(), program);
  return program;
}

}  // namespace libabi::backends::cpu
