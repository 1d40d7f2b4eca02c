#include "tests/bench/kernel.hpp"

#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "tests/bench/interrupt.hpp"
#include "tests/lab/support/daemon.hpp"
#include "tests/live/support/uml_machine.hpp"

namespace bondbox::bench {
namespace {

/// Its command has come to an end, or the machine has.
bool has_ended(const live::UmlMachine& machine) {
  siginfo_t info{};
  const int asked = ::waitid(P_PID, static_cast<id_t>(machine.pid()), &info, WEXITED | WNOHANG | WNOWAIT);
  return std::filesystem::exists(machine.directory() + "/status") || asked != 0 || info.si_pid != 0;
}

}  // namespace

void run_inside_kernel(const std::string& program, const std::string& place) {
  constexpr int limit_s = 560;
  constexpr int memory_mb = 768;
  if (const std::string& reason = live::UmlMachine::what_is_missing(); !reason.empty())
    throw std::runtime_error("no kernel with the bonding driver: " + reason);
  live::UmlMachine machine(live::UmlMachine::usual_modules(), memory_mb);
  std::string command = "exec env OUT=" + place;
  for (const char* name : {"ROUNDS", "SECONDS", "ONLY", "PULLS"})
    if (const char* const value = std::getenv(name); value != nullptr) command += std::string(" ") + name + "=" + value;
  machine.start(command + " " + program + " inside > /dev/null");
  const double end = now_s() + limit_s;
  while (now_s() < end && !has_ended(machine)) pause_for(0.2);
  const live::UmlResult result = machine.wait(5);
  if (!result.ok()) throw std::runtime_error("the run inside user-mode-linux failed: " + result.text());
}

}  // namespace bondbox::bench
