#include "onednn.hpp"

#include "measure.hpp"

#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>

namespace bench::peer {

namespace {

using Type = dnnl::memory::data_type;

struct Product {
  Product(std::int64_t n, Type operand, Type result)
      : engine(dnnl::engine::kind::cpu, 0),
        stream(engine),
        a({{n, n}, operand, dnnl::memory::format_tag::ab}, engine),
        b({{n, n}, operand, dnnl::memory::format_tag::ab}, engine),
        c({{n, n}, result, dnnl::memory::format_tag::ab}, engine),
        matmul(dnnl::matmul::primitive_desc({a.get_desc(), b.get_desc(), c.get_desc()}, engine)) {
    std::memset(a.get_data_handle(), 1, a.get_desc().get_size());
    std::memset(b.get_data_handle(), 1, b.get_desc().get_size());
  }
  std::int64_t n() const { return a.get_desc().data.dims[0]; }
  template <class T>
  static T* data(const dnnl::memory& memory) {
    return static_cast<T*>(memory.get_data_handle());
  }
  void run() {
    matmul.execute(stream, {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}});
    stream.wait();
  }
  dnnl::engine engine;
  dnnl::stream stream;
  dnnl::memory a, b, c;
  dnnl::matmul matmul;
};

/// The faster of the library's two ways: the primitive, and the function that is called as BLAS is.
template <class Call>
std::function<double()> product(std::size_t n, unsigned threads, Type operand, Type result, Call call) {
  const auto self = std::make_shared<Product>(static_cast<std::int64_t>(n), operand, result);
  return [self, threads, call] {
    omp_set_num_threads(static_cast<int>(threads));
    const double primitive = seconds([&] { self->run(); });
    return std::min(primitive, seconds([&] { call(*self); }));
  };
}

}  // namespace

std::function<double()> onednn_f32(std::size_t n, unsigned threads) {
  return product(n, threads, Type::f32, Type::f32, [](const Product& p) {
    dnnl_sgemm('N', 'N', p.n(), p.n(), p.n(), 1, p.data<float>(p.a), p.n(), p.data<float>(p.b), p.n(), 0, p.data<float>(p.c),
               p.n());
  });
}

std::function<double()> onednn_bf16(std::size_t n, unsigned threads) {
  return product(n, threads, Type::bf16, Type::f32, [](Product& p) { p.run(); });
}

std::function<double()> onednn_i8(std::size_t n, unsigned threads) {
  return product(n, threads, Type::s8, Type::s32, [](const Product& p) {
    const std::int32_t zero = 0;
    dnnl_gemm_s8s8s32('N', 'N', 'F', p.n(), p.n(), p.n(), 1, p.data<std::int8_t>(p.a), p.n(), 0, p.data<std::int8_t>(p.b), p.n(),
                      0, 0, p.data<std::int32_t>(p.c), p.n(), &zero);
  });
}

}  // namespace bench::peer
