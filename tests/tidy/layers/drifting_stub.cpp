#include <abi/drifting/drifting.hpp>

int libabi::drifting::grown() { return 0; }
