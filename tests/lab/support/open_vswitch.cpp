#include "tests/lab/support/open_vswitch.hpp"

#include <signal.h>

#include <filesystem>
#include <stdexcept>

#include "tests/lab/support/daemon.hpp"
#include "tests/support/source_dir.hpp"

namespace bondbox::lab {

OpenVswitch::Files OpenVswitch::find() {
  for (const std::string& root : {std::string(), test::source_dir() + "/build/deps/unpacked"}) {
    const Files files{root + "/usr/bin/ovs-vsctl",
                      root + "/usr/bin/ovs-appctl",
                      root + "/usr/bin/ovsdb-tool",
                      root + "/usr/sbin/ovsdb-server",
                      root + "/usr/lib/openvswitch-switch/ovs-vswitchd",
                      root + "/usr/share/openvswitch/vswitch.ovsschema"};
    if (std::filesystem::exists(files.vswitchd) && std::filesystem::exists(files.schema)) return files;
  }
  return {};
}

std::string OpenVswitch::what_is_missing() {
  const Files files = find();
  if (files.vswitchd.empty()) return "there is no Open vSwitch (package openvswitch-switch)";
  const CommandResult runs = run_command(files.vswitchd + " --version");
  return runs.ok() ? std::string() : "Open vSwitch does not run: " + runs.output;
}

OpenVswitch::OpenVswitch(const Namespace& space, const std::string& settings) : space_(space) {
  if (files_.vswitchd.empty()) throw std::runtime_error(what_is_missing());
  const CommandResult made = run_command(files_.ovsdb_tool + " create " + path("db") + " " + files_.schema);
  if (!made.ok()) throw std::runtime_error("ovsdb-tool: " + made.output);
  const std::string run = "exec env OVS_RUNDIR=" + path("") + " ";
  server_ = space_.start(run + files_.ovsdb_server + " " + path("db") + " --remote=punix:" + path("db.sock") +
                             " --unixctl=" + path("db.ctl"),
                         path("log"));
  await("db.sock");
  vsctl("--no-wait -- init" + (settings.empty() ? "" : " -- set Open_vSwitch . " + settings));
  vswitchd_ =
      space_.start(run + files_.vswitchd + " unix:" + path("db.sock") + " --unixctl=" + path("control"), path("log"));
  await("control");
}

OpenVswitch::~OpenVswitch() {
  if (vswitchd_.pid() > 0) ::kill(vswitchd_.pid(), SIGTERM);
  (void)vswitchd_.wait(3'000);
}

void OpenVswitch::await(const std::string& socket) const {
  if (!wait_until([&] { return std::filesystem::exists(path(socket)); }, 20'000))
    throw std::runtime_error("Open vSwitch does not start: " + read_text(path("log")));
}

void OpenVswitch::vsctl(const std::string& words) const {
  const CommandResult result =
      run_command("timeout 20 " + files_.vsctl + " --db=unix:" + path("db.sock") + " " + words, 25);
  if (!result.ok()) throw std::runtime_error("ovs-vsctl " + words + ": " + result.output + read_text(path("log")));
}

std::string OpenVswitch::appctl(const std::string& words) const {
  return run_command(files_.appctl + " -t " + path("control") + " " + words).output;
}

std::string OpenVswitch::version() const {
  return run_command(files_.vswitchd + " --version | head -n 1 | sed 's/.* //' | tr -d '\\n'").output;
}

std::vector<pid_t> OpenVswitch::processes() const {
  return {vswitchd_.pid(), server_.pid()};
}

}  // namespace bondbox::lab
