// The two sides: the kernel's driver, asked through sysfs, and bondbox, asked through its control socket.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "firmware/control_client.hpp"
#include "firmware/option_table.hpp"
#include "policies/modes.hpp"
#include "tests/lab/support/daemon.hpp"
#include "tests/live/side.hpp"

namespace bondbox::live {
namespace {

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

/// /sys as the namespace shows it, under a path that can be used from anywhere.
class Sysfs {
 public:
  explicit Sysfs(const Space& space) {
    std::filesystem::create_directories(scratch_.path() + "/sys");
    const Space::Stay inside(space);
    if (::mount("sysfs", path().c_str(), "sysfs", 0, nullptr) != 0)
      throw std::runtime_error(std::string("no sysfs: ") + std::strerror(errno));
  }
  ~Sysfs() { (void)::umount2(path().c_str(), MNT_DETACH); }
  Sysfs(const Sysfs&) = delete;
  Sysfs& operator=(const Sysfs&) = delete;
  std::string path() const { return scratch_.path() + "/sys"; }

 private:
  lab::ScratchDirectory scratch_;
};

class KernelSide : public Side {
 public:
  explicit KernelSide(const Scenario& scenario) : Side(scenario), sysfs_(box_) {
    box_.ip("link add bond0 type bond\n");
    // Two defaults of bondbox's own; ARCHITECTURE.md says why they differ.
    for (const auto& [option, value] :
         {std::pair<std::string, std::string>{"mode", mode_name(scenario.mode)}, {"miimon", "100"}}) {
      if (const std::string result = write(option, value); result != "OK")
        throw std::runtime_error("the driver takes no " + option + " " + value + ": " + result);
    }
  }

 protected:
  std::string write(const std::string& option, const std::string& value) override {
    if (option == "prio") return write_prio(value);
    const int fd = ::open((sysfs_.path() + "/class/net/bond0/bonding/" + option).c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return errno_name(errno);
    const lnx::UniqueFd file(fd);
    const std::string line = value + "\n";
    return ::write(fd, line.data(), line.size()) >= 0 ? "OK" : errno_name(errno);
  }
  std::string read(const std::string& option) override {
    return trimmed(lab::read_text(sysfs_.path() + "/class/net/bond0/bonding/" + option));
  }
  std::string change_ports(bool enslave, const std::string& port) override {
    return write("slaves", (enslave ? "+" : "-") + port);
  }
  std::string status() override {
    const Space::Stay inside(box_);
    return lab::read_text("/proc/net/bonding/bond0");
  }

 private:
  /// The one option without a file in sysfs. Written "e0:5", as to bondbox.
  std::string write_prio(const std::string& value) {
    const std::size_t colon = value.find(':');
    const Space::Stay inside(box_);
    const lab::CommandResult result = lab::run_command("ip link set dev " + value.substr(0, colon) +
                                                       " type bond_slave prio " + value.substr(colon + 1));
    return result.ok() ? "OK" : "EINVAL";
  }

  Sysfs sysfs_;
};

class BondboxSide : public Side {
 public:
  explicit BondboxSide(const Scenario& scenario) : Side(scenario), sysfs_(box_) {
    const std::string config = scratch_.path() + "/bondbox.toml";
    lab::write_text(config, std::string("[bond.bond0]\nmode = \"") + mode_name(scenario.mode) + "\"\nports = []\n");
    start("exec " + lab::program() + " run --run-dir " + scratch_.path() + "/run -c " + config + " > " +
          scratch_.path() + "/log 2>&1");
    const bool ready = lab::wait_until([this] { return ask({"status"}).exit_status == 0; }, 10'000);
    if (!ready) throw std::runtime_error("bondbox does not run: " + lab::read_text(scratch_.path() + "/log"));
    box_.ip("link set bond0 down\n");
    // Choices of bondbox's own; here it does as the kernel does.
    if (has_active_port(scenario.mode) && scenario.mode != Mode::active_backup) (void)write("rebalance", "kernel");
    if (scenario.mode == Mode::balance_alb) (void)write("nd_balance", "0");
  }
  ~BondboxSide() override { process_.stop(SIGTERM); }

 protected:
  std::string write(const std::string& option, const std::string& value) override {
    return result_of(ask({"set", "bond0", option, value}));
  }
  std::string read(const std::string& option) override { return trimmed(ask({"get", "bond0", option}).text); }
  std::string change_ports(bool enslave, const std::string& port) override {
    return result_of(ask({enslave ? "enslave" : "release", "bond0", port}));
  }
  std::string status() override { return ask({"status", "bond0", "--format", "proc"}).text; }

 private:
  void start(const std::string& command) {
    const pid_t pid = ::fork();
    if (pid < 0) throw std::runtime_error("fork failed");
    if (pid == 0) {
      ::setpgid(0, 0);
      // It looks into /sys for itself.
      const bool inside = ::setns(box_.fd(), CLONE_NEWNET) == 0 && ::unshare(CLONE_NEWNS) == 0 &&
                          ::mount(sysfs_.path().c_str(), "/sys", nullptr, MS_BIND, nullptr) == 0;
      if (inside) ::execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
      ::_exit(126);
    }
    ::setpgid(pid, pid);
    process_ = lab::Process(pid);
  }

  Reply ask(const std::vector<std::string>& words) const {
    return control::ask(scratch_.path() + "/run/control.sock", words);
  }

  static std::string result_of(const Reply& reply) {
    if (reply.exit_status == 0) return "OK";
    const std::size_t end = reply.text.find(':');
    return end == std::string::npos ? trimmed(reply.text) : reply.text.substr(0, end);
  }

  Sysfs sysfs_;
  lab::ScratchDirectory scratch_;
  lab::Process process_;
};

}  // namespace

std::unique_ptr<Side> make_kernel_side(const Scenario& scenario) {
  return std::make_unique<KernelSide>(scenario);
}

std::unique_ptr<Side> make_bondbox_side(const Scenario& scenario) {
  return std::make_unique<BondboxSide>(scenario);
}

}  // namespace bondbox::live
