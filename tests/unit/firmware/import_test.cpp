#include "firmware/import/import.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <random>
#include <string>

#include "firmware/config/bond_config.hpp"

namespace {

using namespace bondbox;
using import::Import;

/// What the sources of an interfaces file name, for a test.
using Files = std::map<std::string, std::string>;

struct Imported {
  Import import;
  std::string toml;
  ConfigResult result;

  std::string notes() const {
    std::string text;
    for (const std::string& note : import.notes()) text += note + "\n";
    return text;
  }
  const BondConfig& bond(std::string_view name) const {
    const BondConfig* const found = result.config.find(name);
    BOOST_REQUIRE_MESSAGE(found != nullptr, name << " is not in:\n" << toml);
    return *found;
  }
  bool says(std::string_view part) const { return toml.find(part) != std::string::npos; }
  bool notes_say(std::string_view part) const { return notes().find(part) != std::string::npos; }
};

void read(std::string_view text, const std::string& name, const Files& files, Import& import) {
  const import::Sources sources = [&files](std::string_view pattern) {
    std::vector<import::SourceFile> found;
    for (const auto& [file, content] : files)
      if (file == pattern || (pattern.ends_with("/*") && file.starts_with(pattern.substr(0, pattern.size() - 1))))
        found.push_back({file, content});
    return found;
  };
  const auto kind = import::kind_of(text);
  if (kind == import::Kind::modprobe) import::read_modprobe(text, name, import);
  if (kind == import::Kind::interfaces) import::read_interfaces(text, name, sources, import);
  if (kind == import::Kind::openwrt) import::read_openwrt(text, name, import);
}

Imported imported(const std::vector<std::pair<std::string, std::string>>& texts, const Files& files = {}) {
  Imported done;
  for (const auto& [name, text] : texts) read(text, name, files, done.import);
  done.import.finish();
  done.toml = import::render_toml(done.import);
  done.result = load_config(done.toml, "out.toml");
  if (!done.import.bonds().empty())
    BOOST_TEST(done.result.ok(), done.toml << (done.result.ok() ? "" : done.result.errors[0].text()));
  return done;
}

constexpr const char* modules_text = R"(# of 2004
alias bond0 bonding
options bonding miimon=100
install bond1 /sbin/modprobe bonding -o bond1 miimon=50 mode=4 lacp_rate=1
options bond0 mode=1 primary=eth0 debug=1 \
   updelay=200
options e1000 TxDescriptors=256
)";

