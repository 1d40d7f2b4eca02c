#include "firmware/config/scenario_config.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <variant>
#include <vector>

namespace {

using namespace bondbox;

constexpr std::string_view base = R"(duration = "12s"
[bond.bond0]
mode = "active-backup"
ports = ["e0", "e1"]
[[nic]]
name = "e0"
mac = "02:00:00:00:0a:00"
speed = 10000
[[nic]]
name = "e1"
)";
constexpr std::uint32_t base_lines = 10;

Scenario loaded(std::string_view text) {
  const ScenarioResult result = load_scenario(text, "s.toml");
  for (const ConfigMessage& error : result.errors) BOOST_ERROR(error.text());
  return result.scenario;
}

Scenario after_base(std::string_view text) {
  return loaded(std::string(base) + std::string(text));
}

/// Lines in `wanted` count from the end of the base.
void check_errors(std::string_view text, const std::vector<std::string>& wanted) {
  std::vector<std::string> errors;
  for (ConfigMessage error : load_scenario(std::string(base) + std::string(text), "s.toml").errors) {
    error.at.line -= base_lines;
    errors.push_back(error.text());
  }
  BOOST_CHECK_EQUAL_COLLECTIONS(errors.begin(), errors.end(), wanted.begin(), wanted.end());
}

void check_whole(std::string_view text, const std::vector<std::string>& wanted) {
  std::vector<std::string> errors;
  for (const ConfigMessage& error : load_scenario(text, "s.toml").errors) errors.push_back(error.text());
  BOOST_CHECK_EQUAL_COLLECTIONS(errors.begin(), errors.end(), wanted.begin(), wanted.end());
}

template <class Action>
const Action& action(const Scenario& scenario, std::size_t step, std::size_t index = 0) {
  return std::get<Action>(scenario.steps.at(step).actions.at(index));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scenario_config)

