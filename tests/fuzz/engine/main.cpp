// libFuzzer's side: one target to a program.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/support/target.hpp"

namespace bondbox::fuzz {

void broken(const char* promise) {
  std::fprintf(stderr, "promise broken: %s\n", promise);
  std::abort();
}

}  // namespace bondbox::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bondbox::fuzz::targets().front().run({data, size});
  return 0;
}
