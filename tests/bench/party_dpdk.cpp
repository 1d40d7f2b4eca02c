// DPDK's testpmd forwarding between net_bonding over two af_packet ports and a TAP for the host. It polls: one core is
// busy as long as it runs, so it is stopped while others are measured.
#include <signal.h>

#include <filesystem>
#include <optional>
#include <stdexcept>

#include "tests/bench/party.hpp"
#include "tests/lab/support/daemon.hpp"
#include "tests/support/source_dir.hpp"

namespace bondbox::bench {
namespace {

struct DpdkFiles {
  std::string testpmd;
  std::string environment;  ///< words for env
};

/// The drivers are loaded beforehand: from a directory below one that all may write to, /tmp for one, DPDK loads none.
std::optional<DpdkFiles> find_dpdk() {
  std::error_code ignored;
  for (const std::string& root : {std::string(), test::source_dir() + "/build/deps/bench-unpacked"}) {
    const std::string testpmd = root + "/usr/bin/dpdk-testpmd";
    if (!std::filesystem::exists(testpmd)) continue;
    for (const auto& place : std::filesystem::directory_iterator(root + "/usr/lib", ignored)) {
      std::string preload;
      for (const char* name : {"librte_net_tap.so.23", "librte_net_af_packet.so.23", "librte_mempool_ring.so.23"}) {
        const std::filesystem::path library = place.path() / name;
        if (std::filesystem::exists(library)) preload += (preload.empty() ? "" : ":") + library.string();
      }
      if (preload.empty()) continue;
      const std::string directory = place.path().string();
      const std::string lib = root + "/lib/" + place.path().filename().string();
      return DpdkFiles{testpmd, "LD_LIBRARY_PATH=" + directory + ":" + lib + " LD_PRELOAD=" + preload};
    }
  }
  return std::nullopt;
}

std::string what_dpdk_misses() {
  const std::optional<DpdkFiles> files = find_dpdk();
  if (!files) return "there is no dpdk-testpmd; `make bench-deps` gets it";
  if (!lab::run_command("command -v ethtool").ok()) return "there is no ethtool; `make bench-deps` gets it";
  const lab::CommandResult runs = lab::run_command("env " + files->environment + " " + files->testpmd + " -h");
  if (runs.output.find("EAL common options") == std::string::npos) return "dpdk-testpmd does not run: " + runs.output;
  return {};
}

/// What it leaves behind, even when it is only half started.
class RuntimeDirectory {
 public:
  explicit RuntimeDirectory(std::string prefix) : prefix_(std::move(prefix)) {}
  ~RuntimeDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all("/run/dpdk/" + prefix_, ignored);
  }
  const std::string& prefix() const noexcept { return prefix_; }

 private:
  std::string prefix_;
};

class Dpdk final : public Party {
 public:
  explicit Dpdk(const Street& street) : place_("bench-" + street.box.name()) {
    const DpdkFiles files = find_dpdk().value();
    street.fence_ports();
    // It knows nothing of checksums that are still to be filled in: its peers' frames must come complete, and small.
    street.town.must("ethtool -K port0 tx off && ethtool -K port1 tx off");
    street.box.must("ip link set eth0 up && ip link set eth1 up");
    const std::string mac = street.box.must("cat /sys/class/net/eth0/address | tr -d '\\n'");
    // It ends when its standard input does: a pipe that it holds open itself never does.
    const std::string pipe = scratch_.path() + "/stdin";
    process_ =
        street.box.start("mkfifo " + pipe + " && exec env " + files.environment + " " + files.testpmd +
                             " --no-huge --no-shconf --file-prefix=" + place_.prefix() +
                             " -m 256 --no-pci --no-telemetry -l 0,1"
                             " --vdev=net_af_packet0,iface=eth0 --vdev=net_af_packet1,iface=eth1"
                             " --vdev=net_tap0,iface=bond0,mac=" +
                             mac + " --vdev=net_bonding0,mode=1,slave=net_af_packet0,slave=net_af_packet1,mac=" + mac +
                             " -- --portlist=2,3 --forward-mode=io --total-num-mbufs=16384 --auto-start <> " + pipe,
                         log());
    // What it says comes late through a file: that its TAP is there is what shows.
    const auto made = [&] { return street.box.run("ip link show bond0").ok(); };
    if (!lab::wait_until([&] { return made() || !process_.is_running(); }, 20'000) || !made())
      throw std::runtime_error("testpmd does not start: " + lab::read_text(log()));
    street.box.must(std::string("ip addr add ") + Street::box_address + "/24 dev bond0 && ip link set bond0 up");
  }
  ~Dpdk() override {
    rest(false);
    if (process_.pid() > 0) ::kill(process_.pid(), SIGTERM);
    (void)process_.wait(3'000);
  }
  std::vector<pid_t> processes() const override { return {process_.pid()}; }
  bool shares_cpu() const override { return false; }
  void rest(bool on) override {
    if (process_.pid() > 0) ::kill(process_.pid(), on ? SIGSTOP : SIGCONT);
  }

 private:
  std::string log() const { return scratch_.path() + "/log"; }

  RuntimeDirectory place_;
  lab::ScratchDirectory scratch_;
  lab::Process process_;
};

}  // namespace

PartyKind dpdk_bonding() {
  return {"dpdk", "DPDK testpmd, net_bonding on af_packet, TAP to the host (one core always busy)", &what_dpdk_misses,
          [](const Street& street) -> std::unique_ptr<Party> { return std::make_unique<Dpdk>(street); }};
}

}  // namespace bondbox::bench
