// A build without liburing.
#include "engine.hpp"

namespace libabi::io {

Result<std::unique_ptr<Engine>> make_ring_engine(const DiskOptions&) {
  return error(ErrorCode::unsupported, "this build has no io_uring");
}

}  // namespace libabi::io
