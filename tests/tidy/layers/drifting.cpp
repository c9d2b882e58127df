#include <abi/drifting/drifting.hpp>

int libabi::drifting::grown(int by) { return by + 1; }
