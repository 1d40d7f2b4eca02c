// Scenario files: taken whole or refused with places; what is taken is in order, names what there is, and is played
// out in simulated time without a hitch.
#include "firmware/config/scenario_config.hpp"
#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/target.hpp"
#include "tests/fuzz/support/texts.hpp"

namespace bondbox::fuzz {
namespace {

bool is_known(const Scenario& scenario, const std::string& nic, const std::string& bond) {
  return (nic.empty() || scenario.find_nic(nic) != nullptr) && (bond.empty() || scenario.find_bond(bond) != nullptr);
}

void check_action(const Scenario& scenario, const ScenarioAction& action) {
  if (const auto* send = std::get_if<SendAction>(&action)) {
    promise(send->nic.empty() != send->bond.empty(), "frames come from a bond's host or to a NIC");
    promise(is_known(scenario, send->nic, send->bond), "frames go where there is something");
  }
  if (const auto* link = std::get_if<LinkAction>(&action))
    promise(is_known(scenario, link->nic, ""), "a cable is of a NIC that there is");
  if (const auto* set = std::get_if<SetAction>(&action))
    promise(is_known(scenario, "", set->bond) && !set->option.empty(), "an option is of a bond that there is");
}

void run(wire::Bytes bytes) {
  Input input(bytes);
  const std::string text = input.rest_text();
  const ScenarioResult result = load_scenario(text, "world.toml");
  check_messages(result.errors, "world.toml", text);
  check_messages(result.warnings, "world.toml", text);
  if (!result.ok()) return;
  const Scenario& scenario = result.scenario;
  for (const BondConfig& bond : scenario.bonds) check_bond(bond);
  Tick last{};
  for (const ScenarioStep& step : scenario.steps) {
    promise(step.time >= last && step.time.number <= scenario.duration.count, "steps stand in order, within the time");
    last = step.time;
    for (const ScenarioAction& action : step.actions) check_action(scenario, action);
  }
  for (const ScenarioWire& wire : scenario.wires)
    promise(scenario.find_nic(wire.a) != nullptr || scenario.find_nic(wire.b) != nullptr, "a wire has a NIC at an end");
}

const Known known("scenario", &run);

}  // namespace
}  // namespace bondbox::fuzz
