#include <hnswlib/hnswlib.h>

#include "measure.hpp"
#include "vdb/dataset.hpp"
#include "vdb/searcher.hpp"

#include <atomic>
#include <thread>
#include <vector>

namespace bench::vdb {

namespace {

struct State {
  std::unique_ptr<::hnswlib::SpaceInterface<float>> space;
  std::unique_ptr<::hnswlib::HierarchicalNSW<float>> graph;
};

}  // namespace

Searcher hnswlib(const Dataset& data, bool inner_product, unsigned threads) {
  auto state = std::make_shared<State>();
  if (inner_product)
    state->space = std::make_unique<::hnswlib::InnerProductSpace>(data.dimension);
  else
    state->space = std::make_unique<::hnswlib::L2Space>(data.dimension);
  Searcher searcher{.name = "hnswlib"};
  searcher.build_seconds = seconds([&] {
    state->graph = std::make_unique<::hnswlib::HierarchicalNSW<float>>(state->space.get(), data.count, 16, 200);
    state->graph->addPoint(&data.base[0], 0);
    std::atomic<std::size_t> next{1};
    const auto work = [&] {
      for (std::size_t i; (i = next.fetch_add(1)) < data.count;) state->graph->addPoint(&data.base[i * data.dimension], i);
    };
    std::vector<std::thread> others;
    for (unsigned t = 1; t < threads; ++t) others.emplace_back(work);
    work();
    for (std::thread& other : others) other.join();
  });
  // ef is a field of the index: all threads of a pass use the same.
  searcher.search = [graph = state->graph.get()](const float* query, std::size_t beam, std::uint32_t* out) {
    if (graph->ef_ != beam) graph->setEf(beam);
    auto found = graph->searchKnn(query, 10);
    for (std::size_t i = found.size(); i-- > 0; found.pop()) out[i] = static_cast<std::uint32_t>(found.top().second);
  };
  searcher.index = std::move(state);
  return searcher;
}

}  // namespace bench::vdb
