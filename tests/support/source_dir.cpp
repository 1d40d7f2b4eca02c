#include "tests/support/source_dir.hpp"

#include "source_dir_generated.hpp"

namespace bondbox::test {

std::string source_dir() {
  return source_dir_text;
}

std::string recording(const std::string& name) {
  return source_dir() + "/tests/oracle/data/" + name;
}

}  // namespace bondbox::test
