// Matrix products of every format on every instruction set that this machine runs, against decoded weights in double.
#include "kernel/input.hpp"

#include <gtest/gtest.h>

#include <abi/quant/kernels.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace libabi;
using namespace libabi::quant;

constexpr double ulp = 0x1p-24;  ///< half a unit in the last place of a number near 1
constexpr float infinity = std::numeric_limits<float>::infinity();
const float not_a_number = std::numeric_limits<float>::quiet_NaN();

unsigned seed() {
  const char* given = std::getenv("ABI_SEED");
  static const unsigned chosen = given ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : 20261125u;
  return chosen;
}

bool is_block(const Format& format) { return format.block_length > 1; }
/// The blocks of these begin with scale and minimum, both f16.
bool has_minimum(const Format& format) { return format.id == FormatId::q4_1 || format.id == FormatId::q5_1; }

/// Bytes at an odd address, so that no kernel may count on alignment.
class Bytes {
 public:
  explicit Bytes(std::size_t n) : storage_(n + 1) {}
  std::byte* data() { return storage_.data() + 1; }
  const std::byte* data() const { return storage_.data() + 1; }
  std::size_t size() const { return storage_.size() - 1; }

 private:
  std::vector<std::byte> storage_;
};

class MatrixProduct : public testing::Test {
 protected:
  void SetUp() override { RecordProperty("seed", static_cast<int>(seed())); }

  std::vector<float> random(std::size_t n, float spread = 1) {
    std::normal_distribution<float> normal(0, spread);
    std::vector<float> values(n);
    for (float& v : values) v = normal(generator);
    return values;
  }

  /// A matrix in file layout. Codes are random bits, so that all of them occur; scales and minimums are of usual size.
  Bytes random_matrix(const Format& format, std::size_t rows, std::size_t columns) {
    Bytes bytes(rows * columns / format.block_length * format.block_bytes);
    if (!is_block(format)) {
      format.encode(random(rows * columns).data(), bytes.data(), rows * columns);
      return bytes;
    }
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes.data()[i] = static_cast<std::byte>(generator());
    for (std::size_t i = 0; i < bytes.size(); i += format.block_bytes) {
      const auto fields = random(2, 0.05f);
      const std::uint16_t halves[2] = {f32_to_f16(fields[0]), f32_to_f16(fields[1] * 8)};
      std::memcpy(bytes.data() + i, halves, has_minimum(format) ? 4 : 2);
    }
    return bytes;
  }

  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(generator); }

  /// Calls body(kernels, format, its kernel) for every instruction set and every format with a kernel.
  static void walk(const std::function<void(const Kernels&, const Format&, const MatrixKernel&)>& body) {
    for (const auto isa : simd::runnable_isas()) {
      const Kernels* kernels = kernels_for(isa);
      ASSERT_NE(kernels, nullptr) << name(isa);
      ASSERT_EQ(kernels->isa, isa);
      for (const Format* format : formats()) {
        const MatrixKernel* kernel = kernels->matrix[static_cast<std::size_t>(format->id)];
        SCOPED_TRACE(std::string(name(isa)) + ", " + std::string(format->name) + ", seed " + std::to_string(seed()));
        if (kernel) body(*kernels, *format, *kernel);
        if (HasFatalFailure()) return;
      }
    }
  }

  std::mt19937 generator{seed()};
};

struct Matrix {
  const Format& format;
  const MatrixKernel& kernel;
  std::size_t rows, columns;
  Bytes file, packed;

  Matrix(const Format& f, const MatrixKernel& k, std::size_t r, std::size_t c, Bytes bytes)
      : format(f), kernel(k), rows(r), columns(c), file(std::move(bytes)), packed(0) {
    if (!k.packed) return;
    const std::size_t panels = (rows + k.panel_rows - 1) / k.panel_rows;
    packed = Bytes(static_cast<std::size_t>(panels * k.panel_bytes(columns)));
    for (std::size_t p = 0; p < panels; ++p)
      k.pack(file.data() + p * k.panel_rows * row_size(), row_size(),
             std::min<std::size_t>(k.panel_rows, rows - p * k.panel_rows), columns, packed.data() + p * k.panel_bytes(columns));
  }
  std::size_t row_size() const { return columns / format.block_length * format.block_bytes; }
  /// Where the product of the rows from `row` on, a multiple of panel_rows, begins.
  const std::byte* from(std::size_t row) const {
    return kernel.packed ? packed.data() + row / kernel.panel_rows * kernel.panel_bytes(columns) : file.data() + row * row_size();
  }
};

