#include "tests/bench/growth.hpp"

#include <cstdio>
#include <memory>
#include <stdexcept>

#include "tests/bench/bondbox_daemon.hpp"
#include "tests/bench/counters.hpp"
#include "tests/bench/interrupt.hpp"
#include "tests/lab/support/daemon.hpp"

namespace bondbox::bench {
namespace {

/// One size: its appliance and the daemon in it.
struct Case {
  std::string key;
  std::string title;
  lab::Namespace box;
  lab::Namespace town;
  lab::ScratchDirectory scratch;
  std::unique_ptr<BondboxDaemon> daemon;
  double wake_ups = 0;
  double cpu_s = 0;
};

void lay_cables(const Case& one, int count) {
  std::string batch;
  for (int i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    batch += "link add eth" + number + " type veth peer name port" + number + " netns " + one.town.name() + "\n";
  }
  lab::write_text(one.scratch.path() + "/cables", batch);
  one.box.must("echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6; ip -batch " + one.scratch.path() + "/cables");
  std::string up;
  for (int i = 0; i < count; ++i) up += "link set port" + std::to_string(i) + " up\n";
  lab::write_text(one.scratch.path() + "/up", up);
  one.town.must("ip -batch " + one.scratch.path() + "/up");
}

std::string configuration(int bonds, int ports) {
  std::string text;
  for (int bond = 0; bond < bonds; ++bond) {
    text += "[bond.bond" + std::to_string(bond) + "]\nmode = \"active-backup\"\nports = [";
    for (int port = 0; port < ports; ++port)
      text += (port == 0 ? "\"eth" : ", \"eth") + std::to_string(bond * ports + port) + "\"";
    text += "]\n";
  }
  return text;
}

std::unique_ptr<Case> stand(std::string key, std::string title, int bonds, int ports, int vlans = 0) {
  auto one = std::make_unique<Case>();
  one->key = std::move(key);
  one->title = std::move(title);
  lay_cables(*one, bonds * ports);
  const std::string path = one->scratch.path() + "/bondbox.toml";
  lab::write_text(path, configuration(bonds, ports));
  one->daemon = std::make_unique<BondboxDaemon>(one->box, "-c " + path);
  if (vlans > 0) {
    one->daemon->must_answer();
    std::string batch = "link set bond0 up\n";
    for (int vlan = 1; vlan <= vlans; ++vlan)
      batch += "link add link bond0 name v" + std::to_string(vlan) + " type vlan id " + std::to_string(vlan) + "\n";
    lab::write_text(one->scratch.path() + "/vlans", batch);
    one->box.must("ip -batch " + one->scratch.path() + "/vlans", 60);
  }
  stop_if_interrupted();
  return one;
}

std::string counted(int count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string what_vlans_miss() {
  const lab::Namespace space;
  const bool can = space.run("ip link add link lo name v1 type vlan id 1").ok();
  return can ? "" : "without VLAN interfaces, which this kernel does not have";
}

}  // namespace

Table growth_table(double seconds) {
  std::vector<std::unique_ptr<Case>> cases;
  for (const int ports : {1, 2, 4, 8})
    cases.push_back(stand("ports_" + std::to_string(ports), counted(ports, "port", "ports"), 1, ports));
  for (const int bonds : {1, 16, 64})
    cases.push_back(stand("bonds_" + std::to_string(bonds), counted(bonds, "bond", "bonds") + " of 2 ports", bonds, 2));
  const std::string no_vlans = what_vlans_miss();
  for (const int vlans : {1, 64, 1024, 4094}) {
    if (!no_vlans.empty()) break;
    cases.push_back(
        stand("vlans_" + std::to_string(vlans), "2 ports, " + counted(vlans, "VLAN", "VLANs"), 1, 2, vlans));
  }
  // All at once: their programs take the kernel's verifier a while.
  for (auto& one : cases) one->daemon->must_answer();
  pause_for(2);  // what starting them has left to do
  for (auto& one : cases) {
    one->wake_ups = static_cast<double>(wake_ups({one->daemon->pid()}));
    one->cpu_s = process_cpu_s({one->daemon->pid()});
  }
  const double begin = now_s();
  pause_for(seconds);
  const double span = now_s() - begin;
  Table table{.key = "idle",
              .title = "idle, miimon 100",
              .columns = {{"wake_ups_per_s", "wake-ups/s"}, {"cpu_percent", "CPU %"}, {"memory_mb", "MB resident"}},
              .rows = {},
              .note = no_vlans};
  for (auto& one : cases) {
    const std::vector<pid_t> process{one->daemon->pid()};
    table.rows.push_back(
        {one->key,
         one->title,
         {(static_cast<double>(wake_ups(process)) - one->wake_ups) / span,
          (process_cpu_s(process) - one->cpu_s) / span * 100, static_cast<double>(resident_bytes(process)) * 1e-6}});
  }
  return table;
}

}  // namespace bondbox::bench
