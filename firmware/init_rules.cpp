#include "firmware/init_rules.hpp"

#include <algorithm>
#include <csignal>

#include "firmware/config/duration.hpp"

namespace bondbox {
namespace {

constexpr std::int64_t wait_max_ms = 3600 * 1000;

/// What is wrong with it, or nothing.
std::string read_wait(std::string_view name, std::string_view text, Ticks& wait) {
  const auto span = text == "0" ? Ticks{} : parse_duration(text);
  if (!span || span->count > wait_max_ms) {
    return std::string(name) + " takes a time of at most 1h such as 10s, or 0, not \"" + std::string(text) + "\"";
  }
  wait = *span;
  return {};
}

/// "--wait 5s" and "--wait=5s": the value of the option at `at`, which is moved to the value's word.
std::optional<std::string_view> value_of(std::span<const std::string> words, std::size_t& at, std::string_view option) {
  const std::string_view word = words[at];
  if (word.size() > option.size() && word.starts_with(option) && word[option.size()] == '=') {
    return word.substr(option.size() + 1);
  }
  if (word != option || at + 1 == words.size()) return std::nullopt;
  return words[++at];
}

bool is_option(std::string_view word, std::string_view option) {
  return word == option || (word.starts_with(option) && word.substr(option.size()).starts_with('='));
}

/// Whether the word at `at` is an option that takes a value; what is wrong goes to `wrong`.
bool read_option(std::span<const std::string> words, std::size_t& at, InitOptions& options,
                 std::vector<std::string>& wrong) {
  for (const std::string_view name : {"-c", "--config", "--wait", "--modules", "--console"}) {
    if (!is_option(words[at], name)) continue;
    const auto value = value_of(words, at, name);
    if (!value || value->empty()) {
      wrong.push_back(std::string(name) + " needs a value");
    } else if (name == "--wait") {
      if (std::string bad = read_wait(name, *value, options.wait); !bad.empty()) wrong.push_back(std::move(bad));
    } else if (name == "--modules") {
      options.modules = *value;
      options.modules_given = true;
    } else {
      (name == "--console" ? options.console : options.config) = *value;
    }
    return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> read_init_words(std::span<const std::string> words, InitOptions& options) {
  std::vector<std::string> wrong;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool marked = words[i] == "--";
    if (marked || words[i].starts_with('/')) {
      const auto next = words.subspan(i + (marked ? 1 : 0));
      options.next.assign(next.begin(), next.end());
      if (next.empty()) wrong.emplace_back("-- needs a program after it");
      break;
    }
    if (read_option(words, i, options, wrong)) continue;
    // A boot loader that adds its own (root=..., console=...) to the end of the kernel's line.
    if (!words[i].starts_with('-') && words[i].find('=') != std::string::npos) continue;
    wrong.push_back((words[i].starts_with('-') ? "unknown option \"" : "unexpected \"") + words[i] + "\"");
  }
  return wrong;
}

std::vector<std::string> read_kernel_words(std::string_view line, InitOptions& options) {
  std::vector<std::string> wrong;
  while (!line.empty()) {
    const std::size_t end = line.find_first_of(" \t\n");
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
    constexpr std::string_view prefix = "bondbox.";
    if (!word.starts_with(prefix)) continue;
    const std::size_t equals = std::min(word.find('='), word.size());
    const std::string_view name = word.substr(0, equals);
    const std::string_view value = equals < word.size() ? word.substr(equals + 1) : std::string_view();
    if (name == "bondbox.config" && !value.empty()) {
      options.config = value;
    } else if (name == "bondbox.wait") {
      if (std::string bad = read_wait(name, value, options.wait); !bad.empty()) wrong.push_back(std::move(bad));
    } else {
      wrong.push_back("the kernel's command line has \"" + std::string(word) +
                      "\"; bondbox knows bondbox.config=FILE and bondbox.wait=TIME");
    }
  }
  return wrong;
}

InitRequest request_of(int signal) noexcept {
  switch (signal) {
    case SIGHUP:
      return InitRequest::reload;
    case SIGINT:   // Ctrl-Alt-Del
    case SIGTERM:  // busybox reboot
      return InitRequest::restart;
    case SIGUSR2:  // busybox poweroff
    case SIGPWR:   // the power is going; also what container managers send
      return InitRequest::power_off;
    case SIGUSR1:  // busybox halt
      return InitRequest::halt;
    default:
      return InitRequest::none;
  }
}

Ticks Respawn::ended(Tick now) noexcept {
  if (now - started_ >= settled_) pause_ = shortest_;
  const Ticks pause = pause_;
  pause_ = std::min(longest_, pause_ + pause_);
  return pause;
}

}  // namespace bondbox
