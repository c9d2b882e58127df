#include "tools.hpp"

#include <cmath>

namespace libabi::vdb {
namespace {

class DocumentsTest : public testing::Test {
 protected:
  Result<void> apply(std::vector<DocumentChange> changes) { return documents.apply(changes, ++position); }

  std::unique_ptr<io::SimulatedStorage> disk = make_disk(1);
  std::unique_ptr<sqlite::Vfs> files = sqlite::Vfs::create(*disk).value();
  Documents documents = Documents::open(*files, file_name).value();
  std::uint64_t position = 0;
};

TEST_F(DocumentsTest, HoldWhatAModelHolds) {
  const std::uint64_t seed = io::seed();
  std::cout << "ABI_SEED=" << seed << "\n";
  std::mt19937_64 random(seed);
  Model model;
  for (int round = 0; round < 60; ++round) {
    std::vector<Owned> owned(random() % 20);
    std::vector<DocumentChange> changes;
    for (Owned& it : owned) {
      it.id = random() % 60;
      it.external_id = it.id % 2 ? ExternalId(it.id) : ExternalId(format("k{}", it.id));
      it.payload = format(R"({{"a":"{}"}})", word(random, random() % 300));
      if (random() % 3) it.text = sentence(random, random() % 20);
      if (random() % 4 == 0) it.expires_ms = static_cast<std::int64_t>(random() % 1000);
      const std::uint64_t kind = random() % 4;
      if (kind < 2) changes.emplace_back(it.put());
      if (kind == 2) changes.emplace_back(UpdatePayload{it.id, it.payload});
      if (kind == 3) changes.emplace_back(RemoveDocument{it.id});
    }
    ASSERT_TRUE(apply(changes));
    for (const DocumentChange& change : changes) play(model, change, position);
    if (round % 10 == 5) {
      ASSERT_TRUE(documents.purge());
    }
    ASSERT_NO_FATAL_FAILURE(expect_same(documents.read(), model));
    const std::string asked = common_word(random, 50);
    EXPECT_EQ(found_ids(documents.read(), asked), with_word(model, asked));
  }
  for (const auto& [id, document] : model) {
    EXPECT_TRUE(same(documents.read().get(id).value().value(), document));
    const ExternalIdView name = id % 2 ? ExternalIdView(id) : ExternalIdView(std::get<std::string>(document.external_id));
    EXPECT_TRUE(same(documents.read().find(name).value().value(), document));
    EXPECT_EQ(documents.read().id_of(name).value(), id);
  }
  expect_whole(*disk);
}

TEST_F(DocumentsTest, ANumberAndTheSameNumberAsTextAreTwoRecords) {
  const std::uint64_t large = 0xfedcba9876543210;
  ASSERT_TRUE(apply({PutDocument{.id = 1, .external_id = std::uint64_t{5}, .payload = "number"},
                     PutDocument{.id = 2, .external_id = "5", .payload = "text"},
                     PutDocument{.id = 3, .external_id = large, .payload = "large"},
                     PutDocument{.id = 4, .external_id = "", .payload = ""}}));
  EXPECT_EQ(documents.read().find(std::uint64_t{5}).value().value().payload, "number");
  EXPECT_EQ(documents.read().find("5").value().value().payload, "text");
  EXPECT_EQ(std::get<std::uint64_t>(documents.read().get(3).value().value().external_id), large);
  EXPECT_EQ(documents.read().id_of("").value(), 4u);
  EXPECT_EQ(documents.read().id_of("6").value(), std::nullopt);
  EXPECT_EQ(documents.read().get(~std::uint64_t{0}).value().has_value(), false);
}

TEST_F(DocumentsTest, ABatchThatFailsLeavesNothing) {
  ASSERT_TRUE(apply({PutDocument{.id = 1, .external_id = "a", .payload = "1", .text = "one"}}));
  const Result<void> taken = apply({PutDocument{.id = 2, .external_id = "b", .payload = "2", .text = "two"}, RemoveDocument{1},
                                    PutDocument{.id = 3, .external_id = "b", .payload = "3"}});
  EXPECT_EQ(taken.error().code, ErrorCode::already_exists);
  EXPECT_EQ(apply({PutDocument{.id = std::uint64_t{1} << 63, .external_id = "c", .payload = ""}}).error().code,
            ErrorCode::invalid_argument);
  EXPECT_EQ(documents.read().count().value(), 1u);
  EXPECT_EQ(documents.read().position().value(), 1u);
  EXPECT_EQ(found_ids(documents.read(), "one two"), std::vector<std::uint64_t>{1});
}

TEST_F(DocumentsTest, WhatWasAppliedIsNotAppliedAgain) {
  const DocumentChange put = PutDocument{.id = 1, .external_id = "a", .payload = "1"}, gone = RemoveDocument{1};
  ASSERT_TRUE(documents.apply({&put, 1}, 5));
  ASSERT_TRUE(documents.apply({&gone, 1}, 5));
  ASSERT_TRUE(documents.apply({&gone, 1}, 4));
  EXPECT_EQ(documents.read().count().value(), 1u);
  ASSERT_TRUE(documents.apply({&gone, 1}, 6));
  EXPECT_EQ(documents.read().count().value(), 0u);
}

TEST_F(DocumentsTest, AreThereAfterTheyAreOpenedAgain) {
  ASSERT_TRUE(apply({PutDocument{.id = 1, .external_id = "a", .payload = "{}", .text = "here", .expires_ms = 10}}));
  documents = Documents::open(*files, "other.db").value();
  documents = Documents::open(*files, file_name).value();
  EXPECT_EQ(documents.read().position().value(), 1u);
  EXPECT_EQ(found_ids(documents.read(), "here"), std::vector<std::uint64_t>{1});
}

TEST_F(DocumentsTest, ThoseWhoseTimeHasComeAreListed) {
  ASSERT_TRUE(apply({PutDocument{.id = 1, .external_id = "a", .payload = "", .expires_ms = 30},
                     PutDocument{.id = 2, .external_id = "b", .payload = "", .expires_ms = 10},
                     PutDocument{.id = 3, .external_id = "c", .payload = ""}}));
  EXPECT_EQ(documents.read().expired(9, 10).value(), std::vector<std::uint64_t>{});
  EXPECT_EQ(documents.read().expired(30, 10).value(), (std::vector<std::uint64_t>{2, 1}));
  EXPECT_EQ(documents.read().expired(30, 1).value(), std::vector<std::uint64_t>{2});
}

TEST_F(DocumentsTest, AReaderWithASnapshotSeesOneMoment) {
  ASSERT_TRUE(apply({PutDocument{.id = 1, .external_id = "a", .payload = "", .text = "old"}}));
  DocumentReader reader = DocumentReader::open(*files, file_name).value();
  {
    const sqlite::Transaction moment = reader.snapshot().value();
    ASSERT_TRUE(apply({PutDocument{.id = 2, .external_id = "b", .payload = "", .text = "old"}}));
    EXPECT_EQ(reader.count().value(), 1u);
    EXPECT_EQ(found_ids(reader, "old").size(), 1u);
    EXPECT_EQ(reader.position().value(), 1u);
  }
  EXPECT_EQ(reader.count().value(), 2u);
  EXPECT_EQ(found_ids(reader, "old").size(), 2u);
}

// BM25 as in Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009, with the idf of FTS5.
TEST_F(DocumentsTest, ScoresAreBm25AlsoAfterAPurge) {
  std::mt19937_64 random(io::seed());
  std::vector<std::vector<std::string>> texts;
  std::vector<std::string> joined;
  std::vector<DocumentChange> changes;
  double words = 0;
  for (std::uint64_t id = 0; id < 100; ++id) {
    auto& text = texts.emplace_back();
    for (std::uint64_t n = random() % 30 + 1; n > 0; --n) text.push_back(common_word(random, 40));
    std::string& line = joined.emplace_back();
    for (const std::string& one : text) line.append(one).append(" ");
    words += static_cast<double>(text.size());
  }
  for (std::uint64_t id = 0; id < 100; ++id)
    changes.emplace_back(PutDocument{.id = id, .external_id = id, .payload = "", .text = joined[id]});
  changes.emplace_back(PutDocument{.id = 100, .external_id = std::uint64_t{100}, .payload = "no text"});
  changes.emplace_back(PutDocument{.id = 101, .external_id = std::uint64_t{101}, .payload = "", .text = "removed w3x"});
  ASSERT_TRUE(apply(changes));
  ASSERT_TRUE(apply({RemoveDocument{101}}));
  const auto has = [](const std::vector<std::string>& text) { return static_cast<double>(std::ranges::count(text, "w3x")); };
  const double with = static_cast<double>(std::ranges::count_if(texts, [&](const auto& text) { return has(text) > 0; }));
  const double idf = std::max(1e-6, std::log((100 - with + 0.5) / (with + 0.5)));
  for (int round = 0; round < 2; ++round) {
    const std::vector<TextHit> hits = documents.read().search("w3x", 1000).value();
    EXPECT_EQ(hits.size(), static_cast<std::size_t>(with));
    for (std::size_t i = 0; i < hits.size(); ++i) {
      const auto& text = texts[hits[i].id];
      const double length = static_cast<double>(text.size()) / (words / 100);
      EXPECT_NEAR(hits[i].score, idf * has(text) * 2.2 / (has(text) + 1.2 * (0.25 + 0.75 * length)), 1e-9);
      if (i > 0) {
        EXPECT_GE(hits[i - 1].score, hits[i].score);
      }
    }
    EXPECT_EQ(documents.read().search("w3x", 3).value().size(), 3u);
    ASSERT_TRUE(documents.purge());
  }
}

TEST_F(DocumentsTest, AnotherVersionAndAnotherDatabaseAreRefused) {
  {
    sqlite::Connection other = sqlite::Connection::open(*files, "other.db").value();
    ASSERT_TRUE(other.execute("CREATE TABLE t(x)"));
    sqlite::Connection later = sqlite::Connection::open(*files, file_name).value();
    ASSERT_TRUE(later.execute("PRAGMA user_version = 2"));
  }
  EXPECT_EQ(Documents::open(*files, "other.db").error().code, ErrorCode::corrupt);
  EXPECT_EQ(Documents::open(*files, file_name).error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace libabi::vdb
