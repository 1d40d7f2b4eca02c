#include "hal/linux/control_group.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "hal/linux/run_dir.hpp"
#include "hal/linux/unique_fd.hpp"

namespace bondbox::lnx {
namespace {

const std::string root = "/sys/fs/cgroup";

/// Lines "NUMBER:CONTROLLERS:PATH"; the hierarchy of version 2 has no controllers there.
std::string groups_of(const std::string& process) {
  const Result<std::string> text = read_file("/proc/" + process + "/cgroup");
  return text.ok() ? text.value() : std::string();
}

bool enter(const std::string& group) {
  const UniqueFd file(::open((group + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
  return file.valid() && ::write(file.get(), "0", 1) == 1;
}

}  // namespace

void join_control_groups_of(int pid) {
  if (shares_control_groups(pid)) return;
  const std::string all = groups_of(std::to_string(pid));
  for (std::string_view rest = all; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + (line.size() < rest.size() ? 1 : 0));
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    std::string_view controllers = line.substr(first + 1, second - first - 1);
    const std::string path(line.substr(second + 1));
    if (controllers.starts_with("name=")) controllers.remove_prefix(5);
    if (!controllers.empty()) {
      (void)enter(root + "/" + std::string(controllers) + path);
    } else if (!enter(root + path)) {
      (void)enter(root + "/unified" + path);  // beside those of version 1
    }
  }
}

bool shares_control_groups(int pid) {
  return groups_of(std::to_string(pid)) == groups_of("self");
}

}  // namespace bondbox::lnx
