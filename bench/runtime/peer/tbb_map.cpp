#include "map_run.hpp"

#include <tbb/concurrent_hash_map.h>

namespace bench {

double maps::tbb(unsigned threads) {
  struct Map {
    using Table = ::tbb::concurrent_hash_map<std::uint64_t, std::uint64_t>;
    Table table{map_keys};
    bool get(std::uint64_t key) {
      typename Table::const_accessor found;
      return table.find(found, key);
    }
    void insert(std::uint64_t key) { table.insert({key, key}); }
    void erase(std::uint64_t key) { table.erase(key); }
  };
  static Map map;
  return map_rate(map, threads);
}

}  // namespace bench
