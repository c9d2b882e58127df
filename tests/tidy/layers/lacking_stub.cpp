#include <abi/lacking/lacking.hpp>

int libabi::lacking::kept() { return 0; }
