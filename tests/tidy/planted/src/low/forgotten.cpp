#include <abi/nowhere/nowhere.hpp>
