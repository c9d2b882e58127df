#include <abi/other/other.hpp>

int libabi::other::answer() { return 42; }
