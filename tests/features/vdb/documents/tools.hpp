#pragma once
/// What the tests of the documents share.

#include "features/vdb/sqlite/tools.hpp"

#include <documents/documents.hpp>

#include <algorithm>

namespace libabi::vdb {

using sqlite::make_disk;
using sqlite::seed_sqlite;
using sqlite::seeds;

constexpr const char* file_name = "documents.db";

inline std::string word(std::mt19937_64& random, std::size_t letters) {
  std::string text;
  for (std::size_t i = 0; i < letters; ++i) text += static_cast<char>('a' + random() % 26);
  return text;
}

/// One of `different` words.
inline std::string common_word(std::mt19937_64& random, std::uint64_t different) { return format("w{}x", random() % different); }

inline std::string sentence(std::mt19937_64& random, std::size_t words, std::uint64_t different = 50) {
  std::string text;
  for (std::size_t i = 0; i < words; ++i) text.append(text.empty() ? "" : " ").append(common_word(random, different));
  return text;
}

/// What a change says, with its own bytes.
struct Owned {
  std::uint64_t id = 0;
  ExternalId external_id;
  std::string payload;
  std::optional<std::string> text;
  std::optional<std::int64_t> expires_ms;

  PutDocument put() const {
    PutDocument change{.id = id, .external_id = std::uint64_t{0}, .payload = payload};
    if (const auto* const name = std::get_if<std::string>(&external_id))
      change.external_id = std::string_view(*name);
    else
      change.external_id = std::get<std::uint64_t>(external_id);
    if (text) change.text = *text;
    change.expires_ms = expires_ms;
    return change;
  }
};

/// The store as plain maps.
using Model = std::map<std::uint64_t, Document>;

inline void play(Model& model, const DocumentChange& change, std::uint64_t position) {
  if (const auto* const put = std::get_if<PutDocument>(&change)) {
    Document& document = model[put->id];
    document = {.id = put->id,
                .external_id = {},
                .payload = std::string(put->payload),
                .text = {},
                .expires_ms = put->expires_ms,
                .position = position};
    std::visit(
        [&]<class Id>(const Id& id) {
          if constexpr (std::is_same_v<Id, std::string_view>)
            document.external_id = std::string(id);
          else
            document.external_id = id;
        },
        put->external_id);
    if (put->text) document.text = std::string(*put->text);
  } else if (const auto* const update = std::get_if<UpdatePayload>(&change)) {
    const auto found = model.find(update->id);
    if (found == model.end()) return;
    found->second.payload = update->payload;
    found->second.position = position;
  } else {
    model.erase(std::get<RemoveDocument>(change).id);
  }
}

inline bool same(const Document& a, const Document& b) {
  return a.id == b.id && a.external_id == b.external_id && a.payload == b.payload && a.text == b.text &&
         a.expires_ms == b.expires_ms && a.position == b.position;
}

/// Everything that can be read is what the model has.
inline void expect_same(DocumentReader& reader, const Model& model) {
  EXPECT_EQ(reader.count().value(), model.size());
  std::uint64_t from = 0;
  auto expected = model.begin();
  for (;;) {
    const std::vector<Document> page = reader.scroll(from, 7).value();
    for (const Document& document : page) {
      ASSERT_NE(expected, model.end());
      ASSERT_TRUE(same(document, expected->second)) << document.id << " " << expected->first;
      ++expected;
    }
    if (page.size() < 7) break;
    from = page.back().id + 1;
  }
  EXPECT_EQ(expected, model.end());
}

/// How many texts of the model have the word.
inline std::vector<std::uint64_t> with_word(const Model& model, std::string_view word) {
  std::vector<std::uint64_t> ids;
  for (const auto& [id, document] : model) {
    const std::string text = format(" {} ", document.text.value_or(""));
    if (text.find(format(" {} ", word)) != std::string::npos) ids.push_back(id);
  }
  return ids;
}

inline std::vector<std::uint64_t> found_ids(DocumentReader& reader, std::string_view query) {
  std::vector<std::uint64_t> ids;
  const std::vector<TextHit> hits = reader.search(query, 100000).value();
  for (const TextHit& hit : hits) ids.push_back(hit.id);
  std::ranges::sort(ids);
  return ids;
}

/// FTS5's own check, against the texts too; SQLite's of the file.
inline void expect_whole(io::Storage& storage) {
  const auto files = sqlite::Vfs::create(storage).value();
  sqlite::Connection database = sqlite::Connection::open(*files, file_name).value();
  EXPECT_EQ(sqlite::answer(database, "PRAGMA integrity_check"), "ok");
  const Result<void> checked = database.execute("INSERT INTO search(search, rank) VALUES('integrity-check', 1)");
  EXPECT_TRUE(checked) << checked.error().text();
}

}  // namespace libabi::vdb
