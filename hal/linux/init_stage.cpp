#include "hal/linux/init_stage.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <net/if.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "hal/linux/interfaces.hpp"
#include "hal/linux/run_dir.hpp"

namespace bondbox::lnx {
namespace {

struct DeviceNode {
  const char* path;
  mode_t mode;
  unsigned major;
  unsigned minor;
};

/// Documentation/admin-guide/devices.txt.
constexpr DeviceNode tun_node{"/dev/net/tun", 0666, 10, 200};
constexpr DeviceNode needed_nodes[] = {
    {"/dev/null", 0666, 1, 3},   {"/dev/zero", 0666, 1, 5},   {"/dev/urandom", 0666, 1, 9},
    {"/dev/kmsg", 0644, 1, 11},  {"/dev/tty", 0666, 5, 0},    {"/dev/console", 0600, 5, 1},
    {"/dev/ttyS0", 0600, 4, 64}, {"/dev/ttyS1", 0600, 4, 65}, {"/dev/ttyAMA0", 0600, 204, 64}};

std::string because(const std::string& what, int error) {
  return what + ": " + std::strerror(error);
}

int make_node(const DeviceNode& node) {
  if (::mknod(node.path, S_IFCHR | node.mode, ::makedev(node.major, node.minor)) != 0 && errno != EEXIST) return errno;
  (void)::chmod(node.path, node.mode);
  return 0;
}

bool exists(const char* path) {
  return ::access(path, F_OK) == 0;
}

bool is_mount_of(const char* path, long magic) {
  struct statfs system {};
  return ::statfs(path, &system) == 0 && static_cast<long>(system.f_type) == magic;
}

/// A directory of the root is not enough, be the root in memory: scripts of the next init look for a mount, and would
/// put another one over the sockets that are in there by then.
bool run_is_a_mount() {
  struct stat root {};
  struct stat run {};
  return ::stat("/", &root) == 0 && ::stat("/run", &run) == 0 && run.st_dev != root.st_dev;
}

int mount_on(const char* type, const char* where, unsigned long flags, const char* options) {
  if (::mkdir(where, 0755) != 0 && errno != EEXIST) return errno;
  return ::mount(type, where, type, flags, options) == 0 ? 0 : errno;
}

void say_mounted(const char* type, const char* where, int error, StageNotes& notes) {
  const std::string text = std::string(type) + " on " + where;
  if (error == 0) notes.push_back({LogLevel::info, "init: mounted " + text});
  if (error != 0) notes.push_back({LogLevel::error, because("init: cannot mount " + text, error)});
}

void mount_devices(StageNotes& notes) {
  if (exists("/dev/null")) return;
  int error = mount_on("devtmpfs", "/dev", MS_NOSUID, "mode=0755");
  if (error == 0) return say_mounted("devtmpfs", "/dev", 0, notes);
  error = mount_on("tmpfs", "/dev", MS_NOSUID, "mode=0755,size=64k");
  say_mounted("tmpfs", "/dev", error, notes);
  if (error != 0) return;
  for (const DeviceNode& node : needed_nodes) (void)make_node(node);
}

constexpr int kernel_unpacks = 4;  // MODULE_INIT_COMPRESSED_FILE of linux/module.h

bool is_module(std::string_view name) {
  for (const std::string_view end : {".ko", ".ko.gz", ".ko.xz", ".ko.zst"})
    if (name.ends_with(end)) return true;
  return false;
}

int load_module(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return errno;
  const int flags = path.ends_with(".ko") ? 0 : kernel_unpacks;
  if (::syscall(SYS_finit_module, file.get(), "", flags) == 0 || errno == EEXIST) return 0;
  return errno;
}

/// errno, 0: done.
int list_modules(const std::string& directory, std::vector<std::string>& names) {
  DIR* const opened = ::opendir(directory.c_str());
  if (opened == nullptr) return errno;
  while (const dirent* const entry = ::readdir(opened)) {
    const std::string name(static_cast<const char*>(entry->d_name));
    if (is_module(name)) names.push_back(name);
  }
  ::closedir(opened);
  std::sort(names.begin(), names.end());
  return 0;
}

}  // namespace

bool hold_standard_files() {
  bool any_missing = false;
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    any_missing = true;
    // The root directory is all that is sure to be there.
    (void)!::open("/", O_RDONLY);
  }
  return any_missing;
}

