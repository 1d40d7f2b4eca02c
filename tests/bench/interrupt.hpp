// Ctrl-C, SIGTERM and SIGHUP end a run in the ordinary way, so that namespaces and processes are cleaned up.
#pragma once

#include <stdexcept>

namespace bondbox::bench {

struct Interrupted : std::runtime_error {
  Interrupted() : std::runtime_error("interrupted") {}
};

void catch_signals();
bool is_interrupted() noexcept;
/// Throws Interrupted.
void stop_if_interrupted();
/// Sleeps; throws Interrupted as soon as that is asked for.
void pause_for(double seconds);

/// Seconds of the monotonic clock.
double now_s() noexcept;

}  // namespace bondbox::bench
