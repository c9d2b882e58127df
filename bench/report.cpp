#include "report.hpp"

#include <abi/base/version.hpp>
#include <abi/simd/isa.hpp>
#include <abi/task/processors.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <fstream>

namespace bench {

namespace {

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name") && line.find(": ") != std::string::npos) return line.substr(line.find(": ") + 2);
  return "unknown processor";
}

std::string machine() {
  return processor() + ", " + std::to_string(libabi::task::available_processors()) + " processors, instruction set " +
         std::string(libabi::simd::name(libabi::simd::isa())) + "; abi " + std::string(libabi::version_text()) + ", compiler " +
#if defined(__clang__)
         "clang " __clang_version__;
#else
         "g++ " __VERSION__;
#endif
}

std::string number(std::optional<double> value) {
  if (!value) return "-";
  char text[32];
  std::snprintf(text, sizeof text, *value >= 1000 ? "%.0f" : *value >= 10 ? "%.1f" : "%.3g", *value);
  return text;
}

std::string verdict(const Row& row) {
  if (!row.value || !row.reference) return "absent";
  const std::optional<bool> met = row.met();
  return !met ? "" : *met ? "met" : "missed";
}

std::string bar_text(const Row& row) {
  if (row.bar == 0) return "";
  return (row.better == Better::higher ? ">= " : "<= ") + number(row.bar);
}

}  // namespace

std::optional<double> Row::ratio() const {
  if (!value || !reference || *reference == 0) return std::nullopt;
  return *value / *reference;
}

std::optional<bool> Row::met() const {
  const std::optional<double> r = ratio();
  if (!r || bar == 0) return std::nullopt;
  return better == Better::higher ? *r >= bar : *r <= bar;
}

Report::Report(std::string only, Style style) : style_(style) {
  if (!only.empty()) only_.emplace(only);
}

bool Report::wants(std::string_view name) const { return !only_ || std::regex_search(name.begin(), name.end(), *only_); }

void Report::begin() {
  if (style_ == Style::markdown)
    std::printf(
        "# Benchmarks\n\nWritten by `./dev bench --write`; every figure stands beside what it is compared with, taken in the "
        "same run.\n\n"
        "%s\n\n| row | value | unit | against | its value | ratio | bar | |\n| --- | ---: | --- | --- | ---: | ---: | --- | --- "
        "|\n",
        machine().c_str());
  if (style_ == Style::text)
    std::printf("%s\n\n%-34s %10s %-9s  %-34s %10s %7s  %-8s\n", machine().c_str(), "row", "value", "unit", "against",
                "its value", "ratio", "bar");
  std::fflush(stdout);
}

void Report::add(Row row) {
  if (!wants(row.name)) return;
  ++rows_;
  if (style_ == Style::json) {
    nlohmann::ordered_json out{{"name", row.name},     {"value", nullptr},
                               {"unit", row.unit},     {"against", row.against},
                               {"reference", nullptr}, {"ratio", nullptr},
                               {"bar", nullptr},       {"better", row.better == Better::higher ? "higher" : "lower"},
                               {"met", nullptr},       {"status", row.value && row.reference ? "measured" : "absent"},
                               {"note", row.note}};
    if (row.value) out["value"] = *row.value;
    if (row.reference) out["reference"] = *row.reference;
    if (row.ratio()) out["ratio"] = *row.ratio();
    if (row.bar != 0) out["bar"] = row.bar;
    if (row.met()) out["met"] = *row.met();
    std::printf("%s\n", out.dump().c_str());
  } else {
    const char* const layout = style_ == Style::markdown ? "| %s | %s | %s | %s | %s | %s | %s | %s%s%s |\n"
                                                         : "%-34s %10s %-9s  %-34s %10s %7s  %-8s %s%s%s\n";
    std::printf(layout, row.name.c_str(), number(row.value).c_str(), row.unit.c_str(), row.against.c_str(),
                number(row.reference).c_str(), number(row.ratio()).c_str(), bar_text(row).c_str(), verdict(row).c_str(),
                row.note.empty() ? "" : " ", row.note.c_str());
  }
  std::fflush(stdout);
}

double median(std::vector<double>& samples) {
  std::sort(samples.begin(), samples.end());
  const std::size_t middle = samples.size() / 2;
  return samples.size() % 2 == 1 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
}

}  // namespace bench
