// How programs that cannot run here take the kernel's text apart, restated, and held against what they must find there
// before and after a pulled cable, in all modes.
#include <array>
#include <boost/test/unit_test.hpp>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "firmware/render.hpp"
#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::pair<std::string, std::string> split(const std::string& line, const std::string& at) {
  const std::size_t found = line.find(at);
  if (found == std::string::npos) return {line, {}};
  return {line.substr(0, found), line.substr(found + at.size())};
}

struct Port {
  std::string status, failures, address;
};
struct Reading {
  std::string mode, active, status;
  std::map<std::string, Port> ports;
};

/// telegraf's inputs.bond: the text is cut at "Slave Interface"; in each part a key goes up to the first ": ".
Reading read_as_telegraf(const std::string& text) {
  Reading reading;
  const std::size_t cut = text.find("Slave Interface");
  for (const std::string& line : lines_of(text.substr(0, cut))) {
    const auto [key, value] = split(line, ": ");
    if (key == "Bonding Mode") reading.mode = value;
    if (key == "Currently Active Slave") reading.active = value;
    if (key == "MII Status") reading.status = value;
  }
  std::string port;
  for (const std::string& line : lines_of(text.substr(cut))) {
    const auto [key, value] = split(line, ": ");
    if (key == "Slave Interface") port = value;
    if (key == "MII Status") reading.ports[port].status = value;
    if (key == "Link Failure Count") reading.ports[port].failures = value;
    if (key == "Permanent HW addr") reading.ports[port].address = value;
  }
  return reading;
}

/// Checkmk's lnx_bonding: every line is split at each ":", an address put together again from the rest.
Reading read_as_checkmk(const std::string& text) {
  Reading reading;
  std::string port;
  for (const std::string& line : lines_of(text)) {
    std::vector<std::string> words;
    std::istringstream stream(line);
    for (std::string word; std::getline(stream, word, ':');) {
      const std::size_t from = word.find_first_not_of(" \t");
      words.push_back(from == std::string::npos ? std::string() : word.substr(from));
    }
    if (words.size() < 2) continue;
    if (words[0] == "Slave Interface") port = words[1];
    if (words[0] == "Bonding Mode") reading.mode = words[1];
    if (words[0] == "Currently Active Slave") reading.active = words[1];
    if (words[0] == "MII Status") (port.empty() ? reading.status : reading.ports[port].status) = words[1];
    if (words[0] == "Link Failure Count") reading.ports[port].failures = words[1];
    if (words[0] == "Permanent HW addr") {
      std::string address = words[1];
      for (std::size_t i = 2; i < words.size(); ++i) address += ":" + words[i];
      reading.ports[port].address = address;
    }
  }
  return reading;
}

/// host-sflow, facter, sosreport and nagios' check_bond: a port's status stands in the line after its name.
std::map<std::string, std::string> read_by_the_line_after(const std::string& text) {
  std::map<std::string, std::string> ports;
  const std::vector<std::string> lines = lines_of(text);
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    const auto [key, name] = split(lines[i], "Slave Interface: ");
    if (key.empty() && !name.empty()) ports[name] = split(lines[i + 1], "MII Status: ").second;
  }
  return ports;
}

/// lldpd: "Slave Interface: " begins a port, the next "Permanent HW addr: " is its own address.
std::map<std::string, std::string> read_as_lldpd(const std::string& text) {
  std::map<std::string, std::string> addresses;
  std::string port;
  for (const std::string& line : lines_of(text)) {
    if (line.starts_with("Slave Interface: ")) port = line.substr(17);
    if (line.starts_with("Permanent HW addr: ") && !port.empty())
      addresses.emplace(std::exchange(port, {}), line.substr(19));
  }
  return addresses;
}

/// insights-core knows these words and no others.
constexpr std::array<const char*, 7> mode_words = {
    "load balancing (round-robin)", "fault-tolerance (active-backup)",       "load balancing (xor)",
    "fault-tolerance (broadcast)",  "IEEE 802.3ad Dynamic link aggregation", "transmit load balancing",
    "adaptive load balancing"};

struct Watched : test::SimBench {
  explicit Watched(int mode) : SimBench({"e0", "e1"}) {
    BondConfig wanted = config({"e0", "e1"});
    wanted.options.mode = static_cast<Mode>(mode);
    add(wanted);
    run_for(300);
  }
  std::string text() { return render_proc(status()); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(readers_of_the_kernels_text)

BOOST_AUTO_TEST_CASE(mode_status_and_failures_are_where_each_of_them_looks) {
  for (int mode = 0; mode <= 6; ++mode) {
    BOOST_TEST_CONTEXT("mode " << mode) {
      Watched bench(mode);
      for (const bool pulled : {false, true}) {
        if (pulled) {
          bench.link("e0", false);
          bench.run_for(300);
        }
        const char* const first = pulled ? "down" : "up";
        for (const Reading& reading : {read_as_telegraf(bench.text()), read_as_checkmk(bench.text())}) {
          BOOST_TEST(reading.mode == mode_words[static_cast<std::size_t>(mode)]);
          BOOST_TEST(reading.status == "up");
          const bool has_active = mode == 1 || mode >= 5;
          BOOST_TEST(reading.active == (has_active ? (pulled ? "e1" : "e0") : ""));
          BOOST_REQUIRE(reading.ports.size() == 2U);
          BOOST_TEST(reading.ports.at("e0").status == first);
          BOOST_TEST(reading.ports.at("e0").failures == (pulled ? "1" : "0"));
          BOOST_TEST(reading.ports.at("e1").status == "up");
          BOOST_TEST(reading.ports.at("e1").failures == "0");
          BOOST_TEST(reading.ports.at("e1").address == test::card_mac(1).text());
        }
        BOOST_TEST(read_by_the_line_after(bench.text()).at("e0") == first);
        BOOST_TEST(read_by_the_line_after(bench.text()).at("e1") == "up");
        BOOST_TEST(read_as_lldpd(bench.text()).at("e0") == test::card_mac(0).text());
      }
    }
  }
}

// pcp's pmdabonding adds up what this pattern finds, and takes the rest from sysfs, the mode as name and number.
BOOST_AUTO_TEST_CASE(failures_add_up_and_attributes_have_their_forms) {
  Watched bench(1);
  for (int i = 0; i < 3; ++i) {
    bench.link("e1", false);
    bench.run_for(300);
    bench.link("e1", true);
    bench.run_for(300);
  }
  int failures = 0;
  const std::string text = bench.text();
  const std::regex count("Link Failure Count: (\\d+)");
  for (std::sregex_iterator it(text.begin(), text.end(), count), end; it != end; ++it) failures += std::stoi((*it)[1]);
  BOOST_TEST(failures == 3);
  std::map<std::string, std::string> files;
  for (const SysfsEntry& entry : render_sysfs(bench.status(), bench.bond())) files[entry.path] = entry.text;
  BOOST_TEST(std::regex_match(files["bond0/bonding/mode"], std::regex("[a-z0-9.-]+ [0-6]\n")));
  for (const char* name : {"use_carrier", "updelay", "downdelay"})
    BOOST_TEST(std::regex_match(files[std::string("bond0/bonding/") + name], std::regex("\\d+\n")), name);
  BOOST_TEST(files["bond0/bonding/slaves"] == "e0 e1\n");
  BOOST_TEST(files["bond0/bonding/active_slave"] == "e0\n");
  // Ansible fails where one of these is empty.
  BOOST_TEST(!files["bond0/bonding/miimon"].empty());
  BOOST_TEST(!files["bond0/bonding/lacp_rate"].empty());
}

BOOST_AUTO_TEST_SUITE_END()
