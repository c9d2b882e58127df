#include "onednn.hpp"

#include "measure.hpp"

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <thread>

namespace bench::peer {

namespace {

using Type = dnnl::memory::data_type;
using Tag = dnnl::memory::format_tag;

struct Product {
  Product(const GemmCase& size, Type operand, Type result)
      : m(static_cast<std::int64_t>(size.m)),
        n(static_cast<std::int64_t>(size.n)),
        k(static_cast<std::int64_t>(size.k)),
        b_transposed(size.b_transposed),
        engine(dnnl::engine::kind::cpu, 0),
        stream(engine),
        a({{m, k}, operand, Tag::ab}, engine),
        b({{k, n}, operand, size.b_transposed ? Tag::ba : Tag::ab}, engine),
        c({{m, n}, result, Tag::ab}, engine),
        matmul(dnnl::matmul::primitive_desc({a.get_desc(), b.get_desc(), c.get_desc()}, engine)) {
    std::memset(a.get_data_handle(), 1, a.get_desc().get_size());
    std::memset(b.get_data_handle(), 1, b.get_desc().get_size());
  }
  char b_order() const { return b_transposed ? 'T' : 'N'; }
  std::int64_t b_stride() const { return b_transposed ? k : n; }
  template <class T>
  static T* data(const dnnl::memory& memory) {
    return static_cast<T*>(memory.get_data_handle());
  }
  void run() {
    matmul.execute(stream, {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}});
    stream.wait();
  }
  std::int64_t m, n, k;
  bool b_transposed;
  dnnl::engine engine;
  dnnl::stream stream;
  dnnl::memory a, b, c;
  dnnl::matmul matmul;
};

/// The faster of the library's two ways: the primitive, and the function that is called as BLAS is; each is warm.
template <class Call>
std::function<double()> product(const GemmCase& size, unsigned threads, Type operand, Type result, Call call) {
  omp_set_num_threads(static_cast<int>(threads));  // a primitive is made for so many
  const auto self = std::make_shared<Product>(size, operand, result);
  return [self, threads, call] {
    omp_set_num_threads(static_cast<int>(threads));
    const auto warm = [](auto&& run) {
      run();
      return seconds(run);
    };
    const double primitive = warm([&] { self->run(); });
    const double fastest = std::min(primitive, warm([&] { call(*self); }));
    // OpenMP's threads go on looking for work for milliseconds, in which the next contestant's would share their processors: they
    // are ended, and have time to go, lest a thread that wakes meanwhile is put on the processor of the one that woke it.
    omp_pause_resource_all(omp_pause_soft);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return fastest;
  };
}

}  // namespace

std::function<double()> onednn_f32(const GemmCase& size, unsigned threads) {
  return product(size, threads, Type::f32, Type::f32, [](const Product& p) {
    dnnl_sgemm('N', p.b_order(), p.m, p.n, p.k, 1, p.data<float>(p.a), p.k, p.data<float>(p.b), p.b_stride(), 0,
               p.data<float>(p.c), p.n);
  });
}

std::function<double()> onednn_bf16(const GemmCase& size, unsigned threads) {
  return product(size, threads, Type::bf16, Type::f32, [](Product& p) { p.run(); });  // which has no other way
}

std::function<double()> onednn_i8(const GemmCase& size, unsigned threads) {
  return product(size, threads, Type::s8, Type::s32, [](const Product& p) {
    const std::int32_t zero = 0;
    dnnl_gemm_s8s8s32('N', p.b_order(), 'F', p.m, p.n, p.k, 1, p.data<std::int8_t>(p.a), p.k, 0, p.data<std::int8_t>(p.b),
                      p.b_stride(), 0, 0, p.data<std::int32_t>(p.c), p.n, &zero);
  });
}

}  // namespace bench::peer
