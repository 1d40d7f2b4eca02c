#include "tests/live/support/uml_machine.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "tests/lab/support/daemon.hpp"

namespace bondbox::live {
namespace {

const std::string modules_root = "/usr/lib/uml/modules";

/// The program and its modules come in one package, but either may be left over from another version.
std::string kernel_version() {
  std::string version = lab::run_command("linux.uml --version").output;
  while (!version.empty() && (version.back() == '\n' || version.back() == ' ')) version.pop_back();
  return version;
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string look_for_missing() {
#if defined(__SANITIZE_ADDRESS__)
  return "programs built with the address sanitizer do not run in user-mode-linux";
#else
  if (!lab::run_command("command -v linux.uml").ok()) return "there is no linux.uml (package user-mode-linux)";
  if (!lab::run_command("command -v depmod").ok()) return "there is no depmod (package kmod)";
  const std::string modules = modules_root + "/" + kernel_version();
  if (!std::filesystem::is_directory(modules)) return "there are no modules in " + modules;
  const UmlResult trial = UmlMachine().run("ip link add bond0 type bond", 40);
  if (trial.ok()) return {};
  std::string reason = "user-mode-linux does not run here: " + trial.text();
  std::replace(reason.begin(), reason.end(), '\n', ' ');  // a reason is one line
  return reason;
#endif
}

}  // namespace

std::string UmlResult::text() const {
  std::string all = ended ? "exit status " + std::to_string(status) : std::string("it did not end in time");
  if (!output.empty()) all += "\n--- output\n" + output;
  if (!console.empty()) all += "\n--- console\n" + console;
  return all;
}

const std::string& UmlMachine::what_is_missing() {
  static const std::string reason = look_for_missing();
  return reason;
}

std::vector<std::string> UmlMachine::usual_modules() {
  return {"bonding", "veth", "bridge", "tun", "8021q", "af_packet", "sch_ingress", "cls_bpf"};
}

UmlMachine::UmlMachine(std::vector<std::string> modules, int memory_mb)
    : modules_(std::move(modules)), memory_mb_(memory_mb) {
  prepare_modules();
}

/// The package's modules lie where modprobe does not look; an index of them is made in the machine's own directory.
void UmlMachine::prepare_modules() const {
  const std::string version = kernel_version();
  const std::string from = modules_root + "/" + version;
  const std::string to = directory() + "/lib/modules/" + version;
  const lab::CommandResult made = lab::run_command(
      "mkdir -p " + to + " && ln -s " + from + "/kernel " + to + "/kernel && cp " + from + "/modules.order " + from +
      "/modules.builtin " + to + " && depmod -b " + directory() + " " + version);
  if (!made.ok()) throw std::runtime_error("no modules for user-mode-linux: " + made.output);
}

void UmlMachine::write_init(const std::string& command) const {
  std::string modules;
  for (const std::string& module : modules_) modules += " " + module;
  std::string exported;
  for (const char* const name : {"BONDBOX", "REPEAT", "RATE"})
    if (const char* const value = std::getenv(name); value != nullptr)
      exported += std::string(" ") + name + "=" + quoted(value);
  // devtmpfs is mounted by the kernel; where it is not, the root's own /dev has to do.
  const std::string script =
      "#!/bin/sh\n"
      "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C\n"
      // In the machine's own memory, as on an appliance: this machine's disk may be busy.
      "export TMPDIR=/run" +
      exported +
      "\n"
      "mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t tmpfs tmpfs /run\n"
      "ip link set lo up\n"
      // Unless told otherwise the driver makes a bond0 of its own when it is loaded.
      "modprobe -d " +
      directory() + " bonding max_bonds=0\n" + "modprobe -d " + directory() + " -a" + modules +
      " || { echo 'modules did not load'; : > " + directory() +
      "/no-modules; }\n"
      "cd " +
      quoted(std::filesystem::current_path().string()) +
      "\n"
      "[ -e " +
      directory() + "/no-modules ] || { sh -c " + quoted(command) + " > " + directory() +
      "/output 2>&1 < /dev/null; echo $? > " + directory() + "/status.new; mv " + directory() + "/status.new " +
      directory() +
      "/status; }\n"
      "echo o > /proc/sysrq-trigger; sleep 20\n";
  lab::write_text(directory() + "/init", script);
  if (::chmod((directory() + "/init").c_str(), 0755) != 0) throw std::runtime_error("cannot make init executable");
}

void UmlMachine::start(const std::string& command) {
  process_.stop(SIGKILL);
  for (const char* left : {"/status", "/output", "/console"}) std::filesystem::remove(directory() + left);
  write_init(command);
  const std::string init = "init=" + directory() + "/init";
  const std::string memory = "mem=" + std::to_string(memory_mb_) + "M";
  const std::string uml_dir = "uml_dir=" + directory() + "/uml";
  const std::string console = directory() + "/console";
  const pid_t pid = ::fork();
  if (pid < 0) throw std::runtime_error("fork failed");
  if (pid == 0) {
    // A group of its own: the threads and the processes inside belong to it and are killed with it.
    ::setpgid(0, 0);
    const int in = ::open("/dev/null", O_RDONLY);
    const int out = ::open(console.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ::dup2(in, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    ::execlp("linux.uml", "linux.uml", "rootfstype=hostfs", "rootflags=/", "rw", init.c_str(), memory.c_str(),
             uml_dir.c_str(), "con=null", "con0=fd:0,fd:1", "ssl=null", "quiet", static_cast<char*>(nullptr));
    ::_exit(127);
  }
  ::setpgid(pid, pid);
  process_ = lab::Process(pid);
}

UmlResult UmlMachine::wait(int limit_s) {
  const std::string status_file = directory() + "/status";
  // The halt itself is not worth waiting for: once the status is there, all has been written.
  const auto done = [&] { return std::filesystem::exists(status_file) || !process_.is_running(); };
  for (int waited_ms = 0; waited_ms < limit_s * 1000 && !done(); waited_ms += 20) ::usleep(20'000);
  UmlResult result;
  result.ended = std::filesystem::exists(status_file);
  if (result.ended) result.status = std::atoi(lab::read_text(status_file).c_str());
  if (!result.ended || !process_.wait(3'000)) process_.stop(SIGKILL);
  result.output = lab::read_text(directory() + "/output");
  result.console = lab::read_text(directory() + "/console");
  return result;
}

UmlResult UmlMachine::run(const std::string& command, int limit_s) {
  start(command);
  return wait(limit_s);
}

}  // namespace bondbox::live
