#pragma once
/// What the tests of the log share.

#include "io/tools.hpp"

#include <abi/io/disk_storage.hpp>
#include <abi/io/simulated_storage.hpp>
#include <abi/vdb/log.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace libabi::vdb {

using io::TemporaryFolder;
using io::text_of;

inline std::uint64_t from_environment(const char* name, std::uint64_t fallback) {
  const char* const text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : fallback;
}

/// Stands still until it is told to go on.
class TestClock final : public LogClock {
 public:
  std::int64_t now_us() noexcept override { return now.load(); }
  std::atomic<std::int64_t> now{1'000'000};
};

/// A batch from texts, which live on elsewhere.
struct Batch {
  Batch(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) bodies.push_back(std::as_bytes(std::span(text)));
  }
  operator LogBodies() const { return bodies; }
  std::vector<std::span<const std::byte>> bodies;
};

inline Result<Appended> append(Log& log, const std::vector<std::string>& texts) { return log.append(Batch(texts)); }

struct Seen {
  std::string body;
  std::int64_t time_us = 0;
  bool erased = false;
  bool operator==(const Seen&) const = default;
};

/// All records from there on, by position.
inline Result<std::map<Position, Seen>> read_all(Log& log, Position from) {
  std::map<Position, Seen> seen;
  ABI_TRY(const std::unique_ptr<LogReader> reader, log.read(from));
  for (;;) {
    ABI_TRY(const std::optional<LogRecord> record, reader->next());
    if (!record) return seen;
    seen[record->position] = {.body = text_of(record->body), .time_us = record->time_us, .erased = record->erased};
  }
}

/// The content of every file of a folder, by name.
inline std::map<std::string, std::string> files_of(io::Storage& storage, const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  const auto entries = storage.list(folder);
  if (!entries) return files;
  for (const io::Entry& entry : *entries) files[entry.name] = text_of(storage.read_file(folder / entry.name, 1 << 30).value());
  return files;
}

inline bool stands_anywhere(io::Storage& storage, const std::filesystem::path& folder, std::string_view needle) {
  return std::ranges::any_of(files_of(storage, folder),
                             [&](const auto& file) { return file.second.find(needle) != std::string::npos; });
}

inline void put_file(io::Storage& storage, const std::filesystem::path& path, std::string_view content) {
  const auto file = storage.open(path, {.access = io::Access::write, .create = true, .truncate = true}).value();
  ASSERT_TRUE(file->write(0, std::as_bytes(std::span(content))));
  ASSERT_TRUE(file->sync());
}

}  // namespace libabi::vdb