BOOST_AUTO_TEST_CASE(nics_wires_and_bonds_are_read) {
  const Scenario scenario = after_base(R"(
[[nic]]
name = "e2"
speed = 100
duplex = "half"
mtu = 9000
[[wire]]
ends = ["e0", "switch1"]
[[wire]]
ends = ["e1", "e2"]
)");
  BOOST_CHECK_EQUAL(scenario.duration.count, 12'000);
  BOOST_REQUIRE_EQUAL(scenario.bonds.size(), 1);
  BOOST_CHECK_EQUAL(scenario.bonds[0].ports.size(), 2);
  BOOST_REQUIRE_EQUAL(scenario.nics.size(), 3);
  BOOST_CHECK_EQUAL(scenario.nics[0].mac.text(), "02:00:00:00:0a:00");
  BOOST_CHECK_EQUAL(scenario.nics[0].speed_mbps, 10'000);
  BOOST_CHECK(scenario.nics[0].duplex == Duplex::full);
  BOOST_CHECK_EQUAL(scenario.nics[1].mac.text(), "02:bb:00:00:00:02");
  BOOST_CHECK_EQUAL(scenario.nics[1].speed_mbps, 1000);
  BOOST_CHECK_EQUAL(scenario.nics[1].mtu, 1500);
  BOOST_CHECK(scenario.nics[2].duplex == Duplex::half);
  BOOST_CHECK_EQUAL(scenario.nics[2].mtu, 9000);
  BOOST_REQUIRE_EQUAL(scenario.wires.size(), 2);
  BOOST_CHECK_EQUAL(scenario.wires[0].b, "switch1");
  BOOST_CHECK(scenario.find_nic("switch1") == nullptr);
  BOOST_CHECK(scenario.find_bond("bond0") == &scenario.bonds[0]);
}

BOOST_AUTO_TEST_CASE(steps_are_sorted_by_time_and_keep_the_files_order_otherwise) {
  const Scenario scenario = after_base(R"(
[[at]]
time = "2s"
link = { e0 = "up" }
[[at]]
time = "500ms"
print = "proc"
link = { e1 = "down", e0 = "down" }
[[at]]
time = "2s"
print = "json"
)");
  BOOST_REQUIRE_EQUAL(scenario.steps.size(), 3);
  BOOST_CHECK_EQUAL(scenario.steps[0].time.number, 500);
  BOOST_CHECK(action<PrintAction>(scenario, 0, 0).format == PrintFormat::proc);
  BOOST_CHECK_EQUAL(action<PrintAction>(scenario, 0, 0).bond, "bond0");
  BOOST_CHECK_EQUAL(action<LinkAction>(scenario, 0, 1).nic, "e1");
  BOOST_CHECK_EQUAL(action<LinkAction>(scenario, 0, 2).nic, "e0");
  BOOST_CHECK_EQUAL(scenario.steps[1].time.number, 2000);
  BOOST_CHECK(action<LinkAction>(scenario, 1).up);
  BOOST_CHECK(action<PrintAction>(scenario, 2).format == PrintFormat::json);
}

BOOST_AUTO_TEST_CASE(everything_that_can_happen_is_read) {
  const Scenario scenario = after_base(R"(
[[at]]
time = "1.5s"
set = { bond0 = { active_slave = "e1", miimon = 50, arp_ip_target = ["+10.0.0.1", "-10.0.0.2"], use-carrier = false } }
send = "frames.pcap"
nic = "e0"
enslave = { bond0 = ["e1"] }
release = { bond0 = "e0" }
activate = { bond0 = "e1" }
remove = "e0"
add = ["e0"]
host = { bond0 = "down" }
address = { bond0 = ["10.0.0.1/24", "-10.0.0.2/24"] }
print = { bond0 = "text" }
)");
  BOOST_REQUIRE_EQUAL(scenario.steps.size(), 1);
  BOOST_REQUIRE_EQUAL(scenario.steps[0].actions.size(), 15);
  BOOST_CHECK_EQUAL(action<SetAction>(scenario, 0, 0).option, "active_slave");
  BOOST_CHECK_EQUAL(action<SetAction>(scenario, 0, 0).value, "e1");
  BOOST_CHECK_EQUAL(action<SetAction>(scenario, 0, 1).value, "50");
  BOOST_CHECK_EQUAL(action<SetAction>(scenario, 0, 3).value, "-10.0.0.2");
  BOOST_CHECK_EQUAL(action<SetAction>(scenario, 0, 4).option, "use_carrier");
  BOOST_CHECK_EQUAL(action<SetAction>(scenario, 0, 4).value, "0");
  BOOST_CHECK_EQUAL(action<SendAction>(scenario, 0, 5).nic, "e0");
  BOOST_CHECK_EQUAL(action<SendAction>(scenario, 0, 5).bond, "");
  BOOST_CHECK_EQUAL(action<EnslaveAction>(scenario, 0, 6).port, "e1");
  BOOST_CHECK_EQUAL(action<ReleaseAction>(scenario, 0, 7).port, "e0");
  BOOST_CHECK_EQUAL(action<ActivateAction>(scenario, 0, 8).port, "e1");
  BOOST_CHECK(!action<NicAction>(scenario, 0, 9).present);
  BOOST_CHECK(action<NicAction>(scenario, 0, 10).present);
  BOOST_CHECK(!action<HostAction>(scenario, 0, 11).up);
  BOOST_CHECK(action<AddressAction>(scenario, 0, 12).add);
  BOOST_CHECK_EQUAL(action<AddressAction>(scenario, 0, 13).prefix.text(), "10.0.0.2/24");
  BOOST_CHECK(!action<AddressAction>(scenario, 0, 13).add);
  BOOST_CHECK(action<PrintAction>(scenario, 0, 14).format == PrintFormat::text);
}

BOOST_AUTO_TEST_CASE(several_bonds_can_face_each_other) {
  const Scenario scenario = loaded(R"(duration = "1s"
[bond.a]
ports = ["e0"]
[bond.b]
ports = ["p0"]
[[nic]]
name = "e0"
[[nic]]
name = "p0"
[[wire]]
ends = ["e0", "p0"]
[[at]]
time = "0s"
print = "proc"
send = "x.pcap"
bond = "b"
)");
  BOOST_CHECK_EQUAL(action<PrintAction>(scenario, 0, 0).bond, "a");
  BOOST_CHECK_EQUAL(action<PrintAction>(scenario, 0, 1).bond, "b");
  BOOST_CHECK_EQUAL(action<SendAction>(scenario, 0, 2).bond, "b");
}

BOOST_AUTO_TEST_CASE(errors_of_the_frame_are_told_with_their_place) {
  check_whole("[bond.bond0]\nports = [\"e0\"]\nmimon = 3\n",
              {"s.toml:1:1: the scenario has no duration; write duration = \"10s\" at its top",
               "s.toml:2:10: port \"e0\" is none of the [[nic]]s",
               "s.toml:3:1: unknown option \"mimon\" in [bond.bond0]; did you mean \"miimon\"?"});
  check_whole("duration = 12\nnics = 3\n[nic]\nname = \"e0\"\n",
              {"s.toml:1:1: there is no bond in the file; write [bond.bond0]",
               "s.toml:1:12: duration has no unit; duration = \"12ms\"",
               "s.toml:2:1: unknown key \"nics\"; did you mean \"nic\"?", "s.toml:3:2: nic is a table; write [[nic]]"});
  check_whole("duration = \"5 s\"\nbond.bond0.ports = []\n",
              {"s.toml:1:12: duration is not a span of whole milliseconds; write duration = \"500ms\" or \"1.5s\""});
}

BOOST_AUTO_TEST_CASE(errors_of_nics_and_wires_are_told_with_their_place) {
  check_errors(
      R"([[nic]]
name = "e0"
mac = "ff:ff:ff:ff:ff:ff"
[[nic]]
name = "a/b"
speed = "fast"
duplex = "both"
colour = "red"
[[nic]]
mtu = 10
[[wire]]
ends = ["e0", "e1", "s"]
[[wire]]
ends = ["s", "t"]
[[wire]]
ends = ["e0", "s"]
[[wire]]
ends = ["e0", "e0"]
[[wire]]
end = ["e0", "s"]
)",
      {"s.toml:2:8: there is a NIC \"e0\" already",
       "s.toml:3:7: mac is not the address of one station; write mac = \"02:00:00:00:0a:01\"",
       "s.toml:5:8: a NIC cannot be called \"a/b\": it contains '/'",
       "s.toml:6:9: speed is not a number (allowed values 0 - 10000000)",
       "s.toml:7:10: duplex is neither \"full\" nor \"half\"", "s.toml:8:1: unknown key \"colour\" in [[nic]]",
       "s.toml:9:1: [[nic]] has no name; write name = \"e0\"",
       "s.toml:10:7: mtu is not a number (allowed values 68 - 65535)",
       "s.toml:12:8: a wire has 2 ends, not 3; write a [[wire]] for each NIC of a switch",
       "s.toml:14:8: neither end of the wire is one of the [[nic]]s", "s.toml:18:9: NIC \"e0\" has a wire already",
       "s.toml:18:15: NIC \"e0\" has a wire already", "s.toml:18:15: both ends of the wire are \"e0\"",
       "s.toml:19:1: [[wire]] has no ends; write ends = [\"e0\", \"switch1\"]"});
}

BOOST_AUTO_TEST_CASE(errors_of_steps_are_told_with_their_place) {
  check_errors(
      R"([[at]]
link = { e0 = "down" }
[[at]]
time = "13s"
link = { e9 = "down", e1 = "off" }
[[at]]
time = "1s"
[[at]]
time = "1s"
print = "xml"
set = { bond1 = { miimon = 5 }, bond0 = { mimon = 5, mii_status = "up", miimon = true } }
linc = { e0 = "up" }
host = "down"
[[at]]
time = "1s"
send = "x.pcap"
nic = "e0"
bond = "bond0"
[[at]]
time = "1s"
nic = "e0"
address = { bond0 = "10.0.0.1" }
)",
      {"s.toml:1:1: [[at]] has no time; write time = \"500ms\"",
       "s.toml:4:8: time is after the end of the scenario; duration is \"12s\"",
       "s.toml:5:10: there is no nic \"e9\"; did you mean \"e0\"?",
       "s.toml:5:28: neither \"up\" nor \"down\"; write one of them",
       "s.toml:6:1: nothing happens in this [[at]]; write link = { e0 = \"down\" }, for example",
       "s.toml:10:9: print is not one of proc, json, text; write print = \"proc\" for every bond, or print = { "
       "bond0 = \"proc\" }",
       "s.toml:11:9: there is no bond \"bond1\"; did you mean \"bond0\"?",
       "s.toml:11:43: unknown option \"mimon\"; did you mean \"miimon\"?",
       "s.toml:11:54: \"mii_status\" can only be read",
       "s.toml:11:82: miimon cannot be true (allowed values 0 - 2147483647)",
       "s.toml:12:1: unknown key \"linc\" in [[at]]; did you mean \"link\"?",
       "s.toml:13:8: host is a string; write host = { bond0 = ... }",
       "s.toml:18:1: send has both a nic and a bond; give the nic that receives or the bond that sends",
       "s.toml:21:1: \"nic\" belongs to send; write send = \"frames.pcap\" beside it",
       "s.toml:22:21: address \"10.0.0.1\" is not an IP address with its prefix length; write "
       "\"192.168.10.52/24\", or \"-192.168.10.52/24\" to take it away"});
}

BOOST_AUTO_TEST_SUITE_END()
