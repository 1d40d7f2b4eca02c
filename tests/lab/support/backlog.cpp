#include "tests/lab/support/backlog.hpp"

#include <sstream>
#include <string>

#include "tests/lab/support/daemon.hpp"

namespace bondbox::lab {

std::uint64_t backlog_drops() {
  std::istringstream lines(read_text("/proc/net/softnet_stat"));
  std::uint64_t sum = 0;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::uint64_t processed = 0;
    std::uint64_t dropped = 0;
    if (words >> std::hex >> processed >> dropped) sum += dropped;
  }
  return sum;
}

}  // namespace bondbox::lab
