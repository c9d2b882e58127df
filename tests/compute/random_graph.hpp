#pragma once

#include <abi/compute/graph.hpp>

#include <random>

namespace libabi::testing_compute {

/// A graph of random operations over random earlier results, some of them outputs. Its inputs are "x<i>" f32, every row
/// count is Rows::tokens of at most `tokens`; there are no weights and no states.
compute::Graph random_graph(std::mt19937& random, std::int64_t tokens, int operations);

}  // namespace libabi::testing_compute
