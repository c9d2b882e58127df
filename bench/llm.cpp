// How near does inference come to what the machine allows? Generation reads every weight once a token, so memory bandwidth
// bounds it; a prompt multiplies every weight with every token, so arithmetic does. The model has the shape of llama-1b.
#include "limits.hpp"
#include "peer.hpp"
#include "report.hpp"
#include "synthetic/model.hpp"

#include <abi/llm/session.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <stdexcept>

namespace bench {

namespace {

using libabi::quant::FormatId;
using namespace libabi::llm;

constexpr std::int64_t kPrompt = 256;
constexpr std::int64_t kGenerated = 64;
constexpr int kRepetitions = 5;
constexpr double kGenerationBar = 0.60;  // of the memory bandwidth
constexpr double kPrefillBar = 0.15;     // of the int8 peak
// F16 is multiplied in f32, whose peak is a quarter of the int8 peak: the same speed is asked of it.
constexpr double kPrefillF32Bar = 0.60;

template <class T>
T value_of(libabi::Result<T> result) {
  if (!result) throw std::runtime_error(result.error().text());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

struct Case {
  FormatId format;
  unsigned threads;
  std::string suffix() const {
    std::string name(libabi::quant::format(format).name);
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return name + "." + std::to_string(threads) + "t";
  }
};

std::vector<TokenId> some_tokens(std::int64_t count) {
  std::vector<TokenId> ids;
  for (std::int64_t i = 0; i < count; ++i) ids.push_back(static_cast<TokenId>(300 + i * 7919 % 31000));
  return ids;
}

/// Tokens/s from an empty context.
double rate(Session& session, std::int64_t count, bool one_by_one) {
  const std::vector<TokenId> ids = some_tokens(count);
  value_of(session.truncate(0));
  const auto begin = std::chrono::steady_clock::now();
  const std::size_t step = one_by_one ? 1 : ids.size();
  for (std::size_t at = 0; at < ids.size(); at += step) value_of(session.evaluate(std::span(ids).subspan(at, step)));
  return static_cast<double>(count) / std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// tokens/s by test name ("pp256", "tg64") of llama.cpp's llama-bench on the same file.
std::map<std::string, double> peer_rates(const std::string& program, const std::filesystem::path& file, unsigned threads) {
  const auto text = output_of({program, "-m", file.string(), "-p", std::to_string(kPrompt), "-n", std::to_string(kGenerated),
                               "-t", std::to_string(threads), "-r", std::to_string(kRepetitions), "-o", "json"});
  std::map<std::string, double> rates;
  if (!text) return rates;
  const auto rows = nlohmann::json::parse(*text, nullptr, false);
  if (!rows.is_array()) return rates;
  for (const auto& row : rows) rates[row.value("n_gen", 0) > 0 ? "generation" : "prefill"] = row.value("avg_ts", 0.0);
  return rates;
}

void add_peer_rows(Report& report, const Case& c, const std::filesystem::path& file, double generation, double prefill) {
  for (const auto& [variable, label] : {std::pair{"LLAMA_BENCH", "llama.cpp"}, std::pair{"IK_LLAMA_BENCH", "ik_llama.cpp"}}) {
    const std::string stem = std::string("llm.vs_") + (label[0] == 'i' ? "ik" : "llama") + ".";
    if (!report.wants(stem + "generation." + c.suffix()) && !report.wants(stem + "prefill." + c.suffix())) continue;
    const auto program = peer(variable);
    const auto rates = program ? peer_rates(*program, file, c.threads) : std::map<std::string, double>();
    const auto row = [&](const std::string& what, double value) {
      Row out{.name = stem + what + "." + c.suffix(),
              .value = value,
              .unit = "tokens/s",
              .against = label,
              .reference = {},
              .note = {}};
      if (const auto found = rates.find(what); found != rates.end()) out.reference = found->second;
      if (!program) out.note = std::string("(ABI_PEER_") + variable + " is not set)";
      report.add(out);
    };
    row("generation", generation);
    row("prefill", prefill);
  }
}

void measure(Report& report, const Case& c, const synthetic::Shape& shape, const std::filesystem::path& file) {
  const Model model = value_of(Model::open(file, {.threads = c.threads}));
  Session session = value_of(Session::create(model, {.context = 512}));
  rate(session, kPrompt, false);  // touches everything once
  std::vector<double> generation, prefill;
  double bandwidth = 0, peak = 0;
  const bool f32 = c.format == FormatId::f16;
  for (int i = 0; i < kRepetitions; ++i) {  // interleaved, since the host is shared and its bandwidth moves
    bandwidth = std::max(bandwidth, memory_read_bytes_per_second(c.threads));
    generation.push_back(rate(session, kGenerated, true));
    peak = std::max(peak, f32 ? f32_operations_per_second(c.threads) : int8_operations_per_second(c.threads));
    prefill.push_back(rate(session, kPrompt, false));
  }
  const double bytes_per_token = (shape.layer_weights() + shape.output_weights()) * libabi::quant::format(c.format).block_bytes /
                                 libabi::quant::format(c.format).block_length;
  const std::string threads = std::to_string(c.threads) + (c.threads == 1 ? " thread" : " threads");
  char note[64];
  const double generated = median(generation), read = median(prefill);
  std::snprintf(note, sizeof note, "(%.1f tokens/s)", generated);
  report.add({.name = "llm.generation." + c.suffix(),
              .value = generated * bytes_per_token / 1e9,
              .unit = "GB/s",
              .against = "memory read, " + threads,
              .reference = bandwidth / 1e9,
              .bar = kGenerationBar,
              .note = note});
  std::snprintf(note, sizeof note, "(%.1f tokens/s)", read);
  report.add({.name = "llm.prefill." + c.suffix(),
              .value = read * 2 * shape.layer_weights() / 1e9,
              .unit = "GOP/s",
              .against = std::string(f32 ? "f32" : "int8") + " peak, " + threads,
              .reference = peak / 1e9,
              .bar = f32 ? kPrefillF32Bar : kPrefillBar,
              .note = note});
  add_peer_rows(report, c, file, generated, read);
}

void run(Report& report) {
  if (!libabi::llm::enabled()) return;
  const synthetic::Shape shape = value_of(synthetic::find_shape("llama-1b"));
  const char* folder = std::getenv("ABI_BENCH_DIR");
  const std::filesystem::path base = folder && *folder ? folder : std::filesystem::temp_directory_path();
  for (const FormatId format : {FormatId::q4_0, FormatId::q8_0, FormatId::f16}) {
    std::vector<Case> wanted;
    for (const unsigned threads : {1u, 2u})
      for (const char* stem : {"llm.generation.", "llm.prefill.", "llm.vs_llama.generation.", "llm.vs_llama.prefill.",
                               "llm.vs_ik.generation.", "llm.vs_ik.prefill."})
        if (const Case c{format, threads};
            report.wants(stem + c.suffix()) && (wanted.empty() || wanted.back().threads != threads))
          wanted.push_back(c);
    if (wanted.empty()) continue;
    const std::filesystem::path file = base / ("abi-bench-" + std::to_string(static_cast<int>(format)) + ".gguf");
    value_of(synthetic::write_llama(file, shape, format));
    for (const Case& c : wanted) measure(report, c, shape, file);
    std::filesystem::remove(file);
  }
}

}  // namespace

extern const Suite suite_llm;
const Suite suite_llm{.name = "llm", .question = "how near does inference come to what the machine allows?", .run = run};

}  // namespace bench
