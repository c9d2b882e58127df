#pragma once
#include <abi/low/low.hpp>
