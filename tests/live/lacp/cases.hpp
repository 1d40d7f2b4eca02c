// What two LACP partners must do together. Each case runs in a process of its own, many side by side, so it judges for
// itself and writes down what it saw.
#pragma once

#include <span>
#include <string>

#include "tests/live/lacp/pair.hpp"

namespace bondbox::live {

/// Who can take part.
enum class With {
  everybody,
  not_ovs_alone,  ///< the left one has to be a bond that goes on with one port, or knows min_links
  bondbox,        ///< on the left
  not_ovs         ///< nor can the partner be one that does not say good-bye, or cannot be two bonds of one system
};

struct Case {
  const char* name;  ///< a sentence, as the names of other tests
  void (*run)(Pair& pair);
  With with = With::everybody;
  bool is_long = false;  ///< takes most of a minute
};

std::span<const Case> negotiation_cases();
std::span<const Case> outage_cases();

}  // namespace bondbox::live
