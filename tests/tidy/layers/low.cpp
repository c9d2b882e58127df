#include <abi/low/low.hpp>

int libabi::low::answer() { return 42; }
