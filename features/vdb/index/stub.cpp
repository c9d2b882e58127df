#include <abi/vdb/index.hpp>

#include <utility>

namespace libabi::vdb {

struct Index::Impl {};

std::string_view name(Metric) noexcept { return "unknown"; }
Result<Metric> metric_named(std::string_view) { return unavailable("vdb"); }
std::span<const std::string_view> index_kinds() noexcept { return {}; }
std::span<const std::string_view> codecs() noexcept { return {}; }

Index::Index(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Index::Index(Index&&) noexcept = default;
Index& Index::operator=(Index&&) noexcept = default;
Index::~Index() = default;

Result<Index> Index::create(const IndexOptions&) { return unavailable("vdb"); }
Result<std::vector<Row>> Index::add(std::span<const float>) { return unavailable("vdb"); }
Result<void> Index::remove(std::span<const Row>) { return unavailable("vdb"); }
Result<std::vector<Hit>> Index::search(std::span<const float>, const SearchOptions&) const { return unavailable("vdb"); }
const IndexOptions& Index::options() const noexcept {
  static const IndexOptions none;
  return none;
}
Result<IndexFigures> Index::figures() const { return unavailable("vdb"); }

}  // namespace libabi::vdb
