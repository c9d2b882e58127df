#include <abi/low/low.hpp>
#include <abi/mid/mid.hpp>

int libabi::mid::answer() { return low::answer(); }
