// The commands that a running bondbox answers.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>

#include "firmware/cli/ask.hpp"
#include "firmware/control_client.hpp"
#include "firmware/control_protocol.hpp"
#include "hal/linux/left_bonds.hpp"
#include "hal/linux/terminal.hpp"

namespace bondbox::cli {
namespace {

Reply ask(const Invocation& invocation, std::span<const std::string> words) {
  if (Reply wrong = CommandExecutor::check(words); wrong.exit_status != exit_done) return wrong;
  return control::ask(invocation.run_dir + "/" + control::socket_name, words);
}

int show(const Invocation& invocation, const Reply& reply) {
  if (reply.exit_status == exit_done || reply.exit_status == exit_not_held) {
    say(reply.text);
    return reply.exit_status == exit_done ? exit_done : exit_failed;
  }
  std::string_view text = reply.text;
  if (text.ends_with('\n')) text.remove_suffix(1);
  return reply.exit_status == exit_usage ? wrong_words(invocation, text) : (complain(text), exit_failed);
}

std::vector<std::string> command_words(const Invocation& invocation) {
  std::vector<std::string> words{invocation.command};
  words.insert(words.end(), invocation.words.begin(), invocation.words.end());
  return words;
}

/// Nobody answers: why, as far as it can be seen from here, and what goes on without the process.
std::string why_silent(const std::string& run_dir) {
  const lnx::Server server = lnx::server_of(run_dir);
  const std::string number = std::to_string(server.pid);
  if (server.is_stopped)
    return "process " + number + " is stopped (SIGSTOP, or a debugger); `kill -CONT " + number + "` lets it go on\n";
  if (control::is_listening(run_dir + "/" + control::socket_name)) return {};
  if (server.is_alive) return "but process " + number + " holds " + run_dir + ": it is starting still, or ending\n";
  std::string text;
  if (server.pid != 0) text = "process " + number + " has died; what " + run_dir + "/net/bonding says is from before\n";
  for (const lnx::LeftBond& bond : lnx::left_bonds(run_dir)) {
    text += bond.name + (bond.is_carried
                             ? " goes on without it: BPF programs forward by its last plan, but nobody announces a "
                               "failover, speaks LACP or asks ARP targets"
                             : " is still there, but nothing forwards its frames");
    text += "; the next `bondbox run` takes it over\n";
  }
  return text;
}

/// On a terminal that has colours, unless NO_COLOR is set (no-color.org).
bool wants_colour() {
  const char* const terminal = std::getenv("TERM");
  const char* const refused = std::getenv("NO_COLOR");
  return lnx::is_terminal(1) && terminal != nullptr && std::string_view(terminal) != "dumb" &&
         (refused == nullptr || *refused == '\0');
}

std::string each_line(std::string_view text, const auto& drawn) {
  std::string all;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    all += drawn(text.substr(0, end + (text[end] == '\n' ? 0 : 1)));
    text.remove_prefix(end + 1);
  }
  return all;
}

/// What is wrong, in red; the words say it without.
std::string line_in_colour(std::string_view line) {
  const bool is_trouble =
      line.starts_with("  DEGRADED: ") || line.starts_with("  DOWN: ") || line.starts_with("  UNMONITORED: ");
  return (is_trouble ? "\033[1;31m" : "") + std::string(line) + (is_trouble ? "\033[0m" : "");
}

std::string in_colour(std::string_view text) {
  return each_line(text, [](std::string_view line) { return line_in_colour(line) + "\n"; });
}

/// What stands on a terminal, and what to send so that something else does. Only lines that differ are sent, each over
/// what stood there: a page is two seconds of a serial line at 9600 baud, and clearing it first would flicker.
class Picture {
 public:
  explicit Picture(bool coloured) : coloured_(coloured) {}

