#pragma once
#include <abi/high/high.hpp>
