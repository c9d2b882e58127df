#include "rows.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace libabi::backends::cpu {

namespace {

using compute::AttentionAttributes;

constexpr std::int64_t most_positions = std::numeric_limits<std::int32_t>::max();
/// Queries (tokens times heads) that share a tile of keys: enough to pay for decoding and transposing it.
constexpr std::int64_t item_rows = 64;

bool is_state(const Graph& graph, const Node& node) { return graph.tensor(node.inputs[1]).role == compute::Role::state; }

bool supports(const Graph& graph, const Node& node) { return ids_are_known(graph, node.inputs[3], most_positions); }

Result<void> check(const Run& run, const Node& node) {
  const std::int64_t cells = run.graph.tensor(node.inputs[1]).shape.rows;
  if (is_state(run.graph, node) && run.rows(node.output) > 0 && (run.shape.cached < 1 || run.shape.cached > cells))
    return error(ErrorCode::out_of_range, "attention: {} cells are to be looked at, state '{}' has {}", run.shape.cached,
                 run.graph.tensor(node.inputs[1]).name, cells);
  return check_ids(run, node, 3, "position", most_positions);
}

constexpr std::size_t padded(std::int64_t dim) { return (static_cast<std::size_t>(dim) + dim_step - 1) / dim_step * dim_step; }

// A head that begins within a block is decoded with all of its first and last one.
constexpr std::size_t longest_block = 256;

/// A member's scratch: what one item works on. Without memory only `bytes` is told.
struct Scratch {
  Scratch(std::byte* memory, const AttentionAttributes& a) {
    const auto take = [&](std::size_t count) {
      std::byte* at = memory ? memory + bytes : nullptr;
      bytes += count * sizeof(float);
      return reinterpret_cast<float*>(at);
    };
    const std::size_t dim = padded(a.head_dim), value_dim = padded(a.value_dim);
    key_rows = take(key_tile * dim);
    keys = take(key_tile * dim);
    values = take(key_tile * value_dim);
    q = take(item_rows * dim);
    out = take(item_rows * value_dim);
    scores = take(item_rows * key_tile);
    maximum = take(item_rows);
    total = take(item_rows);
    rescale = take(item_rows);
    counts = reinterpret_cast<std::uint32_t*>(take(item_rows));
    blocks = take(std::max(dim, value_dim) + 2 * longest_block);
  }
  float *key_rows, *keys, *values;   // [key_tile, dim], [dim, key_tile], [key_tile, value_dim]
  float *q, *out, *scores;           // [rows, dim], [rows, value_dim], [rows, key_tile]
  float *maximum, *total, *rescale;  // [rows]
  std::uint32_t* counts;             // [rows]
  float* blocks;                     // whole blocks around a head
  std::uint64_t bytes = 0;
};

std::uint64_t scratch_bytes(const Graph&, const Node& node, const KernelTables&) {
  return Scratch(nullptr, std::get<AttentionAttributes>(node.attributes)).bytes;
}

/// How the work is cut: an item is some tokens and some of the query heads that share a key head.
struct Cut {
  Cut(const AttentionAttributes& a, std::int64_t tokens, unsigned members) {
    const std::int64_t group = a.heads / a.kv_heads;
    const auto pieces = [](std::int64_t count, std::int64_t piece) { return (count + piece - 1) / piece; };
    heads = std::min(group, item_rows);
    // One token and fewer key heads than members: the group is split, and its keys are read twice.
    if (tokens * a.kv_heads < members)
      heads = std::min(heads, pieces(group, pieces(members, std::max<std::int64_t>(tokens, 1) * a.kv_heads)));
    splits = pieces(group, heads);
    token_count = std::max<std::int64_t>(item_rows / heads, 1);
    tiles = pieces(tokens, token_count);
  }
  std::int64_t heads, splits;       // query heads of an item, items of a key head
  std::int64_t token_count, tiles;  // tokens of an item
};

/// `count` cells of one head from `first` on, to rows that are padded with zeros. Those of the next tile are called for on
/// the way: a head's rows are too far apart for the processor to see that they follow each other.
void decode_cells(const Call& call, const View& cells, std::int64_t first, std::int64_t count, std::int64_t head,
                  std::int64_t dim, float* out, float* blocks) {
  const quant::Format& format = quant::format(cells.format);
  const auto block = static_cast<std::int64_t>(format.block_length);
  const std::int64_t begin = head * dim / block * block, end = (head * dim + dim + block - 1) / block * block;
  const bool aligned = begin == head * dim && end == begin + dim;
  const std::size_t stride = padded(dim), n = static_cast<std::size_t>(dim);
  const std::int64_t head_bytes = (end - begin) / block * format.block_bytes;
  constexpr std::int64_t line = 64, tile = key_tile;
  for (std::int64_t i = 0; i < count; ++i, out += stride) {
    const std::byte* from = cells.bytes(first + i) + begin / block * format.block_bytes;
    const std::byte* next = cells.bytes(std::min(first + i + tile, cells.rows - 1)) + begin / block * format.block_bytes;
    for (std::int64_t at = 0; at < head_bytes; at += line) __builtin_prefetch(next + at);
    decode_row(call.run.kernels, cells.format, from, aligned ? out : blocks, static_cast<std::size_t>(end - begin));
    if (!aligned) std::memcpy(out, blocks + (head * dim - begin), n * sizeof(float));
    std::fill(out + n, out + stride, 0.0f);
  }
}

/// One item: its queries against all cells that they see, tile after tile from the first cell on (Milakov and
/// Gimelshein, 2018), so that a query's sums do not depend on which others are with it.
class Item {
 public:
  Item(const Call& call, const Cut& cut, std::int64_t cells, std::int64_t index)
      : call_(call), a_(call.attributes<AttentionAttributes>()), cells_(cells), scratch_(call.scratch, a_) {
    // Those with the longest contexts first, so that no member is left with one at the end.
    const std::int64_t tile = cut.tiles - 1 - index % cut.tiles, head = index / cut.tiles;
    const std::int64_t group = a_.heads / a_.kv_heads;
    kv_head_ = head / cut.splits;
    const std::int64_t in_group = head % cut.splits * cut.heads;
    first_head_ = kv_head_ * group + in_group;
    heads_ = std::min(cut.heads, group - in_group);
    first_token_ = tile * cut.token_count;
    tokens_ = std::min(cut.token_count, call.output().rows - first_token_);
  }

