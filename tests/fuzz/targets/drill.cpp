// The words of a drill: refused with what was expected, or one that keeps within its limits; and whoever checks words
// before they are sent comes to the same.
#include "firmware/drill.hpp"

#include "firmware/command_executor.hpp"
#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/target.hpp"

namespace bondbox::fuzz {
namespace {

void run(wire::Bytes bytes) {
  Input input(bytes);
  std::vector<std::string> words{"drill"};
  while (!input.is_empty() && words.size() < 32) words.push_back(input.text_until(' '));
  std::string wrong;
  const auto request = DrillRequest::parse(std::span<const std::string>(words).subspan(1), wrong);
  promise(request.has_value() == wrong.empty(), "a drill is refused with a reason, and only then");
  promise((CommandExecutor::check(words).exit_status == 0) == request.has_value(), "both readers agree");
  if (!request) return;
  promise(!request->bond.empty() && !(request->all && !request->port.empty()), "a drill is of a port of a bond");
  promise(request->span.count >= 10 && request->span.count <= 600'000, "a port is away for a bounded time");
  promise(request->every.count >= 1 && request->every.count <= 1'000, "probes are neither too many nor too few");
  promise(!request->limit || (request->limit->count >= 0 && request->limit->count <= 600'000), "a limit is a time");
  promise(request->how == Away::down || request->how == Away::pretend, "a port is taken away in one of two ways");
}

const Known known("drill", &run);

}  // namespace
}  // namespace bondbox::fuzz
