#include "firmware/cli/rights.hpp"

#include <optional>
#include <utility>

#include "hal/linux/users.hpp"

namespace bondbox::cli {

Outcome Rights::give_up(const Config& config) {
  std::optional<unsigned> group;
  if (!config.readers.empty()) {
    const Result<unsigned> found = lnx::group_number(config.readers);
    if (!found.ok()) return found.failure();
    group = found.value();
  }
  runtime_.set_readers(group);
  wanted_ = config.sandbox;
  if (!wanted_) {
    say_(LogLevel::warning, "sandbox = false: it keeps all the rights that it was started with");
    return Outcome::done();
  }
  hardware_.know_leftovers();
  Result<lnx::SandboxState> entered = lnx::enter_sandbox(group);
  if (!entered.ok()) return entered.failure();
  sandbox_ = std::move(entered.value());
  if (!sandbox_.lack.empty()) say_(LogLevel::warning, sandbox_.lack);
  return Outcome::done();
}

PrivilegeStatus Rights::status() const {
  PrivilegeStatus status;
  status.sandbox = wanted_;
  status.capabilities = lnx::capability_names(lnx::held_capabilities());
  status.calls_are_filtered = sandbox_.calls_are_filtered;
  status.reason = sandbox_.lack;
  status.refused_calls = lnx::refused_calls().count;
  status.refused_commands = runtime_.refused_commands();
  return status;
}

void Rights::tell_refused_calls() {
  const lnx::RefusedCall refused = lnx::refused_calls();
  if (refused.count == told_.count) return;
  if (refused.number != told_.number || told_.count == 0)
    say_(LogLevel::error, "the sandbox refused system call " + std::to_string(refused.number) + ", and goes on");
  told_ = refused;
}

}  // namespace bondbox::cli
