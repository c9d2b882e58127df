#pragma once
/// The rows of a run: what was measured, against what, and whether that is good enough.

#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

enum class Better : bool { higher, lower };

/// One answer. `reference` is a peer or a physical limit that was measured in this run; without a value the peer is absent.
struct Row {
  std::string name;  ///< "llm.generation.q4_0.2t"
  std::optional<double> value;
  std::string unit;
  std::string against;  ///< "memory read, 2 threads"
  std::optional<double> reference;
  double bar = 0;  ///< of value / reference; 0: none
  Better better = Better::higher;
  std::string note;

  std::optional<double> ratio() const;
  /// Empty where there is no bar or nothing to compare.
  std::optional<bool> met() const;
};

class Report {
 public:
  enum class Style { text, json, markdown };
  Report(std::string only, Style style);

  /// Whether `--only` asks for the row; a suite that has none of its rows asked for measures nothing.
  bool wants(std::string_view name) const;
  void add(Row row);
  void begin();  ///< the head of the table, and the machine
  bool empty() const noexcept { return rows_ == 0; }

 private:
  std::optional<std::regex> only_;
  Style style_;
  int rows_ = 0;
};

/// A member of bench.def.
struct Suite {
  std::string_view name;
  std::string_view question;  ///< that it answers
  void (*run)(Report& report);
};

/// Of an odd or even number of samples; they are sorted in place.
double median(std::vector<double>& samples);

}  // namespace bench
