// The layer names low alone.
#include <abi/other/other.hpp>
