#include "tests/fuzz/support/target.hpp"

namespace bondbox::fuzz {

std::vector<Target>& targets() {
  static std::vector<Target> all;
  return all;
}

}  // namespace bondbox::fuzz