/// Rows of x as the kernel takes them, and as the numbers that they stand for.
struct Input {
  std::size_t columns, stride;
  Bytes bytes;
  std::vector<double> values;

  Input(const Kernels& kernels, const MatrixKernel& kernel, const std::vector<float>& x, std::size_t width)
      : columns(width),
        stride(kernel.quantized_input ? kernels.input_bytes(width) : width * sizeof(float) + 4),
        bytes(columns == 0 ? 0 : x.size() / columns * stride),
        values(x.begin(), x.end()) {
    for (std::size_t t = 0; t < x.size() / columns; ++t) {
      std::byte* row = bytes.data() + t * stride;
      if (kernel.quantized_input)
        kernels.quantize_input(&x[t * columns], columns, row);
      else
        std::memcpy(row, &x[t * columns], columns * sizeof(float));
      for (std::size_t k = 0; kernel.quantized_input && k < columns; ++k) values[t * columns + k] = value(row, k);
    }
  }
  /// Sets a row's codes to integers in [-127, 127], with the scale 1.
  void set_codes(std::size_t token, const float* codes) {
    for (std::size_t b = 0; b < columns / input::length; ++b) {
      std::byte* block = bytes.data() + token * stride + b * input::block_bytes;
      const float scale = 1;
      float sum = 0;
      for (std::size_t i = 0; i < input::length; ++i) {
        block[i] = static_cast<std::byte>(static_cast<std::int8_t>(codes[b * input::length + i]));
        sum += codes[b * input::length + i];
      }
      const std::int32_t negative_sum = -static_cast<std::int32_t>(sum);
      std::memcpy(block + input::scale, &scale, sizeof scale);
      std::memcpy(block + input::scaled_sum, &sum, sizeof sum);
      std::memcpy(block + input::negative_sum, &negative_sum, sizeof negative_sum);
    }
  }
  static double value(const std::byte* row, std::size_t k) {
    const std::byte* block = row + k / input::length * input::block_bytes;
    float scale;
    std::memcpy(&scale, block + input::scale, sizeof scale);
    return static_cast<double>(scale) * static_cast<std::int8_t>(block[k % input::length]);
  }
};

/// rows x tokens of the product from a row and a token on; checks that nothing beside [tokens][rows] is written.
std::vector<float> multiply(const Matrix& w, const Input& x, std::size_t row, std::size_t rows, std::size_t token,
                            std::size_t tokens) {
  constexpr float mark = 12345;
  const std::size_t stride = rows + 3;
  std::vector<float> out((tokens + 2) * stride, mark);
  w.kernel.multiply(w.from(row), w.row_size(), rows, w.columns, x.bytes.data() + token * x.stride, x.stride, tokens,
                    out.data() + stride, stride);
  std::vector<float> result(rows * tokens);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t t = i / stride, r = i % stride;
    if (t >= 1 && t <= tokens && r < rows)
      result[(t - 1) * rows + r] = out[i];
    else
      EXPECT_EQ(out[i], mark) << "written outside, token " << t << " row " << r;
  }
  return result;
}

/// The product in double, and the sum of what is rounded in f32 on the way.
void expect_near_reference(const Matrix& w, const Input& x, std::size_t tokens, const std::vector<float>& found) {
  std::vector<float> decoded(w.columns);
  // f32 sums: of blocks, or of every fourth element (two roundings each) and then of the lanes.
  const double steps =
      is_block(w.format) ? 3.0 * static_cast<double>(w.columns) / 32 + 8 : static_cast<double>(w.columns) / 2 + 8;
  for (std::size_t r = 0; r < w.rows; ++r) {
    const std::byte* row = w.file.data() + r * w.row_size();
    w.format.decode(row, decoded.data(), w.columns);
    for (std::size_t t = 0; t < tokens; ++t) {
      double sum = 0, magnitude = 0;
      for (std::size_t k = 0; k < w.columns; ++k) {
        const double input = x.values[t * w.columns + k];
        double minimum = 0;
        if (has_minimum(w.format)) {
          std::uint16_t half;
          std::memcpy(&half, row + k / 32 * w.format.block_bytes + 2, sizeof half);
          minimum = std::fabs(f16_to_f32(half));
        }
        sum += decoded[k] * input;
        magnitude += (std::fabs(decoded[k]) + 2 * minimum) * std::fabs(input);
      }
      ASSERT_NEAR(found[t * w.rows + r], sum, steps * ulp * magnitude) << "row " << r << " token " << t;
    }
  }
}

