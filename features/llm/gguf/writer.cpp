#include "gguf/draft.hpp"

#include <abi/base/boundary.hpp>

#include <new>

namespace libabi::llm {

struct GgufWriter::Impl {
  GgufDraft draft;

  /// Runs the body of an add(), whose errors wait for write().
  template <class Body>
  void attempt(Body&& body) noexcept {
    try {
      body();
    } catch (...) {
      draft.fail(detail::current_exception_error());
    }
  }
  template <class T>
  void put_scalar(std::string_view key, GgufType type, const T& value) noexcept {
    attempt([&] {
      GgufDraft::Bytes bytes;
      append(bytes, type);
      append(bytes, value);
      draft.put(key, std::move(bytes));
    });
  }
  void put_array(std::string_view key, GgufType type, std::uint64_t count, std::span<const std::byte> elements) noexcept {
    attempt([&] {
      GgufDraft::Bytes bytes;
      append(bytes, GgufType::array);
      append(bytes, type);
      append(bytes, count);
      append_bytes(bytes, elements);
      draft.put(key, std::move(bytes));
    });
  }
};

// A writer without memory for its Impl, or moved from, takes everything and says so in write().
GgufWriter::GgufWriter() : impl_(new(std::nothrow) Impl) {}
GgufWriter::GgufWriter(GgufWriter&&) noexcept = default;
GgufWriter& GgufWriter::operator=(GgufWriter&&) noexcept = default;
GgufWriter::~GgufWriter() = default;

void GgufWriter::add(std::string_view key, std::uint32_t value) {
  if (impl_) impl_->put_scalar(key, GgufType::u32, value);
}
void GgufWriter::add(std::string_view key, std::int32_t value) {
  if (impl_) impl_->put_scalar(key, GgufType::i32, value);
}
void GgufWriter::add(std::string_view key, std::uint64_t value) {
  if (impl_) impl_->put_scalar(key, GgufType::u64, value);
}
void GgufWriter::add(std::string_view key, float value) {
  if (impl_) impl_->put_scalar(key, GgufType::f32, value);
}
void GgufWriter::add(std::string_view key, bool value) {
  if (impl_) impl_->put_scalar(key, GgufType::boolean, static_cast<std::uint8_t>(value));
}

void GgufWriter::add(std::string_view key, std::string_view value) {
  if (!impl_) return;
  impl_->attempt([&] {
    GgufDraft::Bytes bytes;
    append(bytes, GgufType::string);
    append_string(bytes, value);
    impl_->draft.put(key, std::move(bytes));
  });
}

void GgufWriter::add_strings(std::string_view key, std::span<const std::string> values) {
  if (!impl_) return;
  impl_->attempt([&] {
    GgufDraft::Bytes elements;
    for (const std::string& value : values) append_string(elements, value);
    impl_->put_array(key, GgufType::string, values.size(), elements);
  });
}

void GgufWriter::add_floats(std::string_view key, std::span<const float> values) {
  if (impl_) impl_->put_array(key, GgufType::f32, values.size(), std::as_bytes(values));
}
void GgufWriter::add_integers(std::string_view key, std::span<const std::int32_t> values) {
  if (impl_) impl_->put_array(key, GgufType::i32, values.size(), std::as_bytes(values));
}

void GgufWriter::add(std::string_view key, const GgufValue& value) {
  if (value.type_ == GgufType::string) return add(key, *value.to_string());
  if (!impl_) return;
  if (value.type_ == GgufType::array) return impl_->put_array(key, value.element_type_, value.count_, value.bytes_);
  impl_->attempt([&] {
    GgufDraft::Bytes bytes;
    append(bytes, value.type_);
    append_bytes(bytes, value.bytes_);
    impl_->draft.put(key, std::move(bytes));
  });
}

Result<void> GgufWriter::add_tensor(std::string_view name, const quant::Format& format, std::span<const std::uint64_t> dims,
                                    Source source) {
  return boundary([&]() -> Result<void> {
    if (!impl_) return error(ErrorCode::failed_precondition, "the writer is moved from or has no memory");
    return impl_->draft.put_tensor(name, format, dims, std::move(source));
  });
}

Result<void> GgufWriter::write(const std::filesystem::path& file, const std::function<bool(double)>& progress) const {
  return boundary([&]() -> Result<void> {
    if (!impl_) return error(ErrorCode::failed_precondition, "the writer is moved from or has no memory");
    return impl_->draft.write(file, progress);
  });
}

}  // namespace libabi::llm