void take_console() {
  const UniqueFd console(::open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!console.valid()) return;
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) (void)::dup2(console.get(), fd);
}

void mount_missing(StageNotes& notes) {
  constexpr unsigned long plain = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  // A /proc of another PID namespace has no "self" for us.
  const bool proc_is_there = is_mount_of("/proc", PROC_SUPER_MAGIC) && exists("/proc/self/stat");
  if (!proc_is_there) say_mounted("proc", "/proc", mount_on("proc", "/proc", plain, ""), notes);
  if (!is_mount_of("/sys", SYSFS_MAGIC)) say_mounted("sysfs", "/sys", mount_on("sysfs", "/sys", plain, ""), notes);
  mount_devices(notes);
  if (!run_is_a_mount()) {
    say_mounted("tmpfs", "/run", mount_on("tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=0755"), notes);
  }
  if (exists(tun_node.path)) return;
  (void)::mkdir("/dev/net", 0755);
  const int error = make_node(tun_node);
  if (error == 0) notes.push_back({LogLevel::info, "init: made /dev/net/tun"});
  if (error != 0) notes.push_back({LogLevel::error, because("init: cannot make /dev/net/tun", error)});
}

void load_modules(const std::string& directory, bool must_exist, StageNotes& notes) {
  std::vector<std::string> waiting;
  if (const int error = list_modules(directory, waiting); error != 0) {
    if (must_exist || error != ENOENT)
      notes.push_back({LogLevel::error, because("init: cannot read modules from " + directory, error)});
    return;
  }
  const std::size_t all = waiting.size();
  int error = 0;
  for (std::size_t before = all + 1; waiting.size() < before && !waiting.empty();) {
    before = waiting.size();
    std::erase_if(waiting, [&](const std::string& name) { return load_module(directory + "/" + name) == 0; });
  }
  for (const std::string& name : waiting) {
    error = load_module(directory + "/" + name);
    if (error != 0) notes.push_back({LogLevel::error, because("init: cannot load " + directory + "/" + name, error)});
  }
  if (all != waiting.size()) {
    notes.push_back({LogLevel::info, "init: loaded " + std::to_string(all - waiting.size()) + " modules"});
  }
}

void set_up_loopback(StageNotes& notes) {
  Interfaces interfaces;
  InterfaceInfo loopback;
  int error = interfaces.open();
  if (error == 0) error = interfaces.find("lo", loopback);
  if (error == 0 && (loopback.flags & IFF_UP) == 0) error = interfaces.set_flags(loopback.index, IFF_UP, IFF_UP);
  if (error != 0) notes.push_back({LogLevel::warning, because("init: cannot set lo up", error)});
}

std::vector<std::string> without_carrier(std::span<const std::string> names) {
  std::vector<std::string> waiting;
  Interfaces interfaces;
  const bool usable = interfaces.open() == 0;
  for (const std::string& name : names) {
    InterfaceInfo info;
    const bool found = usable && interfaces.find(name, info) == 0;
    if (!found || (info.flags & IFF_UP) == 0 || !info.carrier) waiting.push_back(name);
  }
  return waiting;
}

std::string console_terminal() {
  const auto active = read_file("/sys/class/tty/console/active");
  const std::string fallback = "/dev/console";
  if (!active.ok()) return fallback;
  std::string_view names = active.value();
  while (!names.empty() && (names.back() == '\n' || names.back() == ' ')) names.remove_suffix(1);
  // The last one is what /dev/console is.
  const std::string path = "/dev/" + std::string(names.substr(names.find_last_of(' ') + 1));
  return exists(path.c_str()) && path != "/dev/" ? path : fallback;
}

std::string kernel_command_line() {
  const auto text = read_file("/proc/cmdline");
  return text.ok() ? text.value() : std::string();
}

}  // namespace bondbox::lnx
