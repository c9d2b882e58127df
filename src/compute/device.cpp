#include <abi/compute/device.hpp>

namespace libabi::compute {

DeviceTensor::~DeviceTensor() = default;
Device::~Device() = default;

}  // namespace libabi::compute