constexpr const char* interfaces_text = R"(auto lo bond0
iface lo inet loopback
source /etc/network/interfaces.d/*
iface common inet manual
  mtu 1400
iface bond0 inet static
    address 192.168.10.52
    netmask 255.255.255.0
    gateway 192.168.10.254
    post-up ifenslave bond0 eth0 eth1
    post-up /sbin/ifenslave -c $IFACE eth1 || true
    pre-down ifenslave -d bond0 eth0 eth1
    up echo 1 > /proc/sys/net/ipv4/ip_forward
    dns-nameservers 192.168.10.1
iface bond0 inet6 static
    address fd10::52/64
iface bond2 inherits common
    bond-slaves none
    bond-mode 802.3ad
    bond-lacp-rate fast
    bond-xmit-hash-policy layer3+4
    bond-arp-bogus 5
iface eth4 inet manual
    bond-master bond2
iface eth5 inet manual
    bond-master bond2
)";

constexpr const char* openwrt_text = R"(
config interface 'loopback'
    option device 'lo'

config device
    option name 'bond0'
    option type 'bonding'
    option policy 'active-backup'
    list ports 'eth0'
    list ports 'eth1'
    option monitor_mode 'arp'
    option monitor_interval '500'
    list arp_target '10.0.0.1'
    list arp_target '10.0.0.2'
    option num_peer_notif '2'

config interface 'lan'
    option device 'bond0'
    option proto 'static'
    option ipaddr '192.168.1.1'
    option netmask '255.255.255.0'
    option gateway '192.168.1.254'
    option dns '192.168.1.254'

config interface 'wan'
    option proto 'bonding'
    option ipaddr '10.0.0.5'
    option netmask '255.0.0.0'
    option bonding_policy '802.3ad'
    option lacp_rate '1'
    option link_monitoring 'mii'
    option miimon '200'
    option arp_interval '0'
    option slaves 'eth2 eth3'
    option num_grat_arp__num_unsol_na '3'
)";

}  // namespace

BOOST_AUTO_TEST_SUITE(importing)

BOOST_AUTO_TEST_CASE(the_line_of_the_old_guides_becomes_a_bond) {
  const Imported done = imported({{"modprobe.conf", "install bond0 /sbin/modprobe bonding miimon=100 mode=1\n"}});
  BOOST_TEST(done.toml ==
             "[bond.bond0]                             # modprobe.conf:1\n"
             "miimon = 100                             # modprobe.conf:1\n"
             "mode = \"1\"                               # modprobe.conf:1\n");
  BOOST_TEST(done.notes() == "");
}

BOOST_AUTO_TEST_CASE(options_of_the_module_count_for_every_bond_that_has_none_of_its_own) {
  const Imported done = imported({{"m", modules_text}});
  BOOST_TEST(done.bond("bond0").options.miimon_ms == 100U);
  BOOST_TEST((done.bond("bond0").options.mode == Mode::active_backup));
  BOOST_TEST(done.bond("bond1").options.miimon_ms == 50U);
  BOOST_TEST((done.bond("bond1").options.mode == Mode::lacp_8023ad));
  BOOST_TEST(done.says("updelay = 200                            # m:5\n"));
  BOOST_TEST(done.notes() ==
             "m:5: bond0: \"debug\" is a parameter of the kernel's module, not of a bond; bondbox events shows what "
             "happens\n");
}

BOOST_AUTO_TEST_CASE(max_bonds_counts_and_the_drivers_own_mode_is_said) {
  const Imported done = imported({{"m", "options bonding max_bonds=2 miimon=200\n"}});
  BOOST_TEST(done.result.config.bonds.size() == 2U);
  BOOST_TEST((done.bond("bond1").options.mode == Mode::balance_rr));
  BOOST_TEST(done.says("# not given: what the kernel's driver does then"));
  BOOST_TEST(imported({{"m", "options bonding mode=1\n"}}).result.config.bonds.size() == 1U);
  BOOST_TEST(import::render_words(done.import, "bond1") == "miimon=200 mode=balance-rr");
  BOOST_TEST(import::render_words(done.import, "bond7") == "");
}

BOOST_AUTO_TEST_CASE(stanzas_of_both_forms_their_sources_and_what_they_inherit_become_bonds) {
  const Imported done = imported({{"m", modules_text}, {"/etc/network/interfaces", interfaces_text}},
                                 {{"/etc/network/interfaces.d/x", "iface bond3 inet dhcp\n bond-slaves eth6 eth0\n"}});
  const BondConfig& bond0 = done.bond("bond0");
  BOOST_TEST(bond0.ports == (std::vector<std::string>{"eth0", "eth1"}), boost::test_tools::per_element());
  BOOST_TEST(bond0.active_slave == "eth1");
  BOOST_REQUIRE(bond0.addresses.size() == 2U);
  BOOST_TEST(bond0.addresses[0].text() == "192.168.10.52/24");
  BOOST_TEST(bond0.addresses[1].text() == "fd10::52/64");
  BOOST_TEST(bond0.gateway->text() == "192.168.10.254");
  const BondConfig& bond2 = done.bond("bond2");
  BOOST_TEST(bond2.ports == (std::vector<std::string>{"eth4", "eth5"}), boost::test_tools::per_element());
  BOOST_TEST(*bond2.mtu == 1400U);
  BOOST_TEST((bond2.options.lacp_rate == LacpRate::fast));
  BOOST_TEST(done.bond("bond3").ports.size() == 1U);
  const std::string file = "/etc/network/interfaces";
  for (const std::string& note :
       {file + ":13: the command of \"up\" cannot be carried", file + ":14: \"dns-nameservers\" of bond0",
        file + ":22: bond2: unknown option \"arp_bogus\"", file + ".d/x:1: bond3 gets its address by dhcp",
        file + ".d/x:2: eth0 cannot be a port of bond3 too"})
    BOOST_TEST(done.notes_say(note), note << " is not in\n" << done.notes());
}

BOOST_AUTO_TEST_CASE(openwrts_devices_and_interfaces_become_bonds) {
  const Imported done = imported({{"network", openwrt_text}});
  const BondConfig& bond0 = done.bond("bond0");
  BOOST_TEST(bond0.ports.size() == 2U);
  BOOST_TEST(bond0.options.arp_interval_ms == 500U);
  BOOST_TEST(bond0.addresses.at(0).text() == "192.168.1.1/24");
  BOOST_TEST(bond0.gateway->text() == "192.168.1.254");
  const BondConfig& wan = done.bond("bonding-wan");
  BOOST_TEST((wan.options.mode == Mode::lacp_8023ad));
  BOOST_TEST(wan.options.miimon_ms == 200U);
  BOOST_TEST(wan.addresses.at(0).text() == "10.0.0.5/8");
  BOOST_TEST(done.notes() == "network:23: \"dns\" of the interface on bond0 cannot be carried\n");
}

BOOST_AUTO_TEST_CASE(netmasks_are_read_in_both_forms) {
  BOOST_TEST(import::prefix_length("255.255.255.0") == 24);
  BOOST_TEST(import::prefix_length("0.0.0.0") == 0);
  BOOST_TEST(import::prefix_length("255.255.255.255") == 32);
  BOOST_TEST(import::prefix_length("24") == 24);
  for (const char* wrong : {"255.0.255.0", "", "x", "255.255.255", "200"})
    BOOST_TEST(import::prefix_length(wrong) == -1, wrong);
}

BOOST_AUTO_TEST_CASE(a_file_of_another_kind_is_known_for_it) {
  BOOST_TEST((import::kind_of(modules_text) == import::Kind::modprobe));
  BOOST_TEST((import::kind_of(interfaces_text) == import::Kind::interfaces));
  BOOST_TEST((import::kind_of(openwrt_text) == import::Kind::openwrt));
  for (const char* none : {"", "# nothing\n", "[bond.bond0]\nmode = 1\n", "\n\\\n\\"})
    BOOST_TEST(!import::kind_of(none).has_value(), none);
}

BOOST_AUTO_TEST_CASE(a_file_that_sources_itself_and_a_stanza_that_inherits_itself_end) {
  const Imported done = imported({{"i", "source loop\niface bond0 inherits bond0\n bond-mode 1\n"}},
                                 {{"loop", "source loop\niface bond1 inherits bond2\niface bond2 inherits bond1\n"}});
  BOOST_TEST(done.notes_say("source lines are nested too deeply"), done.notes());
  BOOST_TEST((done.bond("bond0").options.mode == Mode::active_backup));
}

BOOST_AUTO_TEST_CASE(more_than_fits_is_told_and_the_rest_is_carried) {
  std::string text = "iface bond0 inet manual\n bond-slaves";
  for (int i = 0; i < 100; ++i) text += " eth" + std::to_string(i);
  text += "\n";
  for (int i = 1; i < 100; ++i) text += "iface bond" + std::to_string(i) + " inet manual\n bond-mode 1\n";
  text += "iface bond0 inet manual\n bond-mode " + std::string(100'000, 'x') + "\n";
  const Imported done = imported({{"i", text}});
  BOOST_TEST(done.result.config.bonds.size() == 64U);
  BOOST_TEST(done.bond("bond0").ports.size() == max_ports);
  BOOST_TEST(done.notes_say("there are too many bonds"));
  BOOST_TEST(done.notes_say("one port too many"));
  BOOST_TEST(done.notes_say("the line is too long, and was cut"));
}

/// Whatever stands in a file, what comes out is taken by bondbox.
BOOST_AUTO_TEST_CASE(damaged_files_give_what_bondbox_takes_or_nothing) {
  std::mt19937 random(20261123);
  const auto below = [&random](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  const std::string originals[] = {modules_text, interfaces_text, openwrt_text};
  constexpr std::string_view spice =
      "=\n\\\"' \t#,/-:[]\x01\xff"
      "09azZ{}$";
  for (int round = 0; round < 600; ++round) {
    std::string text = originals[below(3)];
    const std::size_t changes = 1 + below(12);
    for (std::size_t i = 0; i < changes && !text.empty(); ++i) {
      const std::size_t at = below(text.size());
      switch (below(4)) {
        case 0:
          text[at] = spice[below(spice.size())];
          break;
        case 1:
          text.erase(at, 1 + below(20));
          break;
        case 2:
          text.insert(at, text.substr(below(text.size()), below(60)));
          break;
        default:
          text.insert(at, 1, spice[below(spice.size())]);
          break;
      }
    }
    const Imported done = imported({{"file\n[x]", text}});
    if (!done.import.bonds().empty() && !done.result.ok()) BOOST_FAIL("round " << round << ":\n" << text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
