#include "hal/linux/left_bonds.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <optional>
#include <string_view>

#include "hal/linux/bpf_offload.hpp"
#include "hal/linux/driver.hpp"
#include "hal/linux/host_journal.hpp"
#include "hal/linux/interfaces.hpp"
#include "hal/linux/run_dir.hpp"

namespace bondbox::lnx {
namespace {

int to_pid(std::string_view text) {
  int pid = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), pid);
  return pid;
}

/// The process that has locked the file (flock(2)), by /proc/locks: to try the lock would be to hold it for a moment,
/// and keep a bondbox that is starting from it.
int holder_of(const std::string& path) {
  struct stat file {};
  const Result<std::string> locks = read_file("/proc/locks");
  if (::stat(path.c_str(), &file) != 0 || !locks.ok()) return 0;
  std::array<char, 64> place{};
  std::snprintf(place.data(), place.size(), " %02x:%02x:%llu ", major(file.st_dev), minor(file.st_dev),
                static_cast<unsigned long long>(file.st_ino));
  const std::string_view text = locks.value();
  // 1: FLOCK  ADVISORY  WRITE PID MAJOR:MINOR:INODE 0 EOF, and READ for a moment of own_lock().
  const std::size_t found = text.find(place.data());
  if (found == std::string_view::npos || found == 0) return 0;
  return to_pid(text.substr(text.rfind(' ', found - 1) + 1));
}

}  // namespace

std::vector<LeftBond> left_bonds(const std::string& run_dir) {
  std::vector<LeftBond> bonds;
  Interfaces interfaces;
  Driver driver;
  if (interfaces.open() != 0 || driver.open() != 0) return bonds;
  const std::uint64_t space = driver.namespace_inode();
  const std::string boot_id = read_boot_id();
  for (const std::string& name : HostJournal::list(run_dir, space)) {
    const std::optional<HostRecord> record = HostJournal::peek(run_dir, name, space);
    InterfaceInfo info;
    const bool same_boot = record && (record->boot_id.empty() || record->boot_id == boot_id);
    if (!same_boot || interfaces.find(record->index, info) != 0 || info.name != record->name) continue;
    bonds.push_back({name, has_leftover_egress(interfaces.netlink(), record->index)});
  }
  return bonds;
}

Server server_of(const std::string& run_dir) {
  Server server;
  server.pid = holder_of(run_dir + "/lock");
  server.is_alive = server.pid != 0;
  if (!server.is_alive)
    if (const Result<std::string> text = read_file(run_dir + "/pid"); text.ok()) server.pid = to_pid(text.value());
  const Result<std::string> stat = read_file("/proc/" + std::to_string(server.pid) + "/stat");
  if (!server.is_alive || !stat.ok()) return server;
  // PID (NAME) STATE ...; a name may hold anything, parentheses too.
  const std::size_t end = stat.value().rfind(") ");
  const std::string state = end != std::string::npos ? stat.value().substr(end + 2, 1) : std::string();
  server.is_stopped = state == "T" || state == "t";
  return server;
}

}  // namespace bondbox::lnx
