// Programs that others have written read what bondbox shows, before and after a pulled cable, and say what they saw.
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/lab/support/lab_house.hpp"

namespace bondbox::lab {
namespace {

namespace ut = boost::unit_test;

/// A file of a package that must be there for a case to run.
auto has_package_file(const char* path) {
  return [path](ut::test_unit_id) {
    boost::test_tools::assertion_result here(!of_package(path).empty());
    here.message() << "there is no " << path << ", installed or in build/deps/unpacked";
    return here;
  };
}

constexpr const char* exporter = "/usr/bin/prometheus-node-exporter";
constexpr const char* promtool = "/usr/bin/promtool";
constexpr const char* reference_parser = "/usr/lib/python3/dist-packages/prometheus_client/openmetrics/parser.py";
constexpr const char* munin_plugin = "/usr/share/munin/plugins/bonding_err_";
constexpr const char* ansible_setup = "/usr/lib/python3/dist-packages/ansible/modules/setup.py";
constexpr const char* pcp_agent = "/usr/lib/pcp/pmdas/bonding/pmdabonding.pl";
constexpr const char* pcp_debugger = "/usr/bin/dbpmda";
constexpr const char* pcp_module = "/usr/lib/x86_64-linux-gnu/perl5/5.36/PCP/PMDA.pm";
constexpr const char* wget = "/bin/busybox";

/// The directory that Python finds a package's modules in.
std::string python_path(const std::string& file) {
  const std::string at = of_package(file);
  return at.substr(0, at.find("/dist-packages/")) + "/dist-packages";
}

struct Judged : House {
  Daemon daemon{box, words};
  /// `bondbox status --format FORMAT` in a file.
  std::string status_file(const std::string& format) const {
    const std::string path = scratch.path() + "/" + format;
    write_text(path, daemon.ask("status --format " + format).out);
    return path;
  }
  void lose_a_cable() const {
    pull(0);
    BOOST_REQUIRE(daemon.comes_to("eth1"));
    BOOST_REQUIRE(wait_until([&] { return contains(daemon.proc_file(), "Currently Active Slave: eth1"); }, 2'000));
  }
};

/// PCP's debugger runs the agent and fetches what it knows. Both are where a package was unpacked, so they are told
/// where the rest of it is; the agent becomes the user pcp, whom a passwd of the test's own has.
struct PcpAgent {
  explicit PcpAgent(const Judged& house) : house_(house), at_(house.scratch.path() + "/pcp") {
    const std::string root = root_of(pcp_agent);
    house.box.must("mkdir -p " + at_ + "/var/log/pcp " + at_ + "/var/lib/pcp/tmp");
    house.box.must("sed 's,=/etc,=" + root + "/etc,; s,=/usr,=" + root + "/usr,; s,=/var,=" + at_ + "/var,' " + root +
                   "/etc/pcp.conf > " + at_ + "/pcp.conf");
    house.box.must("(cat /etc/passwd; echo pcp:x:0:0::/:/bin/false) > " + at_ + "/passwd");
    write_text(at_ + "/names",
               "root {\nbonding\n}\nbonding {\nslaves 96:0:0\nactive_slave 96:0:1\nmode 96:0:6\nfailures 96:0:7\n}\n");
    write_text(at_ + "/words", "open pipe /usr/bin/perl " + of_package(pcp_agent) +
                                   "\nfetch bonding.slaves\nfetch bonding.active_slave\nfetch bonding.mode\n"
                                   "fetch bonding.failures\nquit\n");
    const std::string library = root + "/usr/lib:" + root + "/usr/lib/x86_64-linux-gnu";
    const std::string module = of_package(pcp_module);
    write_text(at_ + "/ask",
               "mount --bind " + house.daemon.path("sys/class/net") + " /sys/class/net && mount --bind " + at_ +
                   "/passwd /etc/passwd && mount -t tmpfs tmpfs /proc && mkdir /proc/net && ln -s " +
                   house.daemon.path("net/bonding") + " /proc/net/bonding && export PCP_CONF=" + at_ +
                   "/pcp.conf LD_LIBRARY_PATH=" + library + " PERL5LIB=" + module.substr(0, module.rfind("/PCP/")) +
                   " && cd " + at_ + " && exec timeout 30 " + of_package(pcp_debugger) + " -n " + at_ + "/names < " +
                   at_ + "/words\n");
  }
  std::string fetch() const { return house_.box.run("unshare -m sh " + at_ + "/ask 2>&1", 40).output; }

 private:
  static std::string root_of(const std::string& file) {
    const std::string at = of_package(file);
    return at.substr(0, at.size() - file.size());
  }
  const Judged& house_;
  std::string at_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_judges)

BOOST_AUTO_TEST_CASE(prometheus_node_exporter_counts_ports_and_those_with_link,
                     *ut::precondition(has_package_file(exporter)) * ut::precondition(has_package_file(wget))) {
  const Judged house;
  const Process exporting =
      house.box.start(of_package(exporter) + " --path.sysfs=" + house.daemon.path("sys") +
                          " --collector.disable-defaults --collector.bonding --web.listen-address=127.0.0.1:9100",
                      house.scratch.path() + "/exporter.log");
  const auto metrics = [&] {
    return house.box.run(of_package(wget) + " wget -q -O - http://127.0.0.1:9100/metrics").output;
  };
  const auto comes_to_say = [&](const std::string& line) {
    return wait_until([&] { return contains(metrics(), "\n" + line + "\n"); }, 10'000);
  };
  BOOST_TEST(comes_to_say("node_bonding_active{master=\"bond0\"} 2"), metrics());
  BOOST_TEST(contains(metrics(), "\nnode_bonding_slaves{master=\"bond0\"} 2\n"));
  house.lose_a_cable();
  BOOST_TEST(comes_to_say("node_bonding_active{master=\"bond0\"} 1"), metrics());
  BOOST_TEST(contains(metrics(), "\nnode_bonding_slaves{master=\"bond0\"} 2\n"));
  BOOST_TEST(contains(metrics(), "node_scrape_collector_success{collector=\"bonding\"} 1"), metrics());
}

BOOST_AUTO_TEST_CASE(promtool_finds_nothing_wrong_with_the_metrics, *ut::precondition(has_package_file(promtool))) {
  const Judged house;
  for (const char* words :
       {"monitor any", "arp_ip_target +10.99.0.1", "arp_interval 200", "flap_damping 15000", "revert_delay 1000"})
    BOOST_TEST(house.daemon.ask(std::string("set bond0 ") + words).status == 0, words);
  const std::string file = house.status_file("prometheus");
  for (const char* family : {"port_monitor_up", "port_damping_penalty", "port_revert_left_seconds"})
    BOOST_TEST(contains(read_text(file), std::string("# TYPE bondbox_") + family + " gauge"), read_text(file));
  BOOST_TEST(contains(read_text(file), "bondbox_port_up{bond=\"bond0\",port=\"eth1\"} 1"), read_text(file));
  const CommandResult judgement = house.box.run(of_package(promtool) + " check metrics < " + file);
  BOOST_TEST(judgement.ok(), judgement.output);
  BOOST_TEST(judgement.output.empty(), judgement.output);
}

BOOST_AUTO_TEST_CASE(the_reference_parser_of_openmetrics_reads_each_family,
                     *ut::precondition(has_package_file(reference_parser)) *
                         ut::precondition(has_package_file("/usr/bin/python3"))) {
  const Judged house;
  house.lose_a_cable();
  const std::string reader = house.scratch.path() + "/reader.py";
  write_text(reader, R"(import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
for family in text_string_to_metric_families(sys.stdin.read()):
    for sample in family.samples:
        print(family.type, sample.name, sample.labels.get("port", "-"), sample.value)
)");
  const CommandResult read = house.box.run("PYTHONPATH=" + python_path(reference_parser) + " /usr/bin/python3 " +
                                           reader + " < " + house.status_file("openmetrics"));
  BOOST_TEST(read.ok(), read.output);
  BOOST_TEST(contains(read.output, "gauge bondbox_port_up eth0 0\n"), read.output);
  BOOST_TEST(contains(read.output, "gauge bondbox_port_up eth1 1\n"));
  BOOST_TEST(contains(read.output, "counter bondbox_port_link_failures_total eth0 1\n"));
  BOOST_TEST(contains(read.output, "gauge bondbox_bond_degraded - 1\n"));
}

// The plugin reads /proc/net/bonding, which is of the process that looks: a /proc of its own stands in.
BOOST_AUTO_TEST_CASE(munins_plugin_reads_failures_of_each_port, *ut::precondition(has_package_file(munin_plugin))) {
  const Judged house;
  const std::string plugin = house.scratch.path() + "/bonding_err_bond0";
  const std::string library = of_package("/usr/share/munin/plugins/plugin.sh");
  BOOST_REQUIRE(!library.empty());
  house.box.must("ln -s " + of_package(munin_plugin) + " " + plugin);
  const auto ask = [&](const std::string& what) {
    return house.box.run("unshare -m sh -c 'mount -t tmpfs tmpfs /proc && mkdir /proc/net && ln -s " +
                         house.daemon.path("net/bonding") + " /proc/net/bonding && MUNIN_LIBDIR=" +
                         library.substr(0, library.rfind("/plugins/")) + " sh " + plugin + " " + what + "'");
  };
  BOOST_TEST(ask("autoconf").output == "yes\n");
  BOOST_TEST(ask("suggest").output == "bond0\n");
  BOOST_TEST(contains(ask("config").output, "if_eth1.label eth1\n"), ask("config").output);
  BOOST_TEST(ask("").output == "if_eth0.value 0\nif_eth1.value 0\n", ask("").output);
  house.lose_a_cable();
  BOOST_TEST(ask("").output == "if_eth0.value 1\nif_eth1.value 0\n", ask("").output);
}

BOOST_AUTO_TEST_CASE(ansibles_facts_name_the_bond_its_ports_and_their_permanent_addresses,
                     *ut::precondition(has_package_file(ansible_setup)) *
                         ut::precondition(has_package_file("/usr/bin/python3"))) {
  const Judged house;
  const std::string permanent = house.daemon.status("/bonds/0/ports/1/permanent_mac");
  const CommandResult facts =
      house.box.run("unshare -m sh -c 'mount --bind " + house.daemon.path("sys/class/net") +
                        " /sys/class/net && echo \"{\\\"ANSIBLE_MODULE_ARGS\\\": {\\\"gather_subset\\\": "
                        "[\\\"!all\\\", \\\"!min\\\", "
                        "\\\"network\\\"]}}\" | PYTHONPATH=" +
                        python_path(ansible_setup) + " /usr/bin/python3 -m ansible.modules.setup'",
                    40);
  BOOST_TEST(facts.ok(), facts.output);
  for (const std::string& part :
       {std::string(R"("type": "bonding", "slaves": ["eth0", "eth1"], "mode": "active-backup", "miimon": "20", )") +
            R"("lacp_rate": "slow", "primary": "eth0", "all_slaves_active": false)",
        "\"perm_macaddress\": \"" + permanent + "\""})
    BOOST_TEST(contains(facts.output, part), part + " is not in " + facts.output);
}

BOOST_AUTO_TEST_CASE(pcps_agent_fetches_ports_mode_and_the_sum_of_failures,
                     *ut::precondition(has_package_file("/etc/pcp.conf")) *
                         ut::precondition(has_package_file(pcp_agent)) *
                         ut::precondition(has_package_file(pcp_debugger)) *
                         ut::precondition(has_package_file(pcp_module)) *
                         ut::precondition(has_package_file("/usr/bin/perl"))) {
  const Judged house;
  const PcpAgent agent(house);
  const std::string before = agent.fetch();
  BOOST_TEST(contains(before, "value \"eth0 eth1\""), before);
  BOOST_TEST(contains(before, "value \"active-backup\""), before);
  BOOST_TEST(contains(before, "value \"eth0\""), before);
  BOOST_TEST(contains(before, "(bonding.failures): numval: 1 valfmt: 0 vlist[]:\n    inst [0 or ???] value 0 "),
             before);
  house.lose_a_cable();
  const std::string after = agent.fetch();
  BOOST_TEST(contains(after, "value \"eth1\""), after);
  BOOST_TEST(contains(after, "(bonding.failures): numval: 1 valfmt: 0 vlist[]:\n    inst [0 or ???] value 1 "), after);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab
