#include "firmware/console_session.hpp"

#include <algorithm>
#include <utility>

#include "firmware/text.hpp"
#include "firmware/version.hpp"

namespace bondbox {
namespace {

constexpr const char* prompt_text = "bondbox> ";
constexpr std::string_view more_text = "-- more: space, Enter for a line, q --";
constexpr std::size_t events_shown = 20;
constexpr std::uint8_t control_c = 0x03;

/// Separated by blanks; "..." holds blanks together, and "" is an empty word. Nothing when a quote is not closed.
std::optional<std::vector<std::string>> split(std::string_view line) {
  std::vector<std::string> words;
  bool in_word = false;
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    if (c == ' ' && !quoted) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (c != '"') words.back() += c;
  }
  if (quoted) return std::nullopt;
  return words;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

ConsoleSession::ConsoleSession(Setup setup, Ask ask, Power power)
    : setup_(std::move(setup)), ask_(std::move(ask)), power_(std::move(power)), editor_(prompt_text, setup_.terminal) {
  if (!setup_.terminal) return;
  put("\n" + setup_.greeting + "\n");
  prompt();
}

void ConsoleSession::put(std::string_view text) {
  if (!setup_.terminal) {
    output_ += text;
    return;
  }
  for (const char c : text) {
    if (c == '\n') output_ += '\r';
    output_ += c;
  }
}

void ConsoleSession::prompt() {
  state_ = State::typing;
  editor_.draw(output_);
}

void ConsoleSession::take(std::string_view bytes, Tick now) {
  if (ignoring_until_ && now < *ignoring_until_) return;
  for (const char c : bytes) {
    if (ended_ || (ignoring_until_ && now < *ignoring_until_)) return;
    take_byte(static_cast<std::uint8_t>(c), now);
  }
}

void ConsoleSession::take_byte(std::uint8_t byte, Tick now) {
  if (state_ == State::paging) return take_page_key(byte);
  if (state_ == State::following) {
    look_at_.reset();
    put("\n");
    return prompt();
  }
  switch (editor_.take(byte, output_)) {
    case LineEditor::Event::line:
      return take_line(now);
    case LineEditor::Event::interrupt:
      return prompt();
    case LineEditor::Event::end:
      if (setup_.may_end) ended_ = true;
      if (setup_.may_end && setup_.terminal) put("\n");
      return;
    case LineEditor::Event::none:
      return;
  }
}

void ConsoleSession::note_thrown_away(std::size_t bytes) {
  put(format("\n%zu bytes came while nobody read, and were thrown away\n", bytes));
  if (state_ == State::typing && setup_.terminal) prompt();
}

void ConsoleSession::end_of_input(Tick now) {
  if (ended_) return;
  // The last line of a file may lack its end.
  if (!setup_.terminal && editor_.take('\n', output_) == LineEditor::Event::line) take_line(now);
  ended_ = true;
}

void ConsoleSession::take_line(Tick now) {
  const LineEditor::Line& line = editor_.line();
  noise_bytes_ += line.noise;
  if (line.noise != 0) {
    ++refused_lines_;
    // A line without a terminal at its end sends much of this; it is told of once until somebody is understood.
    const bool told = noisy_lines_untold_++ != 0 && setup_.terminal;
    return refuse(told ? "" : format("not executed: %zu bytes of the line are no text", line.noise), now);
  }
  if (noisy_lines_untold_ > 1 && !line.text.empty()) {
    put(format("%llu lines before this one were noise and not executed\n",
               static_cast<unsigned long long>(noisy_lines_untold_)));
  }
  if (!line.text.empty()) noisy_lines_untold_ = 0;
  if (line.too_long) {
    ++refused_lines_;
    return refuse(format("not executed: the line is over %zu characters long", LineEditor::line_max), now);
  }
  const auto words = split(line.text);
  if (!words) {
    ++refused_lines_;
    return refuse("not executed: a quote is not closed", now);
  }
  if (words->empty()) {
    if (setup_.terminal) prompt();
    return;
  }
  execute(*words, now);
}

void ConsoleSession::refuse(const std::string& why, Tick now) {
  any_failed_ = true;
  if (!why.empty()) put(why + "\n");
  if (setup_.terminal && ++refusals_in_a_row_ >= refusals_max) {
    refusals_in_a_row_ = 0;
    ignoring_until_ = now + ignoring;
    return put(format("%d lines in a row were not understood: what comes is ignored for %s\n", refusals_max,
                      duration_text(ignoring.count).c_str()));
  }
  if (setup_.terminal) prompt();
}

void ConsoleSession::execute(std::span<const std::string> words, Tick now) {
  if (words[0] == "follow" && setup_.terminal) return begin_following(words, now);
  if (is_one_of(words[0], {"exit", "quit"}) && words.size() == 1 && setup_.may_end) {
    ended_ = true;
    return;
  }
  const Reply reply = answer(words);
  if (reply.exit_status == 2) {
    ++refused_lines_;
    return refuse(reply.text.substr(0, reply.text.find_last_not_of('\n') + 1), now);
  }
  any_failed_ = any_failed_ || reply.exit_status != 0;
  refusals_in_a_row_ = 0;
  show(reply.text);
}

Reply ConsoleSession::answer(std::span<const std::string> words) {
  const std::string& command = words[0];
  if (is_one_of(command, {"help", "?"})) return {0, help_text()};
  if (command == "version") return {0, "bondbox " + std::string(version_full()) + "\n"};
  if (is_one_of(command, {"exit", "quit"})) return {1, "this console does not end; just hang up\n"};
  if (is_one_of(command, {"poweroff", "reboot", "halt"}) && words.size() == 1 && setup_.power) return power_(command);
  if (command == "events") return latest_events(words);
  if (command == "which") return {2, "which is for a shell: it reads files\n"};
  if (Reply wrong = CommandExecutor::check(words); wrong.exit_status != 0) {
    if (wrong.text.starts_with("unknown command"))
      wrong.text.insert(wrong.text.size() - 1, "; help lists the commands");
    return wrong;
  }
  return ask_(words);
}

Reply ConsoleSession::latest_events(std::span<const std::string> words) {
  std::vector<std::string> asked(words.begin(), words.end());
  const bool all = std::erase(asked, "all") != 0;
  if (Reply wrong = CommandExecutor::check(asked); wrong.exit_status != 0) return wrong;
  Reply reply = ask_(asked);
  if (all || reply.exit_status != 0) return reply;
  std::size_t start = reply.text.size();
  for (std::size_t i = 0; i < events_shown && start != 0; ++i) {
    const std::size_t before = start >= 2 ? reply.text.rfind('\n', start - 2) : std::string::npos;
    start = before == std::string::npos ? 0 : before + 1;
  }
  reply.text.erase(0, start);
  return reply;
}

void ConsoleSession::begin_following(std::span<const std::string> words, Tick now) {
  if (words.size() > 2) return refuse("follow takes at most a bond", now);
  followed_bond_ = words.size() == 2 ? words[1] : std::string();
  after_event_.clear();
  put("events as they come; any key ends it\n");
  state_ = State::following;
  refusals_in_a_row_ = 0;
  run_due(now);
}

std::optional<Tick> ConsoleSession::next_deadline() const {
  return ignoring_until_ ? ignoring_until_ : look_at_;
}

void ConsoleSession::run_due(Tick now) {
  if (ignoring_until_ && now >= *ignoring_until_) {
    ignoring_until_.reset();
    prompt();
  }
  if (state_ != State::following || (look_at_ && now < *look_at_)) return;
  std::vector<std::string> words{"events"};
  if (!followed_bond_.empty()) words.push_back(followed_bond_);
  words.insert(words.end(), {"--after", after_event_.empty() ? "0" : after_event_});
  const Reply reply = ask_(words);
  const std::size_t end_of_line = reply.text.find('\n');
  if (reply.exit_status != 0 || end_of_line == std::string::npos) {
    look_at_.reset();
    put(reply.text);
    return prompt();
  }
  // What was before is for "events".
  if (!after_event_.empty()) put(std::string_view(reply.text).substr(end_of_line + 1));
  after_event_ = reply.text.substr(0, end_of_line);
  look_at_ = now + following;
}

void ConsoleSession::show(std::string text) {
  if (text.size() > answer_bytes_max) {
    text.resize(text.rfind('\n', answer_bytes_max) + 1);
    text += "the rest is cut off: the answer is too long for a console\n";
  }
  rest_ = std::move(text);
  show_page(setup_.terminal && setup_.rows > 2 ? setup_.rows - 1 : 0);
}

/// The next lines of the answer, 0: all.
void ConsoleSession::show_page(std::size_t lines) {
  std::size_t end = rest_.size();
  if (lines != 0) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < lines && at < rest_.size(); ++i)
      at = std::min(rest_.find('\n', at), rest_.size() - 1) + 1;
    end = at;
  }
  put(std::string_view(rest_).substr(0, end));
  rest_.erase(0, end);
  if (rest_.empty()) {
    if (setup_.terminal) prompt();
    return;
  }
  state_ = State::paging;
  put(more_text);
}

