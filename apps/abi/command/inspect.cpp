// abi inspect: what stands in a GGUF file, and what running it would take.
#include "command.hpp"
#include "terminal.hpp"

#include <abi/llm/model.hpp>

#include <limits>

namespace app {

namespace {

using namespace libabi::llm;

struct Inspect {
  std::string file;
  std::size_t elements = 8;
  bool json = false;
  bool one_shard = false;

  Result<void> operator()() const;
};

/// All of a scalar; the first `most` elements of an array (0: all).
Result<Json> to_json(const GgufValue& value, std::size_t most) {
  if (value.type() == GgufType::array) {
    Json list = Json::array();
    if (value.element_type() == GgufType::string) {
      ABI_TRY(const std::vector<std::string_view> strings, value.strings());
      for (std::size_t i = 0; i < strings.size() && (most == 0 || i < most); ++i) list.push_back(std::string(strings[i]));
      return list;
    }
    for (std::uint64_t i = 0; i < value.count() && (most == 0 || i < most); ++i) {
      ABI_TRY(const GgufValue element, value.element(i));
      ABI_TRY(Json item, to_json(element, most));
      list.push_back(std::move(item));
    }
    return list;
  }
  switch (value.type()) {
    case GgufType::string: {
      ABI_TRY(const std::string_view text, value.to_string());
      return Json(std::string(text));
    }
    case GgufType::boolean: {
      ABI_TRY(const bool truth, value.to_boolean());
      return Json(truth);
    }
    case GgufType::f32:
    case GgufType::f64: {
      ABI_TRY(const double real, value.to_real());
      return Json(real);
    }
    case GgufType::u64: {
      ABI_TRY(const std::uint64_t number, value.to_unsigned());
      return Json(number);
    }
    default: {
      ABI_TRY(const std::int64_t number, value.to_integer());
      return Json(number);
    }
  }
}

std::string format_name(const GgufTensor& tensor) {
  return tensor.format ? std::string(tensor.format->name) : libabi::format("type {}", tensor.gguf_type);
}

std::string dims_text(std::span<const std::uint64_t> dims) {
  std::string out;
  for (const std::uint64_t dim : dims) out += (out.empty() ? "" : " x ") + std::to_string(dim);
  return out;
}

Json to_json(const MemoryNeed& need) {
  return {{"weights_mapped", need.weights_mapped}, {"weights_owned", need.weights_owned},
          {"vocabulary", need.vocabulary},         {"cache", need.cache},
          {"activations", need.activations},       {"total", need.total()}};
}

Result<void> show_as_json(const GgufFile& gguf, const Result<MemoryNeed>& need) {
  Json metadata = Json::object(), tensors = Json::array();
  for (const GgufEntry& entry : gguf.metadata()) {
    ABI_TRY(Json value, to_json(entry.value, 0));
    metadata[std::string(entry.key)] = std::move(value);
  }
  for (const GgufTensor& tensor : gguf.tensors())
    tensors.push_back({{"name", std::string(tensor.name)},
                       {"format", format_name(tensor)},
                       {"dims", tensor.dims},
                       {"bytes", tensor.bytes},
                       {"offset", tensor.offset},
                       {"shard", tensor.shard}});
  Json out{{"file", gguf.path().string()}, {"version", gguf.version()},       {"alignment", gguf.alignment()},
           {"bytes", gguf.file_bytes()},   {"metadata", std::move(metadata)}, {"tensors", std::move(tensors)}};
  out["memory"] = need ? to_json(*need) : Json(nullptr);
  show_json(out);
  return {};
}

void show_text(const GgufFile& gguf, const Result<MemoryNeed>& need, std::size_t elements) {
  show(libabi::format("{}: GGUF version {}, {}, alignment {}\n\n", gguf.path(), gguf.version(), human_bytes(gguf.file_bytes()),
                      gguf.alignment()));
  for (const GgufEntry& entry : gguf.metadata()) show(libabi::format("{:<44} {}\n", entry.key, entry.value.text(elements)));
  show("\n");
  std::uint64_t parameters = 0;
  for (const GgufTensor& tensor : gguf.tensors()) {
    parameters += tensor.elements;
    show(libabi::format("{:<44} {:>6}  {:>20}  {:>10}\n", tensor.name, format_name(tensor), dims_text(tensor.dims),
                        human_bytes(tensor.bytes)));
  }
  show(libabi::format("\n{} tensors, {} parameters\n", gguf.tensors().size(), parameters));
  if (!need) return show(libabi::format("not runnable here: {}\n", need.error().text()));
  show(libabi::format("to run it: {} ({} mapped, {} owned, {} vocabulary, {} cache, {} activations)\n",
                      human_bytes(need->total()), human_bytes(need->weights_mapped), human_bytes(need->weights_owned),
                      human_bytes(need->vocabulary), human_bytes(need->cache), human_bytes(need->activations)));
}

Result<void> Inspect::operator()() const {
  ABI_TRY(const GgufFile gguf, GgufFile::open(file, {.follow_shards = !one_shard}));
  const Result<MemoryNeed> need = plan(file);
  if (json) return show_as_json(gguf, need);
  show_text(gguf, need, elements == 0 ? std::numeric_limits<std::size_t>::max() : elements);
  return {};
}

std::function<Result<void>()> declare(CLI::App& cli) {
  auto flags = std::make_shared<Inspect>();
  cli.add_option("file", flags->file, "GGUF file")->required()->type_name("FILE");
  cli.add_option("--elements", flags->elements, "elements of an array that are shown; 0 is all")->capture_default_str();
  cli.add_flag("--one-shard", flags->one_shard, "do not open the other files of a split model");
  cli.add_flag("--json", flags->json, "one JSON object, arrays whole");
  return [flags] { return (*flags)(); };
}

}  // namespace

extern const Command command_inspect;
const Command command_inspect{.name = "inspect", .summary = "show what stands in a GGUF file", .declare = declare};

}  // namespace app
