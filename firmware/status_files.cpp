#include "firmware/status_files.hpp"

#include <algorithm>
#include <utility>

namespace bondbox {
namespace {

constexpr const char* proc_directory = "net/bonding/";
constexpr const char* sys_directory = "sys/";
constexpr const char* class_directory = "sys/class/net/";
constexpr const char* masters_file = "sys/class/net/bonding_masters";
constexpr Ticks retry_interval = ticks_from_ms(1'000);

std::map<std::string, std::string> files_of(const Bond& bond, Tick now) {
  BondStatus status = bond.status(now);
  status.name = bond.interface_name();  // as the driver has it
  std::map<std::string, std::string> files;
  files[proc_directory + status.name] = render_proc(status, ProcReader::anybody);
  for (SysfsEntry& entry : render_sysfs(status, bond))
    files[class_directory + entry.path] = entry.is_link ? std::string(1, '\0') + entry.text : std::move(entry.text);
  return files;
}

}  // namespace

void StatusFiles::clear() {
  directory_.remove_tree(proc_directory);
  directory_.remove_tree(sys_directory);
}

void StatusFiles::remove(const Shown& shown) {
  for (const auto& [path, text] : shown.files) directory_.prune(path);
}

void StatusFiles::remove_all() {
  for (const auto& [name, shown] : bonds_) remove(shown);
  bonds_.clear();
  directory_.remove_tree(sys_directory);
}

Outcome StatusFiles::write(const std::string& path, const std::string& text) {
  const bool is_link = text.starts_with('\0');
  Outcome outcome = is_link ? directory_.link(path, text.substr(1)) : directory_.write(path, text);
  if (!outcome.ok()) directory_.remove(path);
  return outcome;
}

Outcome StatusFiles::show(const Bond& bond, Shown& shown, Tick now) {
  Outcome first = Outcome::done();
  std::map<std::string, std::string> files = files_of(bond, now);
  // Ports first: a reader of the bond's list of them finds each.
  const std::string own = class_directory + bond.interface_name() + "/";
  for (const bool of_bond : {false, true}) {
    for (const auto& [path, text] : files) {
      const auto before = shown.files.find(path);
      if (path.starts_with(own) != of_bond || (before != shown.files.end() && before->second == text)) continue;
      if (Outcome outcome = write(path, text); !outcome.ok() && first.ok()) first = outcome;
    }
  }
  for (const auto& [path, text] : shown.files)
    if (!files.contains(path)) directory_.prune(path);
  if (first.ok()) shown.files = std::move(files);
  return first;
}

Outcome StatusFiles::show_masters(std::span<const std::unique_ptr<Bond>> bonds) {
  std::string masters;
  for (const auto& bond : bonds) masters += (masters.empty() ? "" : " ") + bond->interface_name();
  masters += "\n";
  if (masters == masters_) return Outcome::done();
  const Outcome outcome = write(masters_file, masters);
  masters_ = outcome.ok() ? std::move(masters) : std::string();
  return outcome;
}

Outcome StatusFiles::update(std::span<const std::unique_ptr<Bond>> bonds, Tick now) {
  const auto is_gone = [&](const std::string& name) {
    return std::none_of(bonds.begin(), bonds.end(), [&](const auto& bond) { return bond->name() == name; });
  };
  Outcome first = Outcome::done();
  bool tried = false;
  const std::size_t gone = std::erase_if(bonds_, [&](const auto& entry) {
    if (!is_gone(entry.first)) return false;
    remove(entry.second);
    return true;
  });
  for (const auto& bond : bonds) {
    Shown& shown = bonds_[bond->name()];
    // What has no room now may have some later, and need not be tried with every step.
    const bool news = std::exchange(shown.tried, bond->status_version()) != bond->status_version();
    if (shown.version == bond->status_version() || (!news && now < next_try_)) continue;
    tried = true;
    next_try_ = now + retry_interval;
    const Outcome outcome = show(*bond, shown, now);
    if (outcome.ok()) shown.version = bond->status_version();
    if (!outcome.ok() && first.ok()) first = outcome;
  }
  // Each step comes by here; the names change only with what a bond shows.
  if (tried || gone != 0 || (masters_.empty() && now >= next_try_)) {
    next_try_ = now + retry_interval;
    if (Outcome outcome = show_masters(bonds); !outcome.ok() && first.ok()) first = outcome;
  }
  if (!tried) return Outcome::done();
  const bool told = std::exchange(failed_, !first.ok());
  return told ? Outcome::done() : first;
}

}  // namespace bondbox
