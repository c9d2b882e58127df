#pragma once
/// An index that takes part in a comparison.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace bench::vdb {

struct Dataset;

/// One query a call: the ids of the ten nearest that it finds go to `out`. Called by several threads at once.
struct Searcher {
  std::string name;
  double build_seconds = 0;  ///< with all cores
  std::function<void(const float* query, std::size_t beam, std::uint32_t* out)> search;
  std::shared_ptr<void> index;
};

/// hnswlib with M = 16 and ef_construction = 200, f32.
Searcher hnswlib(const Dataset& data, bool inner_product, unsigned threads);

}  // namespace bench::vdb
