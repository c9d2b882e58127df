#include <abi/vdb/log.hpp>

namespace libabi::vdb {

namespace {
constexpr std::string_view feature = "vdb";

class NoClock final : public LogClock {
 public:
  std::int64_t now_us() noexcept override { return 0; }
};
}  // namespace

LogClock& LogClock::system() noexcept {
  static NoClock clock;
  return clock;
}

// No LocalLog is ever made here; its members exist for the linker.
struct LocalLog::Impl {};

Result<std::unique_ptr<LocalLog>> LocalLog::open(io::Storage&, const std::filesystem::path&, const LogOptions&) {
  return unavailable(feature);
}
Result<std::vector<LogDamage>> LocalLog::verify_folder(io::Storage&, const std::filesystem::path&) {
  return unavailable(feature);
}
LocalLog::LocalLog(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
LogReader::~LogReader() = default;
LocalLog::~LocalLog() = default;
Result<Appended> LocalLog::append(LogBodies) { return unavailable(feature); }
task::Task<Appended> LocalLog::append_async(LogBodies) { return unavailable(feature); }
Result<void> LocalLog::wait_durable(Position) { return unavailable(feature); }
task::Task<void> LocalLog::wait_durable_async(Position) { return unavailable(feature); }
Result<void> LocalLog::flush() { return unavailable(feature); }
Position LocalLog::first() const noexcept { return 0; }
Position LocalLog::last() const noexcept { return 0; }
Position LocalLog::durable() const noexcept { return 0; }
Result<Position> LocalLog::refresh() { return unavailable(feature); }
Result<std::unique_ptr<LogReader>> LocalLog::read(Position) { return unavailable(feature); }
Result<Position> LocalLog::find_time(std::int64_t) { return unavailable(feature); }
Result<void> LocalLog::truncate_before(Position) { return unavailable(feature); }
Result<void> LocalLog::erase(std::span<const Position>) { return unavailable(feature); }
Result<std::vector<LogDamage>> LocalLog::verify() { return unavailable(feature); }
Result<void> LocalLog::close() { return unavailable(feature); }

}  // namespace libabi::vdb
