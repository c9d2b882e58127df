#include <gtest/gtest.h>

#include <abi/compute/tensor.hpp>

namespace {

using namespace libabi;
using namespace libabi::compute;
using quant::FormatId;

TEST(TensorBytes, CountsBlocksOfAllRowsAndPlanes) {
  EXPECT_EQ(tensor_bytes({.name = "a", .format = FormatId::f32, .shape = {.rows = 3, .columns = 5}}).value(), 60u);
  EXPECT_EQ(tensor_bytes({.name = "a", .format = FormatId::q4_0, .shape = {.planes = 2, .rows = 3, .columns = 64}}).value(),
            216u);
  EXPECT_EQ(tensor_bytes({.name = "a", .format = FormatId::i32, .shape = {.rows = 7, .columns = 1}}).value(), 28u);
}

TEST(TensorBytes, RefusesWhatAFormatCannotHoldAndNamesTheTensor) {
  const auto bytes = tensor_bytes({.name = "blk.0.ffn", .format = FormatId::q8_0, .shape = {.rows = 3, .columns = 33}});
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(bytes.error().text().find("blk.0.ffn"), std::string::npos) << bytes.error().text();
}

TEST(TensorBytes, RefusesNoElementsAndSizesThatOverflow) {
  constexpr std::int64_t huge = std::int64_t{1} << 40;
  for (const Shape& shape : {Shape{.rows = 0, .columns = 4}, Shape{.rows = 4, .columns = 0}, Shape{.planes = 0, .columns = 4},
                             Shape{.rows = -1, .columns = 4}, Shape{.rows = huge, .columns = huge},
                             Shape{.planes = huge, .rows = huge, .columns = 1}, Shape{.rows = 2, .columns = INT64_MAX}}) {
    const auto bytes = tensor_bytes({.name = "a", .format = FormatId::f32, .shape = shape});
    ASSERT_FALSE(bytes);
    EXPECT_EQ(bytes.error().code, ErrorCode::invalid_argument);
  }
}

TEST(TensorText, TellsFormatShapeAndWhatRowsMean) {
  EXPECT_EQ(text({.name = "a", .format = FormatId::f32, .shape = {.rows = 512, .columns = 2048}}), "f32 [512, 2048]");
  EXPECT_EQ(text({.name = "a", .format = FormatId::q4_0, .shape = {.planes = 8, .rows = 2, .columns = 32}}), "q4_0 [8, 2, 32]");
  EXPECT_EQ(text({.name = "a", .format = FormatId::i32, .shape = {.rows = 9, .columns = 1, .dynamic = Rows::tokens}}),
            "i32 [tokens 9, 1]");
}

}  // namespace
