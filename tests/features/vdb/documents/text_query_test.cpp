// A user's text is words and nothing else.
#include "tools.hpp"

#include <documents/text_index.hpp>

namespace libabi::vdb {
namespace {

struct Texts {
  Texts() {
    for (std::uint64_t id = 0; id < texts.size(); ++id) {
      const DocumentChange change = PutDocument{.id = id, .external_id = id, .payload = "{}", .text = texts[id]};
      EXPECT_TRUE(documents.apply({&change, 1}, id + 1));
    }
  }
  std::vector<std::uint64_t> find(std::string_view query, TextMatch match) {
    std::vector<std::uint64_t> ids;
    const Result<std::vector<TextHit>> hits = documents.read().search(query, 100, match);
    EXPECT_TRUE(hits) << hits.error().text();
    if (!hits) return ids;
    for (const TextHit& hit : *hits) ids.push_back(hit.id);
    std::ranges::sort(ids);
    return ids;
  }
  const std::vector<std::string> texts{"the quick brown fox", "a brown dog AND a fox", "text: near the sea", "Straße und Café"};
  std::unique_ptr<io::SimulatedStorage> disk = make_disk(1);
  std::unique_ptr<sqlite::Vfs> files = sqlite::Vfs::create(*disk).value();
  Documents documents = Documents::open(*files, file_name).value();
};

using Ids = std::vector<std::uint64_t>;

TEST(TextQuery, AnyWordAllWordsAndPhrase) {
  Texts texts;
  EXPECT_EQ(texts.find("brown sea", TextMatch::any_word), (Ids{0, 1, 2}));
  EXPECT_EQ(texts.find("fox brown", TextMatch::all_words), (Ids{0, 1}));
  EXPECT_EQ(texts.find("fox brown", TextMatch::phrase), Ids{});
  EXPECT_EQ(texts.find("brown fox", TextMatch::phrase), Ids{0});
  EXPECT_EQ(texts.find("CAFE", TextMatch::any_word), Ids{3});
}

TEST(TextQuery, SyntaxIsOneOnlyWhereItIsAskedFor) {
  Texts texts;
  EXPECT_EQ(texts.find("quick AND sea", TextMatch::any_word), (Ids{0, 1, 2}));
  EXPECT_EQ(texts.find("brown NOT dog", TextMatch::all_words), Ids{});
  EXPECT_EQ(texts.find("text:near", TextMatch::any_word), Ids{2});
  EXPECT_EQ(texts.find("qui*", TextMatch::any_word), Ids{});
  EXPECT_EQ(texts.find("qui*", TextMatch::syntax), Ids{0});
  EXPECT_EQ(texts.find("brown NOT dog", TextMatch::syntax), Ids{0});
  EXPECT_EQ(texts.documents.read().search("brown NOT", 10, TextMatch::syntax).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(texts.documents.read().search("nocolumn:brown", 10, TextMatch::syntax).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(texts.documents.read().search("\"open", 10, TextMatch::syntax).error().code, ErrorCode::invalid_argument);
}

TEST(TextQuery, NoTextIsAnErrorOrMoreThanItsWords) {
  Texts texts;
  std::mt19937_64 random(io::seed());
  constexpr std::string_view signs = "\"'*:()^+-{}[]NEAR,ORANDT;%_\\\0\x80\xff \t ab";
  for (int i = 0; i < 2000; ++i) {
    std::string query;
    for (std::uint64_t n = random() % 12; n > 0; --n) query += signs[random() % signs.size()];
    for (const TextMatch match : {TextMatch::any_word, TextMatch::all_words, TextMatch::phrase}) texts.find(query, match);
  }
  EXPECT_EQ(texts.find("", TextMatch::any_word), Ids{});
  EXPECT_EQ(texts.find("  \t ", TextMatch::all_words), Ids{});
  EXPECT_EQ(texts.find("!!! \" brown", TextMatch::all_words), (Ids{0, 1}));
  EXPECT_EQ(texts.find("!!! \" brown", TextMatch::any_word), (Ids{0, 1}));
}

TEST(TextQuery, HasABound) {
  Texts texts;
  std::string words;
  for (std::size_t i = 0; i < most_query_words; ++i) words += "brown ";
  EXPECT_EQ(texts.find(words, TextMatch::any_word), (Ids{0, 1}));
  EXPECT_EQ(texts.find(words, TextMatch::all_words), (Ids{0, 1}));
  EXPECT_EQ(text_expression(words + "more", TextMatch::any_word).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(text_expression(std::string(most_query_bytes + 1, 'a'), TextMatch::syntax).error().code, ErrorCode::invalid_argument);
}

std::string structure(const std::vector<std::vector<int>>& levels, std::vector<int> merging) {
  std::string bytes(4, '\0');
  int segments = 0;
  for (const auto& level : levels) segments += static_cast<int>(level.size());
  merging.resize(levels.size());
  for (const int n : {static_cast<int>(levels.size()), segments, 5}) bytes += static_cast<char>(n);
  for (std::size_t i = 0; i < levels.size(); ++i) {
    bytes += static_cast<char>(merging[i]);
    bytes += static_cast<char>(levels[i].size());
    for (const int id : levels[i]) bytes += {static_cast<char>(id), 1, 1};
  }
  return bytes;
}

TEST(TextIndex, OptimizeIsTrustedOnlyWhereItMergesEverythingIntoAnOldestSegment) {
  EXPECT_TRUE(optimize_is_complete(structure({}, {})));
  EXPECT_FALSE(optimize_is_complete(structure({{1}}, {})));
  EXPECT_TRUE(optimize_is_complete(structure({{1, 2}}, {})));
  EXPECT_TRUE(optimize_is_complete(structure({{1, 2}, {}}, {})));
  EXPECT_FALSE(optimize_is_complete(structure({{1, 2}, {}, {}}, {})));
  EXPECT_TRUE(optimize_is_complete(structure({{1}, {2}, {}, {}}, {})));
  EXPECT_FALSE(optimize_is_complete(structure({{1, 2}, {3}}, {2})));
  EXPECT_TRUE(optimize_is_complete(structure({{1, 2, 3}, {4}, {5}}, {3})));
  const std::string good = structure({{1}, {2}, {3, 4}}, {});
  for (std::size_t bytes = 0; bytes < good.size(); ++bytes) EXPECT_FALSE(optimize_is_complete(good.substr(0, bytes)));
  EXPECT_FALSE(optimize_is_complete(std::string(50, '\xff')));
}

}  // namespace
}  // namespace libabi::vdb
