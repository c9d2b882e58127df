#include <abi/low/low.hpp>
