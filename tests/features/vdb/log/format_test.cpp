#include "log/format.hpp"

#include "version_one.hpp"

namespace libabi::vdb {
namespace {

const std::filesystem::path& stored() {
  static const std::filesystem::path folder = std::filesystem::path(ABI_SOURCE_DIR) / "tests/data/formats/vdb_log/1";
  return folder;
}

TEST(LogFormat, ReadsWhatTheFirstVersionWrote) {
  const auto machine = io::DiskStorage::create().value();
  const auto files = files_of(*machine, stored());
  ASSERT_GE(files.size(), 3u);
  const auto disk = io::SimulatedStorage::create().value();
  ASSERT_TRUE(disk->create_folder("log"));
  for (const auto& [name, content] : files) put_file(*disk, "log/" + name, content);
  const auto log = LocalLog::open(*disk, "log").value();
  const auto seen = read_all(*log, 1).value();
  ASSERT_EQ(seen.size(), 24u);
  for (const auto& [position, record] : seen) {
    const auto batch = static_cast<std::size_t>(position - 1) / 3 + 1;
    EXPECT_EQ(record.time_us, 1'000'000 + static_cast<std::int64_t>(batch) * 1000);
    EXPECT_EQ(record.erased, position == 4 || position == 5);
    const std::string bodies[] = {"record " + std::to_string(batch), std::string(batch * 70, static_cast<char>('a' + batch)), ""};
    EXPECT_TRUE(record.erased || record.body == bodies[(position - 1) % 3]) << position;
  }
  EXPECT_TRUE(log->verify().value().empty());
  EXPECT_EQ(append(*log, {"more"}).value().first, 25u);
}

TEST(LogFormat, IsStillWrittenByteByByte) {
  const auto machine = io::DiskStorage::create().value();
  const auto disk = io::SimulatedStorage::create().value();
  write_version_one(*disk);
  auto files = files_of(*disk, "log");
  files.erase("lock");
  EXPECT_TRUE(files == files_of(*machine, stored()));
}

TEST(LogFormat, RefusesALaterVersion) {
  auto bytes = journal::encode(journal::SegmentHeader());
  ASSERT_TRUE(journal::decode_segment_header(bytes));
  journal::store32(bytes, 8, 2);
  journal::store64(bytes, 88, journal::checksum(std::span(bytes).first(88)));
  EXPECT_EQ(journal::decode_segment_header(bytes).error().code, ErrorCode::unsupported);
}

TEST(LogFormat, RefusesARecordThatClaimsMoreBytesThanTheFileHas) {
  const auto disk = io::SimulatedStorage::create().value();
  ASSERT_TRUE(disk->create_folder("log"));
  const journal::SegmentHeader header;
  std::vector<std::byte> bytes(journal::segment_header_bytes + journal::record_header_bytes + journal::mark_bytes);
  std::ranges::copy(journal::encode(header), bytes.begin());
  journal::RecordHeader record{.bytes = 1 << 24, .position = 1};
  record.chain = journal::chained(header.chain, record);
  journal::encode(record, header.salt, 96, std::span(bytes).subspan(96));
  journal::encode(journal::Mark{.flags = 0, .last = 1, .synced = 160}, header.salt, 160, std::span(bytes).subspan(160));
  put_file(*disk, "log/00000000000000000001.log", text_of(bytes));
  EXPECT_EQ(LocalLog::open(*disk, "log").error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace libabi::vdb