void expect_same_bits(float found, float expected) {
  ASSERT_EQ(std::bit_cast<std::uint32_t>(found), std::bit_cast<std::uint32_t>(expected)) << found << " and " << expected;
}

std::vector<std::size_t> widths(const Format& format) {
  if (is_block(format)) return {32, 64, 96, 1024, 1056};
  return {1, 7, 15, 17, 32, 67, 1025};
}

TEST_F(MatrixProduct, EqualsDecodedWeightsTimesTheInput) {
  walk([this](const Kernels& kernels, const Format& format, const MatrixKernel& kernel) {
    constexpr std::size_t tokens = 33;
    for (const std::size_t columns : widths(format)) {
      SCOPED_TRACE(std::to_string(columns) + " columns");
      const std::size_t rows = 2 * kernel.panel_rows + 3;
      const Matrix w(format, kernel, rows, columns, random_matrix(format, rows, columns));
      const Input x(kernels, kernel, random(tokens * columns), columns);
      expect_near_reference(w, x, tokens, multiply(w, x, 0, rows, 0, tokens));
      if (HasFatalFailure()) return;
    }
  });
}

TEST_F(MatrixProduct, DoesNotDependOnTheOtherRowsAndTokensOfTheCall) {
  walk([this](const Kernels& kernels, const Format& format, const MatrixKernel& kernel) {
    const std::size_t columns = is_block(format) ? 96 : 103, panel = kernel.panel_rows;
    const std::size_t rows = 5 * panel + 1, tokens = 33;
    const Matrix w(format, kernel, rows, columns, random_matrix(format, rows, columns));
    const Input x(kernels, kernel, random(tokens * columns), columns);
    const auto whole = multiply(w, x, 0, rows, 0, tokens);
    const auto compare = [&](std::size_t row, std::size_t row_count, std::size_t token, std::size_t token_count) {
      SCOPED_TRACE(std::to_string(row_count) + " rows from " + std::to_string(row) + ", " + std::to_string(token_count) +
                   " tokens from " + std::to_string(token));
      const auto part = multiply(w, x, row, row_count, token, token_count);
      for (std::size_t t = 0; t < token_count; ++t)
        for (std::size_t r = 0; r < row_count; ++r)
          expect_same_bits(part[t * row_count + r], whole[(token + t) * rows + row + r]);
    };
    for (const std::size_t row_count : {std::size_t{0}, std::size_t{1}, panel - 1, panel, panel + 1, 2 * panel + 1, rows})
      for (const std::size_t token_count : {0, 1, 2, 3, 4, 5, 6, 7, 8, 33}) {
        compare(0, row_count, 0, token_count);
        if (HasFatalFailure()) return;
      }
    for (int i = 0; i < 40; ++i) {
      const std::size_t row = below(6) * panel, token = below(tokens);
      compare(row, below(rows - row + 1), token, below(tokens - token + 1));
      if (HasFatalFailure()) return;
    }
  });
}

TEST_F(MatrixProduct, DoesNotDependOnHowTokensAreBatchedAgainstTheCache) {
  walk([this](const Kernels& kernels, const Format& format, const MatrixKernel& kernel) {
    const std::size_t columns = 4096, rows = kernel.panel_rows, tokens = 90;
    const Matrix w(format, kernel, rows, columns, random_matrix(format, rows, columns));
    const Input x(kernels, kernel, random(tokens * columns), columns);
    const auto whole = multiply(w, x, 0, rows, 0, tokens);
    for (std::size_t t = 0; t < tokens; t += 11) {
      const auto one = multiply(w, x, 0, rows, t, 1);
      for (std::size_t r = 0; r < rows; ++r) expect_same_bits(one[r], whole[t * rows + r]);
    }
  });
}

