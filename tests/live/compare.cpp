#include "tests/live/compare.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>
#include <utility>
#include <vector>

#include "policies/modes.hpp"

namespace bondbox::live {
namespace {

using Values = std::vector<std::pair<std::string, std::string>>;

struct Line {
  std::string what;
  std::string value;
};

/// What a line is about, and what it says about it.
Line divide(const std::string& line) {
  const auto at = [&](std::size_t position, std::size_t length) {
    return position == std::string::npos ? Line{line, ""}
                                         : Line{line.substr(0, position), line.substr(position + length)};
  };
  if (line.starts_with("sent ")) return at(line.find(" > "), 3);
  if (line.starts_with("heard ")) return at(line.rfind(" x"), 2);
  if (line.starts_with("status ")) return at(line.find(": "), 2);
  if (line.starts_with("got ")) return at(line.find(' ', line.find(' ', 4) + 1), 1);
  return at(line.find(' '), 1);
}

/// The value of the kernel's text under this name; of the first with it.
std::string status_of(const StepRecord& step, const std::string& name) {
  const std::string begin = "status " + name + ": ";
  for (const std::string& line : step.lines)
    if (line.starts_with(begin)) return line.substr(begin.size());
  return {};
}

/// "up", "down", "going down", "going back", or nothing for one that is no port.
std::string port_status(const StepRecord& step, const std::string& port) {
  bool inside = false;
  for (const std::string& line : step.lines) {
    if (line.starts_with("status Slave Interface: ")) inside = line.ends_with(": " + port);
    if (inside && line.starts_with("status MII Status: ")) return line.substr(19);
  }
  return {};
}

bool some_port_is(const StepRecord& step, const std::string& status) {
  for (int i = 0; i < ports_max; ++i)
    if (port_status(step, "e" + std::to_string(i)) == status) return true;
  return false;
}

bool is_gratuitous(const std::string& what) {
  return what.find(" arp-request 10.77.0.1>10.77.0.1 ") != std::string::npos;
}

/// What is said by the clock rather than because something happened: compared by who says it, over the whole scenario.
bool is_periodic(const std::string& what) {
  if (!what.starts_with("heard ")) return false;
  // The ARP monitor's questions, but not an announcement, and mode 6's answers, which are repeated after seconds.
  if (what.find(" arp-request ") != std::string::npos) return !is_gratuitous(what);
  for (const char* kind : {" learning ", " lacp ", " arp-reply "})
    if (what.find(kind) != std::string::npos) return true;
  return false;
}

struct Context {
  const Scenario& scenario;
  const StepRecord& kernel;
  const StepRecord& bondbox;
  const StepRecord* kernel_before;
  const Difference& difference;
};

bool leaves_while_going_down(const Context& c) {
  const bool frame_of_ours = c.difference.what.starts_with("sent ") && c.difference.kernel == "-";
  const bool answer =
      c.difference.what.starts_with("got ") && c.difference.kernel == "0" && c.scenario.mode == Mode::active_backup;
  return (frame_of_ours || answer) && some_port_is(c.kernel, "going down");
}

bool stays_with_an_equal(const Context& c) {
  if (c.kernel_before == nullptr || !has_active_port(c.scenario.mode)) return false;
  const std::string kernel = status_of(c.kernel, "Currently Active Slave");
  const std::string bondbox = status_of(c.bondbox, "Currently Active Slave");
  const std::string before = status_of(*c.kernel_before, "Currently Active Slave");
  const bool asked = c.kernel.step.starts_with("set ") || c.kernel.step.starts_with("enslave ") ||
                     c.kernel.step.starts_with("release ");
  return asked && kernel != bondbox && bondbox == before && port_status(c.kernel, bondbox) == "up" &&
         port_status(c.kernel, kernel) == "up";
}

bool says_all_announcements(const Context& c) {
  if (!is_gratuitous(c.difference.what)) return false;
  const int kernel = std::atoi(c.difference.kernel.c_str());
  const int bondbox = std::atoi(c.difference.bondbox.c_str());
  return kernel >= 1 && bondbox == kernel + 1;
}

bool waits_for_carrier(const Context& c) {
  if (!is_gratuitous(c.difference.what) || c.kernel_before == nullptr) return false;
  return std::atoi(c.difference.kernel.c_str()) < std::atoi(c.difference.bondbox.c_str()) &&
         status_of(*c.kernel_before, "MII Status") == "down";
}

/// With an updelay the kernel, which looks at links only while bond0 is up, finds its first port then.
bool has_chosen_while_down(const Context& c) {
  return is_gratuitous(c.difference.what) && c.kernel_before == nullptr && c.difference.bondbox == "(no such line)" &&
         std::any_of(c.scenario.options.begin(), c.scenario.options.end(),
                     [](const auto& option) { return option.first == "updelay"; });
}

bool has_option(const Scenario& scenario, const std::string& name, const std::string& value) {
  return std::find(scenario.options.begin(), scenario.options.end(), std::pair(name, value)) != scenario.options.end();
}

bool has_step(const Scenario& scenario, const std::string& begin) {
  return std::any_of(scenario.steps.begin(), scenario.steps.end(),
                     [&](const Step& step) { return step.action.starts_with(begin); });
}

bool is_balanced(Mode mode) {
  return mode == Mode::balance_tlb || mode == Mode::balance_alb;
}

bool teaches_a_released_address(const Context& c) {
  return is_balanced(c.scenario.mode) && has_step(c.scenario, "release ") &&
         c.difference.what.find(" learning ") != std::string::npos && c.difference.bondbox == "never heard";
}

bool takes_the_address_of_before(const Context& c) {
  return c.scenario.mode == Mode::balance_alb && c.difference.what.ends_with(" to-port") &&
         c.difference.kernel == "0" && c.difference.bondbox == "1";
}

bool counts_the_first_silence(const Context& c) {
  return c.scenario.mode != Mode::active_backup && c.scenario.has_arp_monitor() &&
         c.difference.what.starts_with("status Link Failure Count") &&
         std::atoi(c.difference.kernel.c_str()) == std::atoi(c.difference.bondbox.c_str()) + 1;
}

bool shows_a_speed_without_link(const Context& c) {
  return (c.difference.what.starts_with("status Speed") || c.difference.what.starts_with("status Duplex")) &&
         c.difference.bondbox == "Unknown" && has_step(c.scenario, "enslave ");
}

bool says_nothing_while_passive(const Context& c) {
  return c.scenario.mode == Mode::lacp_8023ad && has_option(c.scenario, "lacp_active", "off") &&
         c.difference.what.find(" lacp ") != std::string::npos && c.difference.bondbox == "never heard";
}

struct Deliberate {
  const char* name;
  const char* reason;
  bool diverges;  ///< what follows cannot be compared
  bool (*is_it)(const Context&);
};

constexpr Deliberate deliberate_differences[] = {
    {"leaves while a port is going down", "downdelay should not cost frames", false, leaves_while_going_down},
    {"stays with an equal port", "a failover that nobody asked for", true, stays_with_an_equal},
    {"says all announcements", "the kernel counts one without sending it after a failover that its monitor found",
     false, says_all_announcements},
    {"teaches no released address", "the interface is about to be somebody else's", false, teaches_a_released_address},
    {"says nothing before it is spoken to", "a passive port does not speak first", false, says_nothing_while_passive},
    {"hears frames to a dead port's address", "the seconds of listening are of use", false,
     takes_the_address_of_before},
    {"counts no failure before the first answer", "nothing has failed yet", false, counts_the_first_silence},
    {"speed of a port enslaved without link", "a speed is told when there is link; veth has one always", false,
     shows_a_speed_without_link},
    {"announces when there is carrier", "neighbours must learn of it", false, waits_for_carrier},
    {"looks at links while bond0 is down", "status tells the truth then too", false, has_chosen_while_down},
};

const Deliberate* meaning_of(const Context& context) {
  const Deliberate* const end = std::end(deliberate_differences);
  const Deliberate* const found =
      std::find_if(std::begin(deliberate_differences), end, [&](const Deliberate& one) { return one.is_it(context); });
  return found == end ? nullptr : found;
}

/// Lines by what they are about, in order; a second one of the same (ports have the same fields) gets a number.
std::vector<Line> lines_of(const StepRecord& step) {
  std::vector<Line> lines;
  std::map<std::string, int> seen;
  for (const std::string& line : step.lines) {
    Line one = divide(line);
    const int times = seen[one.what]++;
    if (times > 0) one.what += " #" + std::to_string(times + 1);
    lines.push_back(std::move(one));
  }
  return lines;
}

std::vector<Difference> differences_of(std::size_t number, const StepRecord& kernel, const StepRecord& bondbox) {
  const std::vector<Line> left = lines_of(kernel);
  const std::vector<Line> right = lines_of(bondbox);
  const auto find = [](const std::vector<Line>& lines, const std::string& what) {
    return std::find_if(lines.begin(), lines.end(), [&](const Line& line) { return line.what == what; });
  };
  std::vector<Difference> all;
  for (const Line& line : left) {
    const auto other = find(right, line.what);
    const std::string value = other == right.end() ? "(no such line)" : other->value;
    if (value != line.value && !is_periodic(line.what)) all.push_back({number, line.what, line.value, value});
  }
  for (const Line& line : right) {
    if (find(left, line.what) == left.end() && !is_periodic(line.what))
      all.push_back({number, line.what, "(no such line)", line.value});
  }
  return all;
}

/// Of LACP the last that each port said.
std::set<std::string> periodic_of(const Record& record, std::size_t steps) {
  std::set<std::string> all;
  std::map<std::string, std::string> last_lacp;
  for (std::size_t i = 0; i < steps; ++i) {
    for (const Line& line : lines_of(record[i])) {
      const std::size_t lacp = line.what.find(" lacp ");
      if (lacp != std::string::npos) last_lacp[line.what.substr(0, lacp)] = line.what;
      if (lacp == std::string::npos && is_periodic(line.what)) all.insert(line.what);
    }
  }
  for (const auto& [port, what] : last_lacp) all.insert(what);
  return all;
}

}  // namespace

std::string Difference::text() const {
  return "step " + std::to_string(step) + ": " + what + "\n  kernel:  " + kernel + "\n  bondbox: " + bondbox;
}

const char* reason_of(const std::string& name) {
  for (const Deliberate& one : deliberate_differences)
    if (name == one.name) return one.reason;
  return "";
}

Comparison compare(const Scenario& scenario, const Played& played) {
  Comparison result;
  std::size_t compared = 0;
  for (; compared < played.kernel.size() && !result.diverged; ++compared) {
    const StepRecord& kernel = played.kernel[compared];
    const StepRecord& bondbox = played.bondbox[compared];
    const StepRecord* const before = compared == 0 ? nullptr : &played.kernel[compared - 1];
    for (const Difference& difference : differences_of(compared, kernel, bondbox)) {
      const Context context{scenario, kernel, bondbox, before, difference};
      const Deliberate* const meant = meaning_of(context);
      if (meant == nullptr) {
        result.first = difference;
        return result;
      }
      ++result.deliberate[meant->name];
      result.diverged = result.diverged || meant->diverges;
      if (result.diverged) break;
    }
  }
  const std::set<std::string> kernel = periodic_of(played.kernel, compared);
  const std::set<std::string> bondbox = periodic_of(played.bondbox, compared);
  const auto judge = [&](const std::string& what, bool by_kernel) {
    const Difference difference{compared, what, by_kernel ? "heard" : "never heard",
                                by_kernel ? "never heard" : "heard"};
    const Context context{scenario, played.kernel.back(), played.bondbox.back(), nullptr, difference};
    const Deliberate* const meant = meaning_of(context);
    if (meant == nullptr) {
      result.first = difference;
    } else {
      ++result.deliberate[meant->name];
    }
  };
  for (const std::string& what : kernel)
    if (!bondbox.contains(what)) judge(what, true);
  for (const std::string& what : bondbox)
    if (!kernel.contains(what)) judge(what, false);
  return result;
}

}  // namespace bondbox::live
