// A library with two faults, which symbols.sh must find.
#include <cstdlib>

__attribute__((visibility("default"))) void foreign_function() { std::abort(); }