/// All codes at one end of their range and all of x at its own: where sums of bytes would saturate.
TEST_F(MatrixProduct, IsExactAtTheEndsOfTheRangeOfCodes) {
  walk([](const Kernels& kernels, const Format& format, const MatrixKernel& kernel) {
    if (!is_block(format)) return;
    constexpr std::size_t columns = 64, tokens = 4;
    const std::size_t rows = 6;
    std::vector<float> x(tokens * columns, 127);
    for (std::size_t i = 0; i < columns; ++i) x[columns + i] = -127, x[3 * columns + i] = i % 2 ? -127 : 127;
    for (std::size_t i = 0; i < columns; ++i) x[2 * columns + i] = i % 4 < 2 ? -127 : 127;
    Bytes file(rows * columns / format.block_length * format.block_bytes);
    const std::uint16_t one = f32_to_f16(1);
    const unsigned char patterns[rows] = {0x00, 0xff, 0x80, 0x7f, 0xf0, 0x81};
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t b = 0; b < 2; ++b) {
        std::byte* block = file.data() + (2 * r + b) * format.block_bytes;
        std::memset(block, patterns[r], format.block_bytes);
        std::memcpy(block, &one, 2);
        if (has_minimum(format)) std::memcpy(block + 2, &one, 2);
      }
    const Matrix w(format, kernel, rows, columns, std::move(file));
    Input in(kernels, kernel, x, columns);
    for (std::size_t t = 0; t < tokens; ++t) in.set_codes(t, &x[t * columns]);
    const auto found = multiply(w, in, 0, rows, 0, tokens);
    std::vector<float> decoded(columns);
    for (std::size_t r = 0; r < rows; ++r) {
      format.decode(w.file.data() + r * w.row_size(), decoded.data(), columns);
      for (std::size_t t = 0; t < tokens; ++t) {
        double sum = 0;
        for (std::size_t k = 0; k < columns; ++k) sum += decoded[k] * static_cast<double>(x[t * columns + k]);
        ASSERT_EQ(found[t * rows + r], sum) << "pattern " << int{patterns[r]} << " token " << t;
      }
    }
  });
}

TEST_F(MatrixProduct, MissingRowsOfAPanelAreRowsOfZeros) {
  walk([this](const Kernels& kernels, const Format& format, const MatrixKernel& kernel) {
    if (!kernel.packed) return;
    constexpr std::size_t columns = 96;
    const Input x(kernels, kernel, random(columns), columns);
    const std::size_t panel = kernel.panel_rows;
    const Matrix full(format, kernel, panel, columns, random_matrix(format, panel, columns));
    const auto expected = multiply(full, x, 0, panel, 0, 1);
    for (std::size_t count = 0; count <= panel; ++count) {
      Matrix part(format, kernel, panel, columns, full.file);
      std::memset(part.packed.data(), 0xff, part.packed.size());
      kernel.pack(part.file.data(), part.row_size(), count, columns, part.packed.data());
      const auto found = multiply(part, x, 0, panel, 0, 1);
      for (std::size_t r = 0; r < panel; ++r) EXPECT_EQ(found[r], r < count ? expected[r] : 0) << r << " of " << count << " rows";
    }
  });
}

TEST_F(MatrixProduct, BadElementsOfTheInputAreSeenInEveryRowOfTheirTokenAlone) {
  walk([this](const Kernels& kernels, const Format& format, const MatrixKernel& kernel) {
    constexpr std::size_t columns = 160, tokens = 7;
    const std::size_t rows = kernel.panel_rows + 1;
    Bytes file = random_matrix(format, rows, columns);
    std::memset(file.data(), 0, columns / format.block_length * format.block_bytes);  // a row of zeros sees it as well
    const Matrix w(format, kernel, rows, columns, std::move(file));
    for (const float bad : {infinity, -infinity, not_a_number}) {
      auto x = random(tokens * columns);
      const std::size_t token = below(tokens);
      x[token * columns + below(columns)] = bad;
      const auto out = multiply(w, Input(kernels, kernel, x, columns), 0, rows, 0, tokens);
      for (std::size_t i = 0; i < out.size(); ++i) EXPECT_EQ(std::isfinite(out[i]), i / rows != token) << bad << " at " << i;
    }
  });
}