  void attend() {
    const Kernels& kernels = call_.run.kernels.cpu;
    const std::size_t dim = padded(a_.head_dim), value_dim = padded(a_.value_dim),
                      rows = static_cast<std::size_t>(tokens_ * heads_);
    const View k = call_.input(1), v = call_.input(2);
    begin();
    const std::int64_t seen = most_seen();
    for (std::int64_t first = 0; first < seen; first += key_tile) {
      const std::int64_t count = std::min<std::int64_t>(key_tile, seen - first);
      decode_cells(call_, k, first, count, kv_head_, a_.head_dim, scratch_.key_rows, scratch_.blocks);
      decode_cells(call_, v, first, count, kv_head_, a_.value_dim, scratch_.values, scratch_.blocks);
      kernels.transpose_keys(scratch_.key_rows, dim, scratch_.keys);
      for (std::size_t row = 0; row < rows; ++row)
        scratch_.counts[row] = static_cast<std::uint32_t>(
            std::clamp<std::int64_t>(seen_by(static_cast<std::int64_t>(row) / heads_) - first, 0, key_tile));
      kernels.score_keys(scratch_.q, rows, dim, scratch_.keys, a_.scale, scratch_.scores);
      kernels.soften_scores(scratch_.scores, scratch_.counts, rows, scratch_.maximum, scratch_.total, scratch_.rescale);
      kernels.mix_values(scratch_.scores, scratch_.counts, scratch_.rescale, rows, scratch_.values, value_dim, scratch_.out);
    }
    finish();
  }

 private:
  std::int64_t seen_by(std::int64_t token) const {
    if (!a_.causal) return cells_;
    return std::min<std::int64_t>(cells_, std::int64_t{*call_.input(3).ids(first_token_ + token)} + 1);
  }
  std::int64_t most_seen() const {
    std::int64_t most = 0;
    for (std::int64_t t = 0; t < tokens_; ++t) most = std::max(most, seen_by(t));
    return most;
  }
  void begin() {
    const std::size_t dim = padded(a_.head_dim), value_dim = padded(a_.value_dim), n = static_cast<std::size_t>(a_.head_dim);
    const View q = call_.input(0);
    float* to = scratch_.q;
    for (std::int64_t t = 0; t < tokens_; ++t)
      for (std::int64_t h = 0; h < heads_; ++h, to += dim) {
        std::memcpy(to, q.floats(first_token_ + t) + (first_head_ + h) * a_.head_dim, n * sizeof(float));
        std::fill(to + n, to + dim, 0.0f);
      }
    const auto rows = static_cast<std::size_t>(tokens_ * heads_);
    std::fill_n(scratch_.out, rows * value_dim, 0.0f);
    std::fill_n(scratch_.total, rows, 0.0f);
    std::fill_n(scratch_.maximum, rows, -std::numeric_limits<float>::infinity());
  }
  void finish() {
    const View out = call_.output();
    const std::size_t value_dim = padded(a_.value_dim);
    const float* from = scratch_.out;
    const float* total = scratch_.total;
    for (std::int64_t t = 0; t < tokens_; ++t)
      for (std::int64_t h = 0; h < heads_; ++h, from += value_dim, ++total)
        call_.run.kernels.simd.scale(out.floats(first_token_ + t) + (first_head_ + h) * a_.value_dim, from, 1.0f / *total,
                                     static_cast<std::size_t>(a_.value_dim));
  }

  const Call& call_;
  const AttentionAttributes& a_;
  std::int64_t cells_;
  Scratch scratch_;
  std::int64_t kv_head_ = 0, first_head_ = 0, heads_ = 0, first_token_ = 0, tokens_ = 0;
};

std::int64_t cells_of(const Run& run, const Node& node) {
  return is_state(run.graph, node) ? run.shape.cached : run.rows(node.inputs[1]);
}

double nanoseconds(const Run& run, const Node& node) {
  const auto& a = std::get<AttentionAttributes>(node.attributes);
  const auto elements = static_cast<double>(cells_of(run, node)) * (a.head_dim + a.value_dim);
  constexpr double ns_a_product = 0.03, ns_a_decoded = 0.1;
  const auto tokens = static_cast<double>(run.rows(node.output));
  return elements * (tokens * a.heads * ns_a_product + std::ceil(tokens / item_rows) * a.kv_heads * ns_a_decoded);
}

void run(const Call& call) {
  const auto& a = call.attributes<AttentionAttributes>();
  const Cut cut(a, call.output().rows, call.members);
  const std::int64_t cells = cells_of(call.run, call.node);
  call.claim(a.kv_heads * cut.splits * cut.tiles, [&](std::int64_t item) { Item(call, cut, cells, item).attend(); });
}

}  // namespace

constinit const Operation operation::attention = {.split = Split::claims,
                                                  .by_row = false,
                                                  .supports = &supports,
                                                  .check = &check,
                                                  .scratch_bytes = &scratch_bytes,
                                                  .nanoseconds = &nanoseconds,
                                                  .run = &run};

}  // namespace libabi::backends::cpu
