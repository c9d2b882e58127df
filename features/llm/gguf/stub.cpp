#include <abi/llm/gguf.hpp>

namespace libabi::llm {

namespace {
constexpr std::string_view kFeature = "llm";
}

std::string_view name(GgufType) noexcept { return "unknown"; }

Result<std::int64_t> GgufValue::to_integer() const { return unavailable(kFeature); }
Result<std::uint64_t> GgufValue::to_unsigned() const { return unavailable(kFeature); }
Result<double> GgufValue::to_real() const { return unavailable(kFeature); }
Result<bool> GgufValue::to_boolean() const { return unavailable(kFeature); }
Result<std::string_view> GgufValue::to_string() const { return unavailable(kFeature); }
Result<GgufValue> GgufValue::element(std::uint64_t) const { return unavailable(kFeature); }
Result<std::vector<std::string_view>> GgufValue::strings() const { return unavailable(kFeature); }
Result<std::vector<float>> GgufValue::floats() const { return unavailable(kFeature); }
Result<std::vector<std::int64_t>> GgufValue::integers() const { return unavailable(kFeature); }
std::string GgufValue::text(std::size_t) const { return {}; }

// No GgufFile is ever made here; its accessors exist for the linker.
struct GgufFile::Impl {
  std::filesystem::path path;
};

Result<GgufFile> GgufFile::open(const std::filesystem::path&, const GgufOptions&) { return unavailable(kFeature); }
Result<GgufFile> GgufFile::parse(std::span<const std::byte>, std::string_view) { return unavailable(kFeature); }
GgufFile::GgufFile(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
GgufFile::GgufFile(GgufFile&&) noexcept = default;
GgufFile& GgufFile::operator=(GgufFile&&) noexcept = default;
GgufFile::~GgufFile() = default;
std::uint32_t GgufFile::version() const noexcept { return 0; }
std::uint64_t GgufFile::alignment() const noexcept { return 0; }
std::span<const GgufEntry> GgufFile::metadata() const noexcept { return {}; }
std::span<const GgufTensor> GgufFile::tensors() const noexcept { return {}; }
const std::filesystem::path& GgufFile::path() const noexcept { return impl_->path; }
std::uint64_t GgufFile::file_bytes() const noexcept { return 0; }
const GgufValue* GgufFile::find(std::string_view) const noexcept { return nullptr; }
const GgufTensor* GgufFile::find_tensor(std::string_view) const noexcept { return nullptr; }
Result<std::uint64_t> GgufFile::unsigned_at(std::string_view) const { return unavailable(kFeature); }
Result<double> GgufFile::real_at(std::string_view) const { return unavailable(kFeature); }
Result<std::string_view> GgufFile::string_at(std::string_view) const { return unavailable(kFeature); }
Result<std::uint64_t> GgufFile::unsigned_or(std::string_view, std::uint64_t) const { return unavailable(kFeature); }
Result<double> GgufFile::real_or(std::string_view, double) const { return unavailable(kFeature); }
Result<bool> GgufFile::boolean_or(std::string_view, bool) const { return unavailable(kFeature); }
Result<std::string_view> GgufFile::string_or(std::string_view, std::string_view) const { return unavailable(kFeature); }
Result<std::span<const std::byte>> GgufFile::data(const GgufTensor&) const { return unavailable(kFeature); }
void GgufFile::will_need(const GgufTensor&) const noexcept {}
void GgufFile::done_with(const GgufTensor&) const noexcept {}

struct GgufWriter::Impl {};

GgufWriter::GgufWriter() = default;
GgufWriter::GgufWriter(GgufWriter&&) noexcept = default;
GgufWriter& GgufWriter::operator=(GgufWriter&&) noexcept = default;
GgufWriter::~GgufWriter() = default;
void GgufWriter::add(std::string_view, std::uint32_t) {}
void GgufWriter::add(std::string_view, std::int32_t) {}
void GgufWriter::add(std::string_view, std::uint64_t) {}
void GgufWriter::add(std::string_view, float) {}
void GgufWriter::add(std::string_view, bool) {}
void GgufWriter::add(std::string_view, std::string_view) {}
void GgufWriter::add(std::string_view, const GgufValue&) {}
void GgufWriter::add_strings(std::string_view, std::span<const std::string>) {}
void GgufWriter::add_floats(std::string_view, std::span<const float>) {}
void GgufWriter::add_integers(std::string_view, std::span<const std::int32_t>) {}
// NOLINTNEXTLINE(performance-unnecessary-value-param): the real side keeps it
Result<void> GgufWriter::add_tensor(std::string_view, const quant::Format&, std::span<const std::uint64_t>, Source) {
  return unavailable(kFeature);
}
Result<void> GgufWriter::write(const std::filesystem::path&, const std::function<bool(double)>&) const {
  return unavailable(kFeature);
}

}  // namespace libabi::llm
