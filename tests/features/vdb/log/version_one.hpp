#pragma once
/// The log of which tests/data/formats/vdb_log/1 is a copy: two segments, and a list of erased records.

#include "tools.hpp"

namespace libabi::vdb {

inline void write_version_one(io::Storage& storage) {
  TestClock clock;
  const auto log = LocalLog::open(storage, "log", {.segment_bytes = 4096, .preallocate_bytes = 0, .clock = &clock}).value();
  for (int i = 1; i <= 8; ++i) {
    clock.now += 1000;
    append(*log, {"record " + std::to_string(i), std::string(static_cast<std::size_t>(i) * 70, static_cast<char>('a' + i)), ""})
        .value();
  }
  const std::vector<Position> gone{4, 5};
  log->erase(gone).value();
  log->close().value();
}

}  // namespace libabi::vdb
