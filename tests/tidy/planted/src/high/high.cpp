#include "../low/low.hpp"

#include <abi/high/high.hpp>