void ConsoleSession::take_page_key(std::uint8_t byte) {
  const bool stop = byte == 'q' || byte == 'Q' || byte == control_c;
  const bool line = byte == '\r' || byte == '\n';
  if (!stop && !line && byte != ' ') return;
  output_ += "\r\x1b[K";
  if (stop) {
    rest_.clear();
    return prompt();
  }
  show_page(line ? 1 : setup_.rows - 1);
}

std::string ConsoleSession::help_text() const {
  std::string text =
      "  status [BOND] [--format text|proc|json]  how the bonds are\n"
      "  explain BOND [PORT]                      why a port carries traffic or does not\n"
      "  events [all] [BOND]                      what happened: the last 20, or all\n"
      "  follow [BOND]                            events as they come\n"
      "  drill BOND [PORT] [--for TIME]           take a port away, give it back, and tell\n"
      "  activate BOND PORT                       make a port the active one\n"
      "  get BOND OPTION                          read an option\n"
      "  set BOND OPTION VALUE                    write an option; \"\" is an empty value\n"
      "  enslave BOND PORT..., release BOND PORT...\n"
      "  reload                                   apply the changed configuration file\n"
      "  version, help\n";
  if (setup_.power) text += "  poweroff, reboot, halt                   the ports are given back first\n";
  if (setup_.may_end) text += "  exit\n";
  if (!setup_.terminal) return text;
  return text +
         "Keys: arrows, Home, End, Del, backspace; ^U ^K ^W delete, ^A ^E move, ^C drops the\n"
         "line, ^L draws anew.\n";
}

}  // namespace bondbox
