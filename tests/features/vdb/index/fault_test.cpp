// Memory that runs out at every place where an index asks for some: an error, and all or nothing.
#include <abi/task/scheduler.hpp>
#include <abi/vdb/index.hpp>

#include <gtest/gtest.h>

#include "memory/failing_malloc.hpp"
#include "tools.hpp"

namespace libabi::vdb {
namespace {

using namespace test;
using libabi::test::FailingMalloc;
using libabi::test::Unfailing;
using libabi::test::Whose;

TEST(IndexFault, EveryAllocationMayFail) {
  const Cloud cloud = make_cloud(200, 40, 41);
  const std::vector<Row> first{0};
  const auto scheduler = task::Scheduler::create({.threads = 1});
  ASSERT_TRUE(scheduler);
  for (const auto& [kind, codec] : setups()) {
    const IndexOptions options{.dimension = 40, .kind = kind, .codec = codec, .degree = 8, .scheduler = scheduler->get()};
    for (std::uint64_t n = 0;; ++n) {
      ASSERT_LT(n, 2000u);
      bool hit = false;
      std::size_t rows = 0;
      std::optional<Index> index;
      {
        const FailingMalloc fault(n);
        auto made = Index::create(options);
        if (made) {
          index.emplace(std::move(*made));
          for (const std::size_t part : {0u, 1u}) {
            const auto added = index->add(std::span(cloud.rows).subspan(part * 50 * 40, (50 + part * 100) * 40));
            if (added) {
              rows += added->size();
            } else {
              EXPECT_EQ(added.error().code, ErrorCode::exhausted) << added.error().text();
            }
          }
          const auto found = index->search(cloud.row(0));
          EXPECT_TRUE(found || found.error().code == ErrorCode::exhausted) << found.error().text();
          const auto gone = rows > 0 ? index->remove(first) : Result<void>();
          EXPECT_TRUE(gone || gone.error().code == ErrorCode::exhausted) << gone.error().text();
          if (gone && rows > 0) --rows;
        } else {
          EXPECT_EQ(made.error().code, ErrorCode::exhausted) << made.error().text();
        }
        hit = fault.hit();
      }
      if (index) {
        EXPECT_EQ(index->figures()->rows, rows) << "allocation " << n;
        const auto all = index->search(cloud.row(1), {.k = 200, .beam = 200});
        ASSERT_TRUE(all) << all.error().text();
        EXPECT_EQ(all->size(), rows) << kind << " " << codec << " allocation " << n;
        EXPECT_TRUE(index->add(std::span(cloud.rows).first(40)));
      }
      if (!hit) break;
    }
  }
}

}  // namespace
}  // namespace libabi::vdb
