#include "hal/linux/port_journal.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>

#include "hal/linux/run_dir.hpp"

namespace bondbox::lnx {
namespace {

constexpr std::string_view first_line = "bondbox-port=1";
constexpr std::string_view last_line = "end\n";  // so that a cut file is no record
constexpr std::size_t file_size_max = 8192;

template <class Number>
std::optional<Number> to_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <class Number>
bool store(std::string_view text, Number& target) {
  const std::optional<Number> value = to_number<Number>(text);
  if (value) target = *value;
  return value.has_value();
}

template <class Value>
bool store(const std::optional<Value>& parsed, Value& target) {
  if (parsed) target = *parsed;
  return parsed.has_value();
}

bool store_flag(std::string_view text, bool& target) {
  target = text == "1";
  return text == "0" || text == "1";
}

bool store_fence(std::string_view text, FenceKind& target) {
  for (const FenceKind kind : {FenceKind::none, FenceKind::filter, FenceKind::settings}) {
    if (text != std::string(1, static_cast<char>('0' + static_cast<int>(kind)))) continue;
    target = kind;
    return true;
  }
  return false;
}

bool store_address(std::string_view text, std::vector<IpPrefix>& target) {
  const std::optional<IpPrefix> prefix = IpPrefix::parse(text);
  if (prefix) target.push_back(*prefix);
  return prefix.has_value();
}

bool apply(std::string_view key, std::string_view value, PortRecord& record) {
  if (key == "name") return record.name = value, !value.empty();
  if (key == "boot") return record.boot_id = value, true;
  if (key == "namespace") return store(value, record.namespace_inode);
  if (key == "index") return store(value, record.index);
  if (key == "mac") return store(MacAddress::parse(value), record.mac);
  if (key == "mtu") return store(value, record.mtu);
  if (key == "up") return store_flag(value, record.up);
  if (key == "noarp") return store_flag(value, record.noarp);
  if (key == "ingress_qdisc") return store_flag(value, record.ingress_qdisc);
  if (key == "disable_ipv6") return store(value, record.disable_ipv6.emplace());
  if (key == "arp_ignore") return store(value, record.arp_ignore.emplace());
  if (key == "rp_filter") return store(value, record.rp_filter.emplace());
  if (key == "ipv6_address") return store_address(value, record.ipv6_addresses);
  if (key == "fence") return store_fence(value, record.fence);
  if (key == "set_mac") return store(MacAddress::parse(value), record.set_macs.emplace_back());
  if (key == "set_mtu") return store(value, record.set_mtus.emplace_back());
  return false;
}

std::string directory_of(const std::string& run_dir) {
  return run_dir + "/state/ports";
}

std::string suffix_of(std::uint64_t namespace_inode) {
  return "@" + std::to_string(namespace_inode);
}

bool is_same_file(int fd, const std::string& path) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(fd, &opened) == 0 && ::stat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

}  // namespace

std::string to_text(const PortRecord& record) {
  std::string text(first_line);
  const auto line = [&text](std::string_view key, const std::string& value) {
    text.append("\n").append(key).append("=").append(value);
  };
  const auto flag = [](bool on) { return std::string(on ? "1" : "0"); };
  line("name", record.name);
  line("boot", record.boot_id);
  line("namespace", std::to_string(record.namespace_inode));
  line("index", std::to_string(record.index));
  line("mac", record.mac.text());
  line("mtu", std::to_string(record.mtu));
  line("up", flag(record.up));
  line("noarp", flag(record.noarp));
  line("ingress_qdisc", flag(record.ingress_qdisc));
  if (record.disable_ipv6) line("disable_ipv6", std::to_string(*record.disable_ipv6));
  if (record.arp_ignore) line("arp_ignore", std::to_string(*record.arp_ignore));
  if (record.rp_filter) line("rp_filter", std::to_string(*record.rp_filter));
  for (const IpPrefix& prefix : record.ipv6_addresses) line("ipv6_address", prefix.text());
  line("fence", std::to_string(static_cast<int>(record.fence)));
  for (const MacAddress mac : record.set_macs) line("set_mac", mac.text());
  for (const std::uint32_t mtu : record.set_mtus) line("set_mtu", std::to_string(mtu));
  return text + "\n" + std::string(last_line);
}

std::optional<PortRecord> parse_port_record(std::string_view text) {
  if (!text.ends_with(last_line)) return std::nullopt;
  text.remove_suffix(last_line.size());
  PortRecord record;
  bool first = true;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (first && line != first_line) return std::nullopt;
    if (!first) {
      const std::size_t equals = line.find('=');
      if (equals == std::string_view::npos) return std::nullopt;
      if (!apply(line.substr(0, equals), line.substr(equals + 1), record)) return std::nullopt;
    }
    first = false;
  }
  if (record.name.empty() || record.index <= 0 || record.mtu == 0) return std::nullopt;
  return record;
}