TEST_F(MatrixProduct, BadScalesOfTheWeightsAreSeenInTheirRowAlone) {
  walk([this](const Kernels& kernels, const Format& format, const MatrixKernel& kernel) {
    constexpr std::size_t columns = 96, tokens = 3;
    const std::size_t rows = 2 * kernel.panel_rows;
    for (const float bad : {infinity, not_a_number}) {
      Bytes file = random_matrix(format, rows, columns);
      const std::size_t row = below(rows), row_size = columns / format.block_length * format.block_bytes;
      const auto half = format.id == FormatId::bf16 ? f32_to_bf16(bad) : f32_to_f16(bad);
      if (format.id == FormatId::f32)
        std::memcpy(file.data() + row * row_size, &bad, sizeof bad);
      else
        std::memcpy(file.data() + row * row_size + format.block_bytes * (is_block(format) ? 1 : 0), &half, sizeof half);
      const Matrix w(format, kernel, rows, columns, std::move(file));
      const auto out = multiply(w, Input(kernels, kernel, random(tokens * columns), columns), 0, rows, 0, tokens);
      for (std::size_t i = 0; i < out.size(); ++i) EXPECT_EQ(std::isfinite(out[i]), i % rows != row) << bad << " at " << i;
    }
  });
}

class QuantizedInput : public MatrixProduct {
 protected:
  static void walk(const std::function<void(const Kernels&)>& body) {
    for (const auto isa : simd::runnable_isas()) {
      SCOPED_TRACE(std::string(name(isa)) + ", seed " + std::to_string(seed()));
      body(*kernels_for(isa));
      if (HasFatalFailure()) return;
    }
  }
  static Bytes quantize(const Kernels& kernels, const std::vector<float>& x) {
    Bytes row(kernels.input_bytes(x.size()));
    kernels.quantize_input(x.data(), x.size(), row.data());
    return row;
  }
};

struct InputBlock {
  std::int8_t codes[32];
  float scale, scaled_sum;
  std::int32_t negative_sum;

  InputBlock(const Bytes& row, std::size_t index) {
    const std::byte* block = row.data() + index * input::block_bytes;
    std::memcpy(codes, block, sizeof codes);
    std::memcpy(&scale, block + input::scale, sizeof scale);
    std::memcpy(&scaled_sum, block + input::scaled_sum, sizeof scaled_sum);
    std::memcpy(&negative_sum, block + input::negative_sum, sizeof negative_sum);
  }
};

TEST_F(QuantizedInput, TakesAMultipleOf64BytesThatHoldsAllBlocks) {
  walk([](const Kernels& kernels) {
    for (std::size_t columns = 0; columns <= 4096; columns += 32) {
      EXPECT_EQ(kernels.input_bytes(columns) % 64, 0u);
      EXPECT_GE(kernels.input_bytes(columns), columns / 32 * input::block_bytes);
      EXPECT_LT(kernels.input_bytes(columns), columns / 32 * input::block_bytes + 64);
    }
  });
}

TEST_F(QuantizedInput, TakesTheBestOfItsTriesAndTheScaleOfLeastSquares) {
  walk([this](const Kernels& kernels) {
    for (const std::size_t blocks : {1, 3, 4, 5, 8, 15, 16, 17, 64}) {
      auto x = random(blocks * 32);
      for (std::size_t i = 0; i < x.size(); ++i) x[i] *= std::exp2(static_cast<float>(static_cast<int>(i / 32) * 3 - 90));
      const Bytes row = quantize(kernels, x);
      for (std::size_t b = 0; b < blocks; ++b) {
        const InputBlock block(row, b);
        const float* in = &x[32 * b];
        double largest = 0;
        for (std::size_t i = 0; i < 32; ++i) largest = std::max(largest, std::fabs(static_cast<double>(in[i])));
        double least = infinity;
        for (const double code : input::largest_codes) {
          double error = 0;
          for (std::size_t i = 0; i < 32; ++i) {
            const double scaled = in[i] * (code / largest), off = scaled - std::nearbyint(scaled);
            error += off * off * (largest / code) * (largest / code);
          }
          least = std::min(least, error);
        }
        double products = 0, squares = 0, error = 0;
        int sum = 0;
        for (std::size_t i = 0; i < 32; ++i) {
          products += static_cast<double>(in[i]) * block.codes[i];
          squares += block.codes[i] * block.codes[i];
          sum += block.codes[i];
        }
        for (std::size_t i = 0; i < 32; ++i) {
          const double off = in[i] - products / squares * block.codes[i];
          error += off * off;
        }
        EXPECT_LE(error, 1.0001 * least) << "block " << b << " of " << blocks;
        EXPECT_NEAR(block.scale, products / squares, 32 * ulp * (products / squares)) << "block " << b << " of " << blocks;
        EXPECT_EQ(block.negative_sum, -sum);
        EXPECT_EQ(block.scaled_sum, block.scale * static_cast<float>(sum));
      }
    }
  });
}

