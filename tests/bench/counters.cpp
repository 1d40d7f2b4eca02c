#include "tests/bench/counters.hpp"

#include <sched.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "tests/lab/support/daemon.hpp"

namespace bondbox::bench {
namespace {

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t begin = line.find_first_not_of(" \t:", at);
    if (begin == std::string_view::npos) break;
    const std::size_t end = line.find_first_of(" \t:", begin);
    words.emplace_back(line.substr(begin, end - begin));
    at = end;
  }
  return words;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    if (end == std::string::npos) break;
    at = end + 1;
  }
  return lines;
}

std::uint64_t to_number(const std::string& word) {
  std::uint64_t number = 0;
  (void)std::from_chars(word.data(), word.data() + word.size(), number);
  return number;
}

double ticks_to_s(std::uint64_t ticks) {
  return static_cast<double>(ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

/// The number after `key:` in a file of /proc.
std::uint64_t field(const std::string& path, const std::string& key) {
  for (const std::string& line : lines_of(lab::read_text(path))) {
    const std::vector<std::string> words = words_of(line);
    if (words.size() >= 2 && words[0] == key) return to_number(words[1]);
  }
  return 0;
}

std::vector<std::string> thread_directories(pid_t process) {
  std::vector<std::string> list;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task", ignored))
    list.push_back(entry.path());
  return list;
}

}  // namespace

double process_cpu_s(const std::vector<pid_t>& processes) {
  double sum = 0;
  for (const pid_t process : processes) {
    for (const std::string& thread : thread_directories(process)) {
      // Nanoseconds on a CPU, then those spent waiting for one: finer than the ticks of /proc/PID/stat.
      const std::vector<std::string> words = words_of(lab::read_text(thread + "/schedstat"));
      if (!words.empty() && to_number(words[0]) != 0) {
        sum += static_cast<double>(to_number(words[0])) * 1e-9;
        continue;
      }
      const std::string text = lab::read_text(thread + "/stat");
      const std::size_t after_name = text.rfind(')');
      if (after_name == std::string::npos) continue;
      const std::vector<std::string> rest = words_of(std::string_view(text).substr(after_name + 1));
      if (rest.size() > 12) sum += ticks_to_s(to_number(rest[11]) + to_number(rest[12]));
    }
  }
  return sum;
}

double machine_cpu_s() {
  const std::vector<std::string> words = words_of(lines_of(lab::read_text("/proc/stat")).at(0));
  // cpu user nice system idle iowait irq softirq steal ...
  std::uint64_t busy = 0;
  for (const std::size_t column : {1U, 2U, 3U, 6U, 7U})
    if (column < words.size()) busy += to_number(words[column]);
  return ticks_to_s(busy);
}

std::uint64_t resident_bytes(const std::vector<pid_t>& processes) {
  std::uint64_t sum = 0;
  for (const pid_t process : processes) sum += field("/proc/" + std::to_string(process) + "/status", "VmRSS") * 1024;
  return sum;
}

std::uint64_t own_bytes(pid_t process) {
  return field("/proc/" + std::to_string(process) + "/status", "RssAnon") * 1024;
}

std::uint64_t wake_ups(const std::vector<pid_t>& processes) {
  std::uint64_t sum = 0;
  for (const pid_t process : processes) {
    for (const std::string& thread : thread_directories(process))
      sum += field(thread + "/status", "voluntary_ctxt_switches") +
             field(thread + "/status", "nonvoluntary_ctxt_switches");
  }
  return sum;
}

CableCounters cable_counters(const lab::Namespace& space, const std::string& prefix) {
  const lab::Namespace::Stay inside(space);
  CableCounters sum;
  for (const std::string& line : lines_of(lab::read_text("/proc/thread-self/net/dev"))) {
    const std::vector<std::string> words = words_of(line);
    if (words.size() < 11 || !words[0].starts_with(prefix)) continue;
    sum.rx_bytes += to_number(words[1]);
    sum.rx_packets += to_number(words[2]);
    sum.tx_bytes += to_number(words[9]);
    sum.tx_packets += to_number(words[10]);
  }
  return sum;
}

std::uint64_t udp_arrived(const lab::Namespace& space) {
  const lab::Namespace::Stay inside(space);
  std::vector<std::string> names;
  for (const std::string& line : lines_of(lab::read_text("/proc/thread-self/net/snmp"))) {
    const std::vector<std::string> words = words_of(line);
    if (words.empty() || words[0] != "Udp") continue;
    if (names.empty()) {
      names = words;
      continue;
    }
    std::uint64_t sum = 0;
    for (std::size_t i = 1; i < std::min(names.size(), words.size()); ++i)
      if (names[i] == "InDatagrams" || names[i] == "InErrors") sum += to_number(words[i]);
    return sum;
  }
  return 0;
}

void pin(const std::vector<pid_t>& processes, int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  const int count = static_cast<int>(::sysconf(_SC_NPROCESSORS_CONF));
  for (int i = 0; i < count; ++i)
    if (cpu < 0 || i == cpu) CPU_SET(static_cast<std::size_t>(i), &set);
  for (const pid_t process : processes) {
    for (const std::string& thread : thread_directories(process)) {
      const pid_t id = static_cast<pid_t>(to_number(std::filesystem::path(thread).filename().string()));
      (void)::sched_setaffinity(id, sizeof set, &set);
    }
  }
}

}  // namespace bondbox::bench
