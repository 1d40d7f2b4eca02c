// balance-alb: ARP and neighbour discovery from both sides, clients that come and go.
#include "tests/fuzz/support/target.hpp"
#include "tests/fuzz/support/world.hpp"

namespace bondbox::fuzz {
namespace {

void run(wire::Bytes bytes) {
  play_mode(Mode::balance_alb, bytes);
}

const Known known("alb", &run);

}  // namespace
}  // namespace bondbox::fuzz
