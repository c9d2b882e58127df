// abi_bench: answers the questions of bench.def. --only REGEX takes some rows, --json prints one line a row, --markdown the
// page docs/benchmarks.md, --list the questions.
#include "report.hpp"

#include <cstdio>
#include <cstring>
#include <exception>

namespace bench {
#define ABI_SUITE(name) extern const Suite suite_##name;
#include "bench.def"
#undef ABI_SUITE

namespace {

constexpr const Suite* suites[] = {
#define ABI_SUITE(name) &suite_##name,
#include "bench.def"
#undef ABI_SUITE
};

int usage() {
  std::fputs("usage: abi_bench [--only REGEX] [--json | --markdown] [--list]\n", stderr);
  return 2;
}

int run(int argc, char** argv) {
  std::string only;
  Report::Style style = Report::Style::text;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--list") == 0) {
      for (const Suite* suite : suites)
        std::printf("%-10.*s %.*s\n", static_cast<int>(suite->name.size()), suite->name.data(),
                    static_cast<int>(suite->question.size()), suite->question.data());
      return 0;
    }
    if (std::strcmp(argv[i], "--only") == 0 && i + 1 < argc)
      only = argv[++i];
    else if (std::strcmp(argv[i], "--json") == 0)
      style = Report::Style::json;
    else if (std::strcmp(argv[i], "--markdown") == 0)
      style = Report::Style::markdown;
    else
      return usage();
  }
  Report report(only, style);
  report.begin();
  for (const Suite* suite : suites) suite->run(report);
  if (!report.empty()) return 0;
  std::fprintf(stderr, "abi_bench: no row matches '%s'\n", only.c_str());
  return 1;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  try {
    return bench::run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "abi_bench: %s\n", e.what());
    return 1;
  }
}