TEST_F(QuantizedInput, HasLessErrorThanCodesWithAScaleOfHalfPrecision) {
  walk([this](const Kernels& kernels) {
    for (const bool heavy : {false, true}) {
      auto x = random(1024 * 32);
      if (heavy)  // Student's t with three degrees of freedom
        for (float& v : x) {
          const auto g = random(3);
          v /= std::sqrt((g[0] * g[0] + g[1] * g[1] + g[2] * g[2]) / 3);
        }
      const Bytes row = quantize(kernels, x);
      double ours = 0, plain = 0;
      for (std::size_t b = 0; b < x.size() / 32; ++b) {
        float largest = 0;
        for (std::size_t i = 0; i < 32; ++i) largest = std::max(largest, std::fabs(x[32 * b + i]));
        const float scale = f16_to_f32(f32_to_f16(largest / 127));
        for (std::size_t i = 32 * b; i < 32 * b + 32; ++i) {
          const double theirs = static_cast<double>(scale) * std::nearbyint(x[i] * (127 / largest)) - x[i];
          const double our = Input::value(row.data(), i) - x[i];
          plain += theirs * theirs;
          ours += our * our;
        }
      }
      EXPECT_LT(ours, 0.92 * plain);
    }
  });
}

TEST_F(QuantizedInput, HandlesZerosTheHugeAndTheTiny) {
  walk([](const Kernels& kernels) {
    const float largest = std::numeric_limits<float>::max(), subnormal = std::numeric_limits<float>::denorm_min();
    std::vector<float> x(4 * 32, 0.0f);
    x[32] = largest, x[33] = -largest, x[34] = largest / 3;
    x[64] = subnormal, x[65] = 1e-38f;
    x[96] = 1e-28f, x[97] = -0.5e-28f;
    const double largest_of[] = {0, largest, 1e-38, 1e-28};
    const Bytes row = quantize(kernels, x);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double value = Input::value(row.data(), i);
      EXPECT_TRUE(std::isfinite(value));
      const std::size_t block = i / 32;
      const double step = std::max<double>(largest_of[block] / 122.0, input::smallest_scale);
      EXPECT_NEAR(value, x[i], 0.52 * step) << i;
    }
    EXPECT_EQ(InputBlock(row, 0).negative_sum, 0);
    EXPECT_EQ(InputBlock(row, 0).scaled_sum, 0);
  });
}

TEST_F(QuantizedInput, MarksABlockWithAnElementThatIsNotFinite) {
  walk([this](const Kernels& kernels) {
    for (const float bad : {infinity, -infinity, not_a_number, -not_a_number})
      for (std::size_t place = 0; place < 32; ++place) {
        auto x = random(96);
        x[32 + place] = bad;
        const Bytes row = quantize(kernels, x);
        EXPECT_TRUE(std::isfinite(InputBlock(row, 0).scale));
        EXPECT_TRUE(std::isnan(InputBlock(row, 1).scale));
        EXPECT_TRUE(std::isnan(InputBlock(row, 1).scaled_sum));
        EXPECT_TRUE(std::isfinite(InputBlock(row, 2).scale));
      }
  });
}

TEST(Kernels, TheTableInUseIsThatOfTheInstructionSetInUse) {
  EXPECT_EQ(&kernels(), kernels_for(simd::isa()));
  EXPECT_EQ(kernels().isa, simd::isa());
}

TEST(Kernels, EveryFormatThatHoldsRealsHasAProduct) {
  for (const auto isa : simd::runnable_isas())
    for (const Format* format : formats()) {
      const MatrixKernel* kernel = kernels_for(isa)->matrix[static_cast<std::size_t>(format->id)];
      EXPECT_EQ(kernel != nullptr, format->decode != nullptr) << format->name;
      EXPECT_EQ(kernel && kernel->packed, is_block(*format)) << format->name;
    }
}

}  // namespace