  std::string show(std::string_view text) {
    // A window may have another size now, and a serial line loses letters: now and then all of it is sent.
    const std::size_t rows = std::max<std::size_t>(lnx::terminal_rows(1), 2);
    constexpr unsigned shows_between_whole = 15;
    const bool is_whole = rows != rows_ || shows_++ % shows_between_whole == 0;
    std::string out = rows != rows_ ? "\033[2J" : "";
    rows_ = rows;
    std::vector<std::string> lines;
    const std::size_t columns = lnx::terminal_columns(1);
    (void)each_line(text, [&](std::string_view line) { return lines.emplace_back(line.substr(0, columns)); });
    // The last row is the cursor's.
    if (const std::size_t most = rows - 1; lines.size() > most) {
      const std::string more = "  and " + std::to_string(lines.size() - most + 1) + " lines more";
      lines.resize(most);
      lines.back() = more;
    }
    if (coloured_)
      for (std::string& line : lines) line = line_in_colour(line);
    for (std::size_t i = 0; i < lines.size(); ++i)
      if (is_whole || i >= lines_.size() || lines_[i] != lines[i]) out += at(i) + lines[i] + "\033[K";
    lines_ = std::move(lines);
    // The cursor waits below, where a shell's prompt is to come when somebody has seen enough.
    return out + at(lines_.size()) + "\033[J";
  }

 private:
  bool coloured_;
  static std::string at(std::size_t row) { return "\033[" + std::to_string(row + 1) + "H"; }
  std::vector<std::string> lines_;
  std::size_t rows_ = 0;
  unsigned shows_ = 0;
};

/// Takes a flag out of the words; whether it was there.
bool take_flag(std::vector<std::string>& words, std::string_view flag) {
  return std::erase(words, std::string(flag)) != 0;
}

}  // namespace

Reply ask_for_status(const Invocation& invocation, std::span<const std::string> words) {
  Reply reply = ask(invocation, words);
  if (reply.exit_status == exit_failed) reply.text += why_silent(invocation.run_dir);
  return reply;
}

int ask_daemon(const Invocation& invocation) {
  return show(invocation, ask(invocation, command_words(invocation)));
}

int status(const Invocation& invocation) {
  std::vector<std::string> words = command_words(invocation);
  const bool watched = take_flag(words, "--watch");
  const bool coloured = wants_colour();
  Picture picture(coloured);
  bool has_seen = false;
  for (;; std::this_thread::sleep_for(std::chrono::seconds(1))) {
    Reply reply = ask_for_status(invocation, words);
    const bool is_there = reply.exit_status == exit_done;
    // Who watches wants to see it end, and begin again.
    if (!watched || (!is_there && !has_seen)) {
      if (coloured && is_there) reply.text = in_colour(reply.text);
      return show(invocation, reply);
    }
    has_seen = true;
    // JSON, metrics and HTML are for programs, and so is all that goes into a pipe.
    const bool is_drawn = lnx::is_terminal(1) && reply.text.find_first_of("{#<") != 0;
    say(is_drawn ? picture.show(reply.text) : reply.text + "\n");
    if (std::ferror(stdout) != 0) return exit_failed;
  }
}

namespace {

/// Goes on over a restart: whoever follows the events wants to see it.
int follow_events(const Invocation& invocation, const std::vector<std::string>& words) {
  const std::string socket = invocation.run_dir + "/" + control::socket_name;
  std::uint64_t after = 0;
  bool has_heard = false;
  bool waits = false;
  for (;; std::this_thread::sleep_for(std::chrono::milliseconds(200))) {
    std::vector<std::string> since = words;
    since.insert(since.end(), {"--after", std::to_string(after)});
    const Reply reply = ask(invocation, since);
    if (reply.exit_status != exit_done) {
      if (!has_heard || control::is_listening(socket)) return show(invocation, reply);
      if (!std::exchange(waits, true)) complain("bondbox has ended; waiting for the next one");
      continue;
    }
    waits = false;
    has_heard = true;
    const std::size_t end_of_line = std::min(reply.text.find('\n'), reply.text.size());
    const std::uint64_t last = std::strtoull(reply.text.c_str(), nullptr, 10);
    if (last < after) {
      complain("the history begins anew");
      after = 0;
      continue;
    }
    after = last;
    say(std::string_view(reply.text).substr(std::min(end_of_line + 1, reply.text.size())));
  }
}

}  // namespace

int events(const Invocation& invocation) {
  std::vector<std::string> words = command_words(invocation);
  if (take_flag(words, "--follow")) return follow_events(invocation, words);
  return show(invocation, ask(invocation, words));
}

}  // namespace bondbox::cli
