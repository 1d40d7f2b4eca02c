// Modes 0 to 3 with either link monitor: what ARP and neighbour replies, true or forged, do to links.
#include "tests/fuzz/support/target.hpp"
#include "tests/fuzz/support/world.hpp"

namespace bondbox::fuzz {
namespace {

void run(wire::Bytes bytes) {
  if (bytes.empty()) return;
  play_mode(static_cast<Mode>(bytes[0] & 3), bytes.subspan(1));
}

const Known known("modes", &run);

}  // namespace
}  // namespace bondbox::fuzz
