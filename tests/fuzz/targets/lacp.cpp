// 802.3ad: LACPDUs, markers and whatever else a partner, or somebody who plays one, may send.
#include "tests/fuzz/support/target.hpp"
#include "tests/fuzz/support/world.hpp"

namespace bondbox::fuzz {
namespace {

void run(wire::Bytes bytes) {
  play_mode(Mode::lacp_8023ad, bytes);
}

const Known known("lacp", &run);

}  // namespace
}  // namespace bondbox::fuzz
