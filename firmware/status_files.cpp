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

/// By path; what is in them. Links hold where they lead, after '\0'.
using Files = std::map<std::string, std::string>;

Files files_of(const Bond& bond, Tick now) {
  BondStatus status = bond.status(now);
  status.name = bond.interface_name();  // as the driver has it
  Files files;
  files[proc_directory + status.name] = render_proc(status, ProcReader::anybody);
  for (SysfsEntry& entry : render_sysfs(status, bond))
    files[class_directory + entry.path] = entry.is_link ? std::string(1, '\0') + entry.text : std::move(entry.text);
  return files;
}

std::string name_of(const std::string& bond) {
  return proc_directory + bond;
}

}  // namespace

/// What lies in the directory, as whoever writes knows it.
class StatusFiles::Tree {
 public:
  Outcome show(const lnx::FileTree& at, const std::string& bond, const std::string& interface, const Files& files);
  Outcome remove(const lnx::FileTree& at, const std::string& bond);
  Outcome clear(const lnx::FileTree& at);
  Outcome remove_all(const lnx::FileTree& at);
  void forget() { bonds_.clear(); }

  static Outcome write(const lnx::FileTree& at, const std::string& path, const std::string& text) {
    const bool is_link = text.starts_with('\0');
    Outcome outcome = is_link ? at.link(path, text.substr(1)) : at.write(path, text);
    if (!outcome.ok()) at.remove(path);
    return outcome;
  }

 private:
  std::map<std::string, Files> bonds_;
};

Outcome StatusFiles::Tree::show(const lnx::FileTree& at, const std::string& bond, const std::string& interface,
                                const Files& files) {
  Outcome first = Outcome::done();
  Files& shown = bonds_[bond];
  const auto remove_old = [&](std::string_view directory) {
    std::erase_if(shown, [&](const auto& one) {
      if (!one.first.starts_with(directory) || files.contains(one.first)) return false;
      at.prune(one.first);
      return true;
    });
  };
  remove_old(proc_directory);  // of a bond that has another name now
  // Ports first: a reader of the bond's list of them finds each.
  const std::string own = class_directory + interface + "/";
  for (const bool of_bond : {false, true}) {
    for (const auto& [path, text] : files) {
      const auto before = shown.find(path);
      if (path.starts_with(own) != of_bond || (before != shown.end() && before->second == text)) continue;
      const Outcome outcome = write(at, path, text);
      if (outcome.ok()) shown[path] = text;
      if (!outcome.ok()) shown.erase(path);
      if (first.ok()) first = outcome;
    }
  }
  remove_old(sys_directory);
  return first;
}

Outcome StatusFiles::Tree::remove(const lnx::FileTree& at, const std::string& bond) {
  for (const auto& [path, text] : bonds_[bond]) at.prune(path);
  bonds_.erase(bond);
  return Outcome::done();
}

Outcome StatusFiles::Tree::clear(const lnx::FileTree& at) {
  at.remove_tree(proc_directory);
  at.remove_tree(sys_directory);
  return Outcome::done();
}

Outcome StatusFiles::Tree::remove_all(const lnx::FileTree& at) {
  for (const auto& [bond, files] : bonds_)
    for (const auto& [path, text] : files) at.prune(path);
  bonds_.clear();
  at.remove_tree(sys_directory);
  return Outcome::done();
}

StatusFiles::StatusFiles(const lnx::RunDir& directory, FileWriter& writer)
    : directory_(directory), writer_(writer), tree_(std::make_shared<Tree>()) {}
StatusFiles::~StatusFiles() = default;

void StatusFiles::clear() {
  writer_.hand(sys_directory, [tree = tree_, at = lnx::FileTree(directory_)] { return tree->clear(at); });
}

void StatusFiles::remove_all() {
  bonds_.clear();
  writer_.hand(sys_directory, [tree = tree_, at = lnx::FileTree(directory_)] { return tree->remove_all(at); });
}

void StatusFiles::forget() {
  for (auto& [name, shown] : bonds_) shown.version = 0;
  masters_.clear();
  writer_.hand(class_directory, [tree = tree_] {
    tree->forget();
    return Outcome::done();
  });
}

/// Told when the first file fails, and not again before none does.
void StatusFiles::note(bool& failed, const Outcome& outcome) {
  failed = !outcome.ok();
  if (failed && !std::exchange(told_, true)) trouble_ = outcome;
  const bool any = masters_failed_ ||
                   std::any_of(bonds_.begin(), bonds_.end(), [](const auto& entry) { return entry.second.failed; });
  told_ = told_ && any;
}

void StatusFiles::show(const Bond& bond, Shown& shown, Tick now) {
  shown.version = bond.status_version();
  writer_.hand(
      name_of(bond.name()),
      [tree = tree_, at = lnx::FileTree(directory_), name = bond.name(), interface = bond.interface_name(),
       files = files_of(bond, now)] { return tree->show(at, name, interface, files); },
      [this, name = bond.name()](const Outcome& outcome) {
        if (const auto found = bonds_.find(name); found != bonds_.end()) note(found->second.failed, outcome);
      });
}

void StatusFiles::show_masters(std::span<const std::unique_ptr<Bond>> bonds) {
  std::string masters;
  for (const auto& bond : bonds) masters += (masters.empty() ? "" : " ") + bond->interface_name();
  masters += "\n";
  if (masters == masters_ && !masters_failed_) return;
  masters_ = masters;
  writer_.hand(
      masters_file, [at = lnx::FileTree(directory_), masters] { return Tree::write(at, masters_file, masters); },
      [this](const Outcome& outcome) { note(masters_failed_, outcome); });
}

Outcome StatusFiles::update(std::span<const std::unique_ptr<Bond>> bonds, Tick now) {
  const auto is_gone = [&](const std::string& name) {
    return std::none_of(bonds.begin(), bonds.end(), [&](const auto& bond) { return bond->name() == name; });
  };
  bool news = masters_.empty();
  news = std::erase_if(bonds_,
                       [&](const auto& entry) {
                         if (!is_gone(entry.first)) return false;
                         writer_.hand(name_of(entry.first), [tree = tree_, at = lnx::FileTree(directory_),
                                                             name = entry.first] { return tree->remove(at, name); });
                         return true;
                       }) != 0 ||
         news;
  // What has no room now may have some later, and need not be tried with every step.
  const bool again = told_ && now >= next_try_;
  for (const auto& bond : bonds) {
    Shown& shown = bonds_[bond->name()];
    if (shown.version == bond->status_version() && !(shown.failed && again)) continue;
    news = true;
    show(*bond, shown, now);
  }
  // Each step comes by here; the names change only with what a bond shows.
  if (news || (masters_failed_ && again)) show_masters(bonds);
  if (again || (told_ && news)) next_try_ = now + retry_interval;
  return std::exchange(trouble_, Outcome::done());
}

}  // namespace bondbox
