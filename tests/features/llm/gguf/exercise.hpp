#pragma once

#include <abi/llm/gguf.hpp>

#include <cstring>
#include <string>

/// Calls everything that an open file offers, reads every byte that it hands out, and returns the first thing that is not
/// as the header promises; empty where all is well.
inline std::string exercise(const libabi::llm::GgufFile& file) {
  using namespace libabi;
  using namespace libabi::llm;
  static volatile unsigned sink = 0;
  const auto touch = [](const void* data, std::size_t size) {
    unsigned sum = 0;
    for (std::size_t i = 0; i < size; ++i) sum += static_cast<const unsigned char*>(data)[i];
    sink = sink + sum;
  };
  const auto fine = [](ErrorCode code) { return code == ErrorCode::invalid_argument; };

  if (file.version() < 2 || file.version() > 3) return "version";
  if (file.alignment() < 8 || (file.alignment() & (file.alignment() - 1)) != 0) return "alignment";
  for (const GgufEntry& entry : file.metadata()) {
    const GgufValue& value = entry.value;
    if (entry.key.empty() || file.find(entry.key) != &value) return "find does not return the entry";
    if (value.type() != GgufType::array && (value.count() != 1 || value.element_type() != value.type())) return "scalar";
    touch(entry.key.data(), entry.key.size());
    if (const auto x = value.to_integer(); !x && !fine(x.error().code)) return x.error().text();
    if (const auto x = value.to_unsigned(); !x && !fine(x.error().code)) return x.error().text();
    if (const auto x = value.to_real(); !x && !fine(x.error().code)) return x.error().text();
    if (const auto x = value.to_boolean(); !x && !fine(x.error().code)) return x.error().text();
    const auto text = value.to_string();
    if (text) touch(text->data(), text->size());
    if (const auto x = value.floats(); x && x->size() != value.count()) return "floats";
    if (const auto x = value.integers(); x && x->size() != value.count()) return "integers";
    const auto strings = value.strings();
    if (strings && strings->size() != value.count()) return "strings";
    if (strings)
      for (const std::string_view each : *strings) touch(each.data(), each.size());
    if (value.element(value.count()) || value.element(UINT64_MAX)) return "an element behind the last";
    for (const std::uint64_t i : {std::uint64_t{0}, value.count() / 2, value.count() - 1}) {
      if (i >= value.count()) continue;
      const auto element = value.element(i);
      if (!element || element->type() != value.element_type()) return "element";
      if (strings && *element->to_string() != (*strings)[i]) return "an element differs from strings()";
      if (element->text().empty()) return "text of an element";
    }
    if (value.text(3).empty()) return "text";
    (void)file.unsigned_at(entry.key);
    (void)file.real_at(entry.key);
    (void)file.string_at(entry.key);
    (void)file.unsigned_or(entry.key, 1);
    (void)file.real_or(entry.key, 1);
    (void)file.boolean_or(entry.key, true);
    (void)file.string_or(entry.key, "");
  }
  for (const GgufTensor& tensor : file.tensors()) {
    if (tensor.name.empty() || file.find_tensor(tensor.name) != &tensor) return "find_tensor does not return the tensor";
    if (tensor.dims.empty() || tensor.dims.size() > 4) return "dims";
    std::uint64_t elements = 1;
    for (const std::uint64_t dim : tensor.dims) elements *= dim;
    if (elements == 0 || elements != tensor.elements) return "elements";
    const auto data = file.data(tensor);
    if (data.has_value() != (tensor.format != nullptr)) return "data";
    if (data && (data->size() != tensor.bytes || tensor.bytes == 0)) return "bytes";
    if (data) touch(data->data(), data->size());
    file.will_need(tensor);
    file.done_with(tensor);
  }
  if (file.find("") || file.find_tensor("")) return "found what has no name";
  return {};
}
