// Distances on every instruction set that runs here: against sums in double or in integers, one to many against one to one, and
// with nothing read outside the rows.
#include "simd/distance_reference.hpp"

#include <bit>
#include <memory>
#include <utility>

#if __has_include(<sys/mman.h>) && !defined(__wasm__)
#define ABI_HAS_FENCES 1
#include <sys/mman.h>
#else
#define ABI_HAS_FENCES 0
#endif

namespace libabi::simd {
namespace {

// --- rows -------------------------------------------------------------------------------------------------------------------

const std::vector<std::size_t> row_lengths = [] {
  std::vector<std::size_t> all;
  for (std::size_t n = 0; n <= 200; ++n) all.push_back(n);
  for (const std::size_t n : {255, 256, 257, 383, 511, 513, 1537, 4099}) all.push_back(n);
  return all;
}();

/// Elements between two pages that cannot be read, as near to the one behind or the one before them as they fit.
template <class Element>
class Fenced {
 public:
  explicit Fenced(std::size_t most) : most_(most) {
#if ABI_HAS_FENCES
    bytes_ = (most * sizeof(Element) + page - 1) / page * page;
    pages_ = static_cast<std::byte*>(mmap(nullptr, bytes_ + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    EXPECT_NE(pages_, MAP_FAILED);
    EXPECT_EQ(mprotect(pages_ + page, bytes_, PROT_READ | PROT_WRITE), 0);
#else
    bytes_ = most * sizeof(Element);
    plain_ = std::make_unique<std::byte[]>(bytes_ + 2 * page);
    pages_ = plain_.get();
#endif
  }
  Fenced(const Fenced&) = delete;
  Fenced& operator=(const Fenced&) = delete;
  ~Fenced() {
#if ABI_HAS_FENCES
    munmap(pages_, bytes_ + 2 * page);
#endif
  }
  Element* at_the_end(std::size_t n) { return reinterpret_cast<Element*>(pages_ + page + bytes_) - n; }
  Element* at_the_beginning() { return reinterpret_cast<Element*>(pages_ + page); }

 private:
  static constexpr std::size_t page = 65536;  // of any system
  std::size_t most_;
  std::size_t bytes_;
  std::byte* pages_;
#if !ABI_HAS_FENCES
  std::unique_ptr<std::byte[]> plain_;
#endif
};

/// Calls body.operator()<Measure, Type>(one, rows) for each line of distances.def, on each instruction set.
template <class Body>
void each_distance(Body body) {
  for (const auto isa : runnable_isas()) {
    const Kernels& k = *kernels_for(isa);
#define ABI_DISTANCE(measure, type, element, result)                                                      \
  {                                                                                                       \
    SCOPED_TRACE(std::string(name(isa)) + ", " #measure " of " #type ", seed " + std::to_string(seed())); \
    body.template operator()<measure, type>(k.measure##_##type, k.measure##_##type##_rows);               \
  }
#include <abi/simd/distances.def>
#undef ABI_DISTANCE
  }
}

template <class Type>
std::vector<typename Type::Element> make_row(std::mt19937& random, std::size_t n) {
  std::vector<typename Type::Element> row(n);
  for (auto& each : row) each = Type::make(random);
  return row;
}

template <class Type>
constexpr bool is_float = !std::is_same_v<Type, i8> && !std::is_same_v<Type, bits>;

// --- what the header promises -----------------------------------------------------------------------------------------------

TEST(Distance, IsWithinTheErrorThatItStatesAtEveryLengthAndReadsNothingOutside) {
  each_distance([]<class Measure, class Type>(auto one, auto) {
    using Element = typename Type::Element;
    std::mt19937 random(seed());
    Fenced<Element> first(row_lengths.back()), second(row_lengths.back());
    for (const std::size_t n : row_lengths)
      for (const bool at_the_end : {true, false}) {
        Element* const a = at_the_end ? first.at_the_end(n) : first.at_the_beginning();
        Element* const b = at_the_end ? second.at_the_beginning() : second.at_the_end(n);
        for (std::size_t i = 0; i < n; ++i) a[i] = Type::make(random), b[i] = Type::make(random);
        const Expected expected = Measure::template of<Type>(a, b, n);
        const double found = static_cast<double>(one(a, b, n));
        EXPECT_NEAR(found, expected.value, expected.slack) << "n = " << n;
        EXPECT_EQ(found, static_cast<double>(one(b, a, n))) << "n = " << n << ", exchanged";
      }
  });
}

TEST(Distance, OfOneToManyHasTheBitsOfOneToOne) {
  each_distance([]<class Measure, class Type>(auto one, auto many) {
    using Element = typename Type::Element;
    std::mt19937 random(seed());
    std::vector<std::pair<std::size_t, std::size_t>> shapes;  // of every length, and of every rest beside the tiles
    for (std::size_t n = 0; n <= 200; ++n) shapes.emplace_back(n, 1 + random() % 24);
    for (const std::size_t n : {0, 1, 15, 16, 17, 64, 100, 255, 257, 511, 1037})
      for (const std::size_t count : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 29}) shapes.emplace_back(n, count);
    shapes.emplace_back(300, 1750);  // from memory, row after row
    shapes.emplace_back(60, 4400);   // from memory, asked for
    for (const auto& [n, count] : shapes) {
      const std::size_t stride = n + random() % 3;
      const auto query = make_row<Type>(random, n), data = make_row<Type>(random, count * stride + 1);
      std::vector<std::uint32_t> index(count);
      for (auto& each : index) each = static_cast<std::uint32_t>(random() % count);
      for (const bool gathered : {false, true}) {
        Row<float> out(count);
        const Rows<Element> rows{
            .data = data.data() + 1, .stride = stride, .count = count, .index = gathered ? index.data() : nullptr};
        many(out.data(), query.data(), rows, n);
        for (std::size_t r = 0; r < count; ++r) {
          const Element* row = rows.data + (gathered ? index[r] : r) * stride;
          ASSERT_EQ(std::bit_cast<std::uint32_t>(out[r]),
                    std::bit_cast<std::uint32_t>(static_cast<float>(one(query.data(), row, n))))
              << "n = " << n << ", row " << r << " of " << count << (gathered ? ", gathered" : "");
        }
      }
    }
  });
}

TEST(Distance, OneToManyReadsNothingOutsideItsRows) {
  each_distance([]<class Measure, class Type>(auto one, auto many) {
    using Element = typename Type::Element;
    std::mt19937 random(seed());
    Fenced<Element> memory(8 * 260), queries(260);
    for (const std::size_t n : row_lengths) {
      if (n > 260) break;
      Element* const query = queries.at_the_end(n);
      for (std::size_t i = 0; i < n; ++i) query[i] = Type::make(random);
      const std::uint32_t index[] = {7, 0, 7, 3, 1, 0, 2, 7};
      for (const bool gathered : {false, true}) {
        Element* const data = memory.at_the_end(8 * n);
        for (std::size_t i = 0; i < 8 * n; ++i) data[i] = Type::make(random);
        Row<float> out(8);
        many(out.data(), query, {.data = data, .stride = n, .count = 8, .index = gathered ? index : nullptr}, n);
        EXPECT_EQ(out[7], static_cast<float>(one(query, data + 7 * n, n))) << n;
      }
    }
  });
}

TEST(Distance, OfBytesIsExactAtTheExtremesAndBeyond32Bits) {
  each_distance([]<class Measure, class Type>(auto one, auto many) {
    if constexpr (std::is_same_v<Type, i8>) {
      std::mt19937 random(seed());
      for (const std::size_t n : {1, 63, 64, 65, 1000, 32767, 32768, 32769, 65600, 300001})
        for (const auto& [x, y] : {std::pair{-128, 127}, {127, -128}, {-128, -128}, {127, 127}, {-128, 0}, {0, -128}}) {
          std::vector<std::int8_t> a(n, static_cast<std::int8_t>(x)), b(n, static_cast<std::int8_t>(y));
          for (int i = 0; i < 3; ++i) a[random() % n] = i8::make(random), b[random() % n] = i8::make(random);
          const Expected expected = Measure::template of<Type>(a.data(), b.data(), n);
          const auto found = one(a.data(), b.data(), n);
          if constexpr (std::is_same_v<Measure, cosine>)
            EXPECT_NEAR(found, expected.value, 8 * ulp) << n << ": " << x << ", " << y;
          else
            EXPECT_EQ(found, static_cast<std::int64_t>(expected.value)) << n << ": " << x << ", " << y;
          float out[2];
          const std::uint32_t index[] = {0, 0};
          many(out, a.data(), {.data = b.data(), .stride = n, .count = 2, .index = index}, n);
          EXPECT_EQ(out[0], static_cast<float>(found));
          EXPECT_EQ(out[1], static_cast<float>(found));
        }
    }
  });
}

TEST(Distance, ShowsNaNAndInfinityWhereverTheyAre) {
  each_distance([]<class Measure, class Type>(auto one, auto many) {
    if constexpr (is_float<Type>) {
      std::mt19937 random(seed());
      for (const std::size_t n : {1, 5, 16, 17, 70, 257})
        for (std::size_t place = 0; place < n; place += 1 + n / 19) {
          const auto plain = make_row<Type>(random, n);
          auto nan = plain, inf = plain;
          nan[place] = Type::nan, inf[place] = Type::inf;
          std::vector<typename Type::Element> zeros(n, Type::zero);
          EXPECT_TRUE(std::isnan(one(nan.data(), plain.data(), n)));
          EXPECT_TRUE(std::isnan(one(plain.data(), nan.data(), n)));
          EXPECT_TRUE(std::isnan(one(zeros.data(), nan.data(), n)));
          float out[8];
          const std::uint32_t index[8] = {};
          many(out, plain.data(), {.data = nan.data(), .stride = n, .count = 8, .index = index}, n);
          for (const float each : out) EXPECT_TRUE(std::isnan(each));
          const float found = one(plain.data(), inf.data(), n);
          if constexpr (std::is_same_v<Measure, l2>) {
            EXPECT_EQ(found, infinity);
            EXPECT_TRUE(std::isnan(one(inf.data(), inf.data(), n)));
          } else if constexpr (std::is_same_v<Measure, dot>) {
            EXPECT_EQ(found, Type::value(plain[place]) > 0 ? infinity : -infinity);
          } else {
            EXPECT_TRUE(std::isnan(found) || found == 0) << found;
          }
        }
    }
  });
}

TEST(Distance, CosineOfZeroIsZeroAndOfARowWithItselfIsOne) {
  each_distance([]<class Measure, class Type>(auto one, auto many) {
    if constexpr (std::is_same_v<Measure, cosine>) {
      std::mt19937 random(seed());
      for (const std::size_t n : {1, 16, 100, 771}) {
        const std::vector<typename Type::Element> zeros(n, 0);
        const auto row = make_row<Type>(random, n);
        EXPECT_EQ(one(zeros.data(), row.data(), n), 0);
        EXPECT_EQ(one(row.data(), zeros.data(), n), 0);
        EXPECT_EQ(one(zeros.data(), zeros.data(), n), 0);
        const float self = one(row.data(), row.data(), n);
        EXPECT_LE(self, 1.0f);
        EXPECT_GE(self, 1.0f - 4 * static_cast<float>(ulp));
        float out = 7;
        many(&out, zeros.data(), {.data = row.data(), .stride = n, .count = 1}, n);
        EXPECT_EQ(out, 0);
      }
    }
  });
}

TEST(Distance, OfSubnormalNumbersIsThatOfTheFormula) {
  for (const auto isa : runnable_isas()) {
    SCOPED_TRACE(std::string(name(isa)));
    const Kernels& k = *kernels_for(isa);
    const std::vector<float> tiny(37, 0x1p-140f), large(37, 0x1p100f);
    EXPECT_EQ(k.dot_f32(tiny.data(), large.data(), 37), 37 * 0x1p-40f);
    const std::vector<float> far(37, 0x1p-139f + 0x1p-140f);
    EXPECT_EQ(k.l2_f32(tiny.data(), far.data(), 37), 0);                 // 2^-278 is none
    const std::vector<std::uint16_t> half(37, 0x0001), one(37, 0x3c00);  // 2^-24, 1
    EXPECT_EQ(k.dot_f16(half.data(), one.data(), 37), 37 * 0x1p-24f);
    EXPECT_EQ(k.l2_f16(half.data(), std::vector<std::uint16_t>(37, 0).data(), 37), 37 * 0x1p-48f);
    // bf16: all of them, or on an instruction that takes them for zero, none.
    const std::vector<std::uint16_t> brain(37, 0x0001), big(37, 0x7180);  // 2^-133, 2^100
    const float product = k.dot_bf16(brain.data(), big.data(), 37);
    EXPECT_TRUE(product == 37 * 0x1p-33f || (product == 0 && name(isa) == "avx512vnni")) << product;
  }
}

TEST(Distance, OfBitsThatFillWholeRowsIsTheirCount) {
  each_distance([]<class Measure, class Type>(auto one, auto) {
    if constexpr (std::is_same_v<Type, bits>) {
      const std::vector<std::uint8_t> none(100001, 0), all(100001, 0xff);
      const bool differ = std::is_same_v<Measure, hamming>;
      EXPECT_EQ(one(none.data(), all.data(), none.size()), differ ? 800008 : 0);
      EXPECT_EQ(one(all.data(), all.data(), all.size()), differ ? 0 : 1);
      EXPECT_EQ(one(none.data(), none.data(), none.size()), differ ? 0 : 1);
    }
  });
}

}  // namespace
}  // namespace libabi::simd
