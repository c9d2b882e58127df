#include <abi/lacking/lacking.hpp>

int libabi::lacking::kept() { return 1; }
int libabi::lacking::forgotten() { return 2; }
