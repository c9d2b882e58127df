#pragma once
// Places in the source that ask for a memory order, and what the mutants (mutants.hpp) make of them.

#include "sync/model/event.hpp"

#include <deque>
#include <source_location>
#include <string>
#include <vector>

namespace libabi::sync::model {

enum class Role : std::uint8_t { load, store, update, success, failure, fence, light_fence, heavy_fence };

/// One order of one call. A compare-and-swap is two.
struct Site {
  std::source_location place;
  Role role;
  Order given;
  Order effective;  ///< the given one, unless a mutant is tried

  std::string where() const;  ///< file.hpp:line:column in function
};

/// All sites that were reached, found by the address of their file's name, line, column and role.
class Sites {
 public:
  static Sites& all();
  const Site& find(const std::source_location& place, Role role, Order given);
  std::deque<Site>& list() noexcept { return sites_; }

 private:
  std::deque<Site> sites_;
  std::vector<Site*> table_ = std::vector<Site*>(4096);  // open addressing; more than enough for one program
};

const char* text(Order order);
const char* text(Role role);
std::string text(const std::source_location& place);

/// The orders that are one step weaker at such a place; relaxed stands for a fence that is gone.
std::vector<Order> weaker(Role role, Order order);

}  // namespace libabi::sync::model
