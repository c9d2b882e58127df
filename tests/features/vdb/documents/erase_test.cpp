// What was erased stands in no byte of any file.
#include "tools.hpp"

namespace libabi::vdb {
namespace {

constexpr std::size_t needle_bytes = 32, piece_bytes = 8;

/// Where a part of the needle stands: an index that shares beginnings between terms holds their ends.
std::vector<std::string> traces_of(io::Storage& storage, std::string_view needle) {
  std::vector<std::string> places;
  const std::vector<io::Entry> entries = storage.list("").value();
  for (const io::Entry& entry : entries) {
    const std::string bytes = io::text_of(storage.read_file(entry.name, std::uint64_t{1} << 30).value());
    for (std::size_t at = 0; at + piece_bytes <= needle.size(); at += piece_bytes / 2)
      for (std::size_t found = bytes.find(needle.substr(at, piece_bytes)); found != std::string::npos && places.size() < 10;
           found = bytes.find(needle.substr(at, piece_bytes), found + 1))
        places.push_back(format("{} at {} piece {}", entry.name, found, at));
  }
  return places;
}

using Places = std::vector<std::string>;

/// A store of records, each with words of its own in its external id, payload and text.
class Needles {
 public:
  explicit Needles(std::uint64_t seed) : random(seed), disk(make_disk(seed)), files(sqlite::Vfs::create(*disk).value()) {
    open();
  }

  void open() { documents = Documents::open(*files, file_name).value(); }

  struct Needle {
    std::string key, payload, text;
  };

  // In a random order of their ids, so that pages are split and moved in all places.
  void fill(std::uint64_t count, std::size_t batch) {
    std::vector<std::uint64_t> ids(count);
    for (std::uint64_t i = 0; i < count; ++i) ids[i] = i;
    std::ranges::shuffle(ids, random);
    for (std::size_t at = 0; at < count; at += batch) put(std::span(ids).subspan(at, std::min<std::size_t>(batch, count - at)));
  }

  void put(std::span<const std::uint64_t> ids) {
    std::vector<Owned> owned;
    for (const std::uint64_t id : ids) {
      Needle& needle = needles[id];
      needle = {word(random, needle_bytes), word(random, needle_bytes), word(random, needle_bytes)};
      const std::string filler(random() % 10 == 0 ? random() % 9000 : random() % 60, '.');
      owned.push_back({.id = id,
                       .external_id = needle.key,
                       .payload = format(R"({{"n":"{}{}"}})", needle.payload, filler),
                       .text = format("{} {} {}", sentence(random, random() % 12), needle.text, sentence(random, random() % 5))});
    }
    std::vector<DocumentChange> changes;
    for (const Owned& it : owned) changes.emplace_back(it.put());
    ASSERT_TRUE(documents.apply(changes, ++position));
  }

  void expect_gone(const Needle& needle) {
    EXPECT_EQ(traces_of(*disk, needle.payload), Places{}) << "payload";
    EXPECT_EQ(traces_of(*disk, needle.text), Places{}) << "text";
    EXPECT_EQ(traces_of(*disk, needle.key), Places{}) << "external id";
  }

