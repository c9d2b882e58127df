#pragma once
/// The graph as a kind of index: codes that the walk sees, and rows that put in order what it found.

#include "graph/graph.hpp"
#include "index/body.hpp"

namespace libabi::vdb {

class Hnsw final : public IndexBody {
 public:
  Hnsw(const IndexOptions& options, const CodecMember& codec, const House& house)
      : options_(options),
        member_(codec),
        house_(house),
        space_(options.metric, options.dimension),
        graph_({.degree = options.degree, .build_beam = options.build_beam, .slack = options.slack}, house.account,
               house.scheduler) {}

  Result<void> grow(std::size_t capacity) override;
  Result<void> learn(std::span<const float> vectors) override;
  Result<void> add(std::span<const Row> rows, std::span<const float> vectors) override;
  Result<void> detach(std::span<const std::uint64_t> dead) override;
  void forget(std::span<const std::uint64_t> dead) noexcept override;
  Result<std::vector<Hit>> search(std::span<const float> query, const SearchOptions& options,
                                  const Selection& among) const override;
  void describe(IndexFigures& figures) const noexcept override;

  const Graph& graph() const noexcept { return graph_; }

 private:
  Result<std::unique_ptr<Codec>> learn_codec(const CodecMember& member, std::span<const float> vectors) const;
  Result<void> encode(const Codec& codec, std::byte* codes, std::span<const Row> rows, std::span<const float> vectors) const;
  Result<void> build_by_short_codes(std::span<const Row> rows, std::span<const float> vectors);
  bool scan_is_cheaper(const SearchOptions& options, const Selection& among) const noexcept;
  void scan(const Selection& among, std::size_t width, Scratch& scratch) const;
  std::vector<Hit> in_order(std::span<const float> query, const Beam& found, std::size_t k, Scratch& scratch) const;

  Codes codes() const noexcept { return {codec_.get(), const_cast<std::byte*>(codes_.data())}; }
  float* row(Row number) const noexcept {
    return reinterpret_cast<float*>(const_cast<std::byte*>(rows_.data())) + static_cast<std::size_t>(number) * space_.dimension();
  }

  IndexOptions options_;
  const CodecMember& member_;
  House house_;
  Space space_;
  std::unique_ptr<Codec> codec_;  ///< from learn() on
  memory::Buffer codes_;
  memory::Buffer rows_;  ///< [capacity, dimension], where the codec does not keep them
  Graph graph_;
  std::size_t capacity_ = 0;
  mutable ScratchPool scratches_;
};

}  // namespace libabi::vdb
