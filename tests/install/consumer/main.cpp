#include <abi/base/log.hpp>
#include <abi/base/version.hpp>
#include <abi/vdb/vdb.hpp>

#include <cstdio>

int main() {
  libabi::log(libabi::LogLevel::warn, "a warning of the consumer");
  const auto error = libabi::unavailable("nothing").error();
  std::printf("abi %s, vdb %s: %s\n", libabi::version_text().data(), libabi::vdb::enabled() ? "on" : "off", error.text().c_str());
}
