#include <abi/vdb/vdb.hpp>

#include <gtest/gtest.h>

namespace libabi::vdb {
namespace {

TEST(Vdb, EnabledSaysWhichSideTheBuildChose) { EXPECT_EQ(enabled(), ABI_TEST_VDB == 1); }

}  // namespace
}  // namespace libabi::vdb
