// A power cut at any change leaves the documents of some position, whole: records, texts and counts.
#include "tools.hpp"

namespace libabi::vdb {
namespace {

class Workload {
 public:
  explicit Workload(std::uint64_t seed) : random_(seed) {}

  void open(io::Storage& storage) {
    files_ = sqlite::Vfs::create(storage).value();
    Result<Documents> opened = Documents::open(*files_, file_name,
                                               {.durability = sqlite::Durability::at_checkpoints,
                                                .cache_bytes = 16 << 10,
                                                .checkpoint_pages = static_cast<unsigned>(random_() % 100)});
    ASSERT_TRUE(opened) << opened.error().text();
    documents_ = *std::move(opened);
    const std::uint64_t position = documents_.read().position().value();
    ASSERT_GE(position, durable_);
    ASSERT_LT(position, models_.size());
    models_.resize(position + 1);
    ASSERT_NO_FATAL_FAILURE(expect_same(documents_.read(), models_.back()));
    const std::string asked = common_word(random_, 50);
    ASSERT_EQ(found_ids(documents_.read(), asked), with_word(models_.back(), asked));
  }

  Result<void> go_on(int batches) {
    for (int i = 0; i < batches; ++i) {
      std::vector<Owned> owned(random_() % 8);
      std::vector<DocumentChange> changes;
      for (Owned& it : owned) {
        it = {.id = random_() % 30, .external_id = {}, .payload = word(random_, random_() % 200), .text = {}, .expires_ms = {}};
        it.external_id = format("k{}", it.id);
        if (random_() % 4) it.text = sentence(random_, random_() % 30);
        const std::uint64_t kind = random_() % 4;
        if (kind < 2) changes.emplace_back(it.put());
        if (kind == 2) changes.emplace_back(UpdatePayload{it.id, it.payload});
        if (kind == 3) changes.emplace_back(RemoveDocument{it.id});
      }
      const std::uint64_t position = models_.size();
      Model model = models_.back();
      for (const DocumentChange& change : changes) play(model, change, position);
      models_.push_back(std::move(model));
      ABI_TRY(documents_.apply(changes, position));
      if (random_() % 6 != 0) continue;
      ABI_TRY(random_() % 2 ? documents_.checkpoint() : documents_.purge());
      durable_ = position;
    }
    return {};
  }

  void close() {
    documents_ = {};
    files_ = nullptr;
  }

 private:
  std::mt19937_64 random_;
  std::unique_ptr<sqlite::Vfs> files_;
  Documents documents_;
  std::vector<Model> models_{Model()};
  std::uint64_t durable_ = 0;
};

TEST(DocumentsCrash, LeavesTheDocumentsOfSomePosition) {
  const std::uint64_t first = io::seed();
  std::cout << "ABI_SEED=" << first << "\n";
  for (std::uint64_t i = 0; i < seeds(300); ++i) {
    const std::uint64_t seed = first + i;
    SCOPED_TRACE(testing::Message() << "ABI_SEED=" << seed);
    std::mt19937_64 random(seed);
    const auto disk = make_disk(seed);
    Workload work(seed);
    for (int round = 0; round < 3; ++round) {
      ASSERT_NO_FATAL_FAILURE(work.open(*disk));
      disk->cut_power_at(disk->changes() + random() % 300);
      static_cast<void>(work.go_on(10));
      disk->cut_power();
      work.close();
      disk->restart();
    }
    ASSERT_NO_FATAL_FAILURE(work.open(*disk));
    work.close();
    expect_whole(*disk);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace libabi::vdb
