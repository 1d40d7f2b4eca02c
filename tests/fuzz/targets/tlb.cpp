// balance-tlb: buckets, learning frames and addresses that move.
#include "tests/fuzz/support/target.hpp"
#include "tests/fuzz/support/world.hpp"

namespace bondbox::fuzz {
namespace {

void run(wire::Bytes bytes) {
  play_mode(Mode::balance_tlb, bytes);
}

const Known known("tlb", &run);

}  // namespace
}  // namespace bondbox::fuzz
