// Open vSwitch in user space (datapath_type=netdev), with a database, sockets and processes of its own. Its bridge has
// the bond's name: that is the interface the host speaks on.
#include <signal.h>

#include <filesystem>
#include <optional>
#include <stdexcept>

#include "tests/lab/support/daemon.hpp"
#include "tests/live/lacp/party.hpp"
#include "tests/support/source_dir.hpp"

namespace bondbox::live {
namespace {

/// Where the package is: installed, or unpacked by toolchain/setup.sh.
struct OvsFiles {
  std::string vsctl, appctl, ovsdb_tool, ovsdb_server, vswitchd, schema;
};

std::optional<OvsFiles> find_ovs() {
  for (const std::string& root : {std::string(), test::source_dir() + "/build/deps/unpacked"}) {
    const OvsFiles files{root + "/usr/bin/ovs-vsctl",
                         root + "/usr/bin/ovs-appctl",
                         root + "/usr/bin/ovsdb-tool",
                         root + "/usr/sbin/ovsdb-server",
                         root + "/usr/lib/openvswitch-switch/ovs-vswitchd",
                         root + "/usr/share/openvswitch/vswitch.ovsschema"};
    if (std::filesystem::exists(files.vswitchd) && std::filesystem::exists(files.schema)) return files;
  }
  return std::nullopt;
}

class OvsParty final : public Party {
 public:
  OvsParty(const lab::Namespace& space, PartyOptions options) : space_(space), options_(std::move(options)) {
    const std::optional<OvsFiles> files = find_ovs();
    if (!files) throw std::runtime_error(what_ovs_misses());
    files_ = *files;
    start_programs();
    start();
  }
  ~OvsParty() override {
    // Asked to end it takes its TAP interfaces with it; killed it would as well, but not its sockets.
    if (vswitchd_.pid() > 0) ::kill(vswitchd_.pid(), SIGTERM);
    (void)vswitchd_.wait(3'000);
  }

  void start() override {
    std::string up;
    std::string words = "-- add-br " + options_.bond + " -- set bridge " + options_.bond + " datapath_type=netdev";
    for (const std::string& port : options_.ports) up += "link set " + port + " up\n";
    // The ports stay interfaces of the host: its own stack must not answer on them in the bond's place.
    space_.must(
        "echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore; echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
    for (const std::string& port : options_.ports)
      space_.must("echo 1 > /proc/sys/net/ipv6/conf/" + port + "/disable_ipv6");
    ip_batch(space_, up);
    const std::string lacp = std::string(" lacp=") + (options_.active ? "active" : "passive") +
                             " other_config:lacp-time=" + (options_.fast ? "fast" : "slow");
    if (options_.apart) {
      for (const std::string& port : options_.ports)
        words += " -- add-port " + options_.bond + " " + port + " -- set port " + port + lacp;
    } else {
      words += " -- add-bond " + options_.bond + " trunk";
      for (const std::string& port : options_.ports) words += " " + port;
      words += std::string(" bond_mode=") + options_.ovs_mode + lacp;
    }
    vsctl(words);
    if (!options_.address.empty())
      ip_batch(space_,
               "addr add " + options_.address + " dev " + options_.bond + "\nlink set " + options_.bond + " up\n");
  }

  void stop() override { vsctl("-- del-br " + options_.bond); }

  View view() override { return read_ovs_view(appctl("lacp/show"), options_.apart ? "" : appctl("bond/show trunk")); }

  std::string log() override {
    return appctl("fdb/show " + options_.bond) + appctl("dpctl/dump-flows") + space_.run("ip neigh").output;
  }

 private:
  void start_programs() {
    const lab::CommandResult made = lab::run_command(files_.ovsdb_tool + " create " + path("db") + " " + files_.schema);
    if (!made.ok()) throw std::runtime_error("ovsdb-tool: " + made.output);
    server_ = space_.start("exec env OVS_RUNDIR=" + path("") + " " + files_.ovsdb_server + " " + path("db") +
                               " --remote=punix:" + path("db.sock") + " --unixctl=" + path("db.ctl"),
                           path("log"));
    await("db.sock");
    vsctl("--no-wait -- init");
    vswitchd_ = space_.start("exec env OVS_RUNDIR=" + path("") + " " + files_.vswitchd + " unix:" + path("db.sock") +
                                 " --unixctl=" + path("control"),
                             path("log"));
    await("control");
  }

  void await(const std::string& socket) {
    if (!lab::wait_until([&] { return std::filesystem::exists(path(socket)); }, 20'000))
      throw std::runtime_error("Open vSwitch does not start: " + lab::read_text(path("log")));
  }

  void vsctl(const std::string& words) {
    const lab::CommandResult result =
        lab::run_command("timeout 20 " + files_.vsctl + " --db=unix:" + path("db.sock") + " " + words, 25);
    if (!result.ok())
      throw std::runtime_error("ovs-vsctl " + words + ": " + result.output + lab::read_text(path("log")));
  }

  std::string appctl(const std::string& words) {
    return lab::run_command(files_.appctl + " -t " + path("control") + " " + words).output;
  }

  std::string path(const std::string& name) const { return scratch_.path() + "/" + name; }

  const lab::Namespace& space_;
  PartyOptions options_;
  OvsFiles files_;
  lab::ScratchDirectory scratch_;
  lab::Process server_;
  lab::Process vswitchd_;
};

}  // namespace

std::string what_ovs_misses() {
  if (!find_ovs()) return "there is no Open vSwitch (package openvswitch-switch)";
  const lab::CommandResult runs = lab::run_command(find_ovs()->vswitchd + " --version");
  return runs.ok() ? std::string() : "Open vSwitch does not run: " + runs.output;
}

std::unique_ptr<Party> make_ovs_party(const lab::Namespace& space, const PartyOptions& options) {
  return std::make_unique<OvsParty>(space, options);
}

}  // namespace bondbox::live
