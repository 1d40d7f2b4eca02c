// Open vSwitch with its userspace datapath, userspace-tso on, a bond in active-backup; its bridge's own port is the
// TAP that the host speaks on. With a database, sockets and processes of its own.
#include <signal.h>

#include <filesystem>
#include <optional>
#include <stdexcept>

#include "tests/bench/party.hpp"
#include "tests/lab/support/daemon.hpp"
#include "tests/support/source_dir.hpp"

namespace bondbox::bench {
namespace {

struct OvsFiles {
  std::string vsctl, ovsdb_tool, ovsdb_server, vswitchd, schema;
};

/// Installed, or unpacked by toolchain/setup.sh.
std::optional<OvsFiles> find_ovs() {
  for (const std::string& root : {std::string(), test::source_dir() + "/build/deps/unpacked"}) {
    const OvsFiles files{root + "/usr/bin/ovs-vsctl", root + "/usr/bin/ovsdb-tool", root + "/usr/sbin/ovsdb-server",
                         root + "/usr/lib/openvswitch-switch/ovs-vswitchd",
                         root + "/usr/share/openvswitch/vswitch.ovsschema"};
    if (std::filesystem::exists(files.vswitchd) && std::filesystem::exists(files.schema)) return files;
  }
  return std::nullopt;
}

std::string what_ovs_misses() {
  const std::optional<OvsFiles> files = find_ovs();
  if (!files) return "there is no Open vSwitch; `make bench-deps` gets it";
  const lab::CommandResult runs = lab::run_command(files->vswitchd + " --version");
  return runs.ok() ? std::string() : "Open vSwitch does not run: " + runs.output;
}

class OpenVswitch final : public Party {
 public:
  explicit OpenVswitch(const Street& street) : space_(street.box), files_(find_ovs().value()) {
    start_programs();
    street.fence_ports();
    space_.must("ip link set eth0 up && ip link set eth1 up");
    vsctl(
        "-- add-br bond0 -- set bridge bond0 datapath_type=netdev -- add-bond bond0 trunk eth0 eth1 "
        "bond_mode=active-backup");
    space_.must(std::string("ip addr add ") + Street::box_address + "/24 dev bond0 && ip link set bond0 up");
  }
  ~OpenVswitch() override {
    if (vswitchd_.pid() > 0) ::kill(vswitchd_.pid(), SIGTERM);
    (void)vswitchd_.wait(3'000);
  }
  std::vector<pid_t> processes() const override { return {vswitchd_.pid(), server_.pid()}; }
  std::string remark() const override {
    return lab::run_command(files_.vswitchd + " --version | head -n 1 | sed 's/.* //' | tr -d '\\n'")
        .output.substr(0, 16);
  }

 private:
  void start_programs() {
    const lab::CommandResult made = lab::run_command(files_.ovsdb_tool + " create " + path("db") + " " + files_.schema);
    if (!made.ok()) throw std::runtime_error("ovsdb-tool: " + made.output);
    server_ = space_.start("exec env OVS_RUNDIR=" + path("") + " " + files_.ovsdb_server + " " + path("db") +
                               " --remote=punix:" + path("db.sock") + " --unixctl=" + path("db.ctl"),
                           path("log"));
    await("db.sock");
    vsctl("--no-wait -- init -- set Open_vSwitch . other_config:userspace-tso-enable=true");
    vswitchd_ = space_.start("exec env OVS_RUNDIR=" + path("") + " " + files_.vswitchd + " unix:" + path("db.sock") +
                                 " --unixctl=" + path("control"),
                             path("log"));
    await("control");
  }
  void await(const std::string& socket) const {
    if (!lab::wait_until([&] { return std::filesystem::exists(path(socket)); }, 20'000))
      throw std::runtime_error("Open vSwitch does not start: " + lab::read_text(path("log")));
  }
  void vsctl(const std::string& words) const {
    const lab::CommandResult result =
        lab::run_command("timeout 20 " + files_.vsctl + " --db=unix:" + path("db.sock") + " " + words, 25);
    if (!result.ok()) throw std::runtime_error("ovs-vsctl: " + result.output + lab::read_text(path("log")));
  }
  std::string path(const std::string& name) const { return scratch_.path() + "/" + name; }

  const lab::Namespace& space_;
  OvsFiles files_;
  lab::ScratchDirectory scratch_;
  lab::Process server_;
  lab::Process vswitchd_;
};

}  // namespace

PartyKind open_vswitch() {
  return {"ovs", "Open vSwitch, userspace datapath with userspace-tso, bond active-backup", &what_ovs_misses,
          [](const Street& street) -> std::unique_ptr<Party> { return std::make_unique<OpenVswitch>(street); }};
}

}  // namespace bondbox::bench
