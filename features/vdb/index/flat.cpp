// Every row is looked at.
#include "index/body.hpp"
#include "index/score.hpp"

#include <abi/base/boundary.hpp>
#include <abi/memory/buffer.hpp>

#include <cstring>

namespace libabi::vdb {

namespace {

constexpr std::size_t block = 256;

class Flat final : public IndexBody {
 public:
  Flat(const IndexOptions& options, const House& house) noexcept
      : metric_(options.metric), dimension_(options.dimension), house_(house) {}

  Result<void> grow(std::size_t capacity) override {
    ABI_TRY(memory::Buffer rows, memory::Buffer::allocate_pages(capacity * dimension_ * sizeof(float), house_.account));
    if (rows_.size() != 0) std::memcpy(rows.data(), rows_.data(), rows_.size());
    rows_ = std::move(rows);
    return {};
  }

  Result<void> add(std::span<const Row> rows, std::span<const float> vectors) override {
    for (std::size_t i = 0; i < rows.size(); ++i) std::memcpy(row(rows[i]), &vectors[i * dimension_], dimension_ * sizeof(float));
    return {};
  }

  Result<void> detach(std::span<const std::uint64_t>) override { return {}; }

  void forget(std::span<const std::uint64_t> dead) noexcept override {
    for_blocks<block>(dead, [&](const Row* rows, std::size_t count) {
      for (std::size_t i = 0; i < count; ++i) std::memset(row(rows[i]), 0, dimension_ * sizeof(float));
    });
  }

  Result<std::vector<Hit>> search(std::span<const float> query, const SearchOptions& options,
                                  const Selection& among) const override {
    Nearest nearest(metric_, std::min(options.k, among.count));
    if (among.count == 0) return std::vector<Hit>();
    std::array<float, block> scores;
    for_blocks<block>(among.bits, [&](const Row* rows, std::size_t count) {
      score(metric_, query.data(), {.data = row(0), .stride = dimension_, .count = count, .index = rows}, dimension_,
            scores.data());
      for (std::size_t i = 0; i < count; ++i) nearest.offer({rows[i], scores[i]});
    });
    return std::move(nearest).take();
  }

  void describe(IndexFigures& figures) const noexcept override { figures.memory_bytes = rows_.size(); }

 private:
  float* row(Row number) const noexcept {
    return reinterpret_cast<float*>(const_cast<std::byte*>(rows_.data())) + static_cast<std::size_t>(number) * dimension_;
  }

  Metric metric_;
  std::size_t dimension_;
  House house_;
  memory::Buffer rows_;
};

}  // namespace

constexpr IndexMember index_flat{
    .name = "flat", .make = [](const IndexOptions& options, const House& house) -> Result<std::unique_ptr<IndexBody>> {
      return std::make_unique<Flat>(options, house);
    }};

}  // namespace libabi::vdb