int PortJournal::open(const std::string& run_dir, std::string_view name, std::uint64_t namespace_inode,
                      PortJournal& journal) {
  const std::string directory = directory_of(run_dir);
  if (const Outcome outcome = make_directories(directory, 0700); !outcome.ok()) return outcome.error;
  journal.path_ = directory + "/" + std::string(name) + suffix_of(namespace_inode);
  // Another process may remove the file between our open and our lock; then the lock is on nothing.
  for (int attempt = 0; attempt < 8; ++attempt) {
    journal.lock_ = UniqueFd(::open(journal.path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!journal.lock_.valid()) return errno;
    if (::flock(journal.lock_.get(), LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      journal.lock_.reset();
      return error == EWOULDBLOCK ? EBUSY : error;
    }
    if (is_same_file(journal.lock_.get(), journal.path_)) return 0;
  }
  journal.lock_.reset();
  return EBUSY;
}

std::vector<std::string> PortJournal::list(const std::string& run_dir, std::uint64_t namespace_inode) {
  std::vector<std::string> names;
  DIR* directory = ::opendir(directory_of(run_dir).c_str());
  if (directory == nullptr) return names;
  const std::string suffix = suffix_of(namespace_inode);
  constexpr std::size_t names_max = 1024;
  while (names.size() < names_max) {
    const dirent* entry = ::readdir(directory);
    if (entry == nullptr) break;
    const std::string_view file(entry->d_name);
    if (!file.starts_with('.') && file.ends_with(suffix))
      names.emplace_back(file.substr(0, file.size() - suffix.size()));
  }
  ::closedir(directory);
  return names;
}

std::string PortJournal::read() const {
  std::string text(file_size_max, '\0');
  const ssize_t got = ::pread(lock_.get(), text.data(), text.size(), 0);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

int PortJournal::write(const PortRecord& record) {
  if (!lock_.valid()) return EBADF;
  const std::string text = to_text(record);
  const std::size_t slash = path_.rfind('/') + 1;
  const std::string fresh_path = path_.substr(0, slash) + "." + path_.substr(slash);
  UniqueFd fresh(::open(fresh_path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fresh.valid()) return errno;
  int error = 0;
  // Locked before it gets the name: there is no moment at which the port looks unowned.
  if (::flock(fresh.get(), LOCK_EX | LOCK_NB) != 0) error = errno;
  if (error == 0 && ::write(fresh.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) error = ENOSPC;
  if (error == 0 && ::rename(fresh_path.c_str(), path_.c_str()) != 0) error = errno;
  if (error != 0) {
    ::unlink(fresh_path.c_str());
    return error;
  }
  lock_ = std::move(fresh);
  return 0;
}

void PortJournal::remove() {
  if (!lock_.valid()) return;
  ::unlink(path_.c_str());
  lock_.reset();
}

std::string read_boot_id() {
  const UniqueFd file(::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  std::array<char, 36> text{};
  if (!file.valid() || ::read(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return {};
  return std::string(text.data(), text.size());
}

}  // namespace bondbox::lnx