  std::mt19937_64 random;
  std::unique_ptr<io::SimulatedStorage> disk;
  std::unique_ptr<sqlite::Vfs> files;
  Documents documents = Documents::open(*files, "unused.db").value();
  std::map<std::uint64_t, Needle> needles;
  std::uint64_t position = 0;
};

TEST(Erase, TheScanSeesWhatARemovalLeaves) {
  Needles store(1);
  store.fill(50, 10);
  const Needles::Needle needle = store.needles[7];
  const DocumentChange remove = RemoveDocument{7};
  ASSERT_TRUE(store.documents.apply({&remove, 1}, ++store.position));
  ASSERT_TRUE(store.documents.checkpoint());
  EXPECT_NE(traces_of(*store.disk, needle.text), Places{});
}

TEST(Erase, OneOfThousandsLeavesNoByteAndTheOthersStay) {
  const std::uint64_t seed = io::seed();
  std::cout << "ABI_SEED=" << seed << "\n";
  Needles store(seed);
  store.fill(3000, 500);
  for (int i = 0; i < 4; ++i) {
    const std::uint64_t id = store.random() % 3000;
    const Needles::Needle needle = store.needles[id];
    ASSERT_TRUE(store.documents.erase({&id, 1}, ++store.position));
    store.expect_gone(needle);
    EXPECT_EQ(found_ids(store.documents.read(), needle.text), std::vector<std::uint64_t>{});
    store.needles.erase(id);
  }
  EXPECT_EQ(store.documents.read().count().value(), store.needles.size());
  for (const auto& [id, needle] : store.needles) {
    if (id % 50 == 0) {
      EXPECT_EQ(found_ids(store.documents.read(), needle.text), std::vector<std::uint64_t>{id});
    }
  }
  expect_whole(*store.disk);
}

// Every way a record can come to be, be changed and go, in small batches, which leave the index in every shape.
TEST(Erase, WhateverWasDoneBefore) {
  const std::uint64_t first = io::seed();
  std::cout << "ABI_SEED=" << first << "\n";
  for (std::uint64_t i = 0; i < seeds(40); ++i) {
    SCOPED_TRACE(testing::Message() << "ABI_SEED=" << first + i);
    Needles store(first + i);
    std::vector<Needles::Needle> gone;
    for (int round = 0; round < 25; ++round) {
      const std::uint64_t id = store.random() % 40;
      const auto forget = [&](std::uint64_t which) {
        if (const auto found = store.needles.find(which); found != store.needles.end()) {
          gone.push_back(found->second);
          store.needles.erase(found);
        }
      };
      switch (store.random() % 6) {
        case 0:
          forget(id);
          ASSERT_TRUE(store.documents.erase({&id, 1}, ++store.position));
          for (const Needles::Needle& needle : gone) store.expect_gone(needle);
          gone.clear();
          break;
        case 1: {
          forget(id);
          const DocumentChange remove = RemoveDocument{id};
          ASSERT_TRUE(store.documents.apply({&remove, 1}, ++store.position));
          break;
        }
        case 2: {  // come and gone in one batch
          const Needles::Needle needle{word(store.random, needle_bytes), word(store.random, needle_bytes),
                                       word(store.random, needle_bytes)};
          const DocumentChange both[] = {
              PutDocument{.id = 1000, .external_id = needle.key, .payload = needle.payload, .text = needle.text},
              RemoveDocument{1000}};
          ASSERT_TRUE(store.documents.apply(both, ++store.position));
          gone.push_back(needle);
          break;
        }
        default: {
          std::vector<std::uint64_t> ids;
          for (std::uint64_t n = store.random() % (round % 5 == 0 ? 40 : 4) + 1; n > 0; --n) ids.push_back(store.random() % 40);
          std::ranges::sort(ids);
          const auto same = std::ranges::unique(ids);
          ids.erase(same.begin(), same.end());
          for (const std::uint64_t each : ids) forget(each);
          store.put(ids);
        }
      }
      if (store.random() % 6 == 0) store.open();
      if (HasFailure()) return;
    }
    ASSERT_TRUE(store.documents.purge());
    for (const Needles::Needle& needle : gone) store.expect_gone(needle);
    expect_whole(*store.disk);
    if (HasFailure()) return;
  }
}

TEST(Erase, ManyTimesInOneIndex) {
  Needles store(3);
  store.fill(100, 20);
  for (std::uint64_t i = 0; i < 200; ++i) {
    const std::uint64_t id = i % 100;
    const Needles::Needle needle = store.needles[id];
    ASSERT_TRUE(store.documents.erase({&id, 1}, ++store.position));
    store.expect_gone(needle);
    store.put({&id, 1});
  }
  expect_whole(*store.disk);
}

TEST(Erase, NoPowerCutBringsBackWhatWasErased) {
  for (std::uint64_t seed = 0; seed < seeds(100); ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Needles store(seed);
    store.fill(30, 10);
    const std::uint64_t id = seed % 30;
    const Needles::Needle needle = store.needles[id];
    ASSERT_TRUE(store.documents.erase({&id, 1}, ++store.position));
    if (seed % 2) {
      ASSERT_TRUE(store.documents.apply({}, ++store.position));
    }
    store.disk->cut_power();
    store.documents = {};
    store.disk->restart();
    store.expect_gone(needle);
    store.open();
    EXPECT_FALSE(store.documents.read().get(id).value());
    store.expect_gone(needle);
  }
}

TEST(Erase, IsToBeRepeatedWhereItWasInterrupted) {
  for (std::uint64_t cut = 0;; ++cut) {
    SCOPED_TRACE(testing::Message() << "cut " << cut);
    Needles store(cut);
    store.fill(30, 10);
    ASSERT_TRUE(store.documents.checkpoint());
    const std::uint64_t id = cut % 30;
    const Needles::Needle needle = store.needles[id];
    store.disk->cut_power_at(store.disk->changes() + cut);
    ++store.position;
    const bool done = store.documents.erase({&id, 1}, store.position).has_value();
    store.disk->cut_power();
    store.documents = {};
    store.disk->restart();
    store.open();
    ASSERT_TRUE(store.documents.erase({&id, 1}, store.position));
    store.expect_gone(needle);
    expect_whole(*store.disk);
    if (done) break;
  }
}

TEST(Erase, IsNotAcknowledgedWhileASnapshotIsHeld) {
  Needles store(1);
  store.fill(30, 10);
  DocumentReader reader = DocumentReader::open(*store.files, file_name).value();
  const std::uint64_t id = 3;
  const Needles::Needle needle = store.needles[id];
  ++store.position;
  {
    const sqlite::Transaction moment = reader.snapshot().value();
    EXPECT_EQ(store.documents.erase({&id, 1}, store.position).error().code, ErrorCode::aborted);
    EXPECT_TRUE(reader.get(id).value());
  }
  ASSERT_TRUE(store.documents.erase({&id, 1}, store.position));
  store.expect_gone(needle);
}

}  // namespace
}  // namespace libabi::vdb
