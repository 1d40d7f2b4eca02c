// What a SimBench's bonds have read and decided.
#pragma once

#include "firmware/trace/replay.hpp"
#include "tests/support/sim_bench.hpp"

namespace bondbox::test {

struct SimBench::Recording {
  explicit Recording(Hardware& below) : hardware(tape, &below) {}

  static constexpr std::size_t room = 64 * 1024 * 1024;
  trace::Store store = trace::Store::ring(1, room);
  trace::Tape tape;
  trace::TapedHardware hardware;
};

}  // namespace bondbox::test
