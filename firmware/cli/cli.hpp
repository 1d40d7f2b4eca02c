// The command line: one table of subcommands, and what they share.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bondbox::cli {

/// Exit statuses of every command.
inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1;  ///< stderr says why in one sentence
inline constexpr int exit_usage = 2;   ///< the words were wrong; stderr says what is expected

/// A subcommand's words, without the options that all share.
struct Invocation {
  std::string command;
  std::vector<std::string> words;
  std::string run_dir;
  std::string trace_file = {};  ///< of `run`: where all that it decided is written at the end
};

struct Command {
  std::string_view name;
  std::string_view usage;    ///< one line a form
  std::string_view summary;  ///< for the list of commands
  std::string_view details;  ///< paragraphs and an example, each line at most 80 columns
  int (*run)(const Invocation& invocation);
};

/// In the order of the help text.
std::span<const Command> commands();
const Command* find_command(std::string_view name);
/// "usage: ...", a line for each form.
std::string usage_text(const Command& command);

/// The whole program: `arguments` without the program's own name, under which it may be another: called as ifenslave
/// it is that. Returns the exit status.
int main(std::string_view called_as, std::span<const std::string> arguments);

/// How long what an ifdown releases stays as it is, so that a restart of the network costs nothing: $BONDBOX_LINGER_MS.
inline constexpr int linger_default_ms = 5'000;
int linger_ms();

void say(std::string_view text);       ///< to stdout
void complain(std::string_view text);  ///< to stderr, after "bondbox: "; ends with a newline of its own
/// complain(), and where to read more. Returns exit_usage.
int wrong_words(const Invocation& invocation, std::string_view text);

// --- the subcommands ---
int run(const Invocation& invocation);
int init(const Invocation& invocation);
int check(const Invocation& invocation);
int console(const Invocation& invocation);
int simulate(const Invocation& invocation);
int replay(const Invocation& invocation);
int ask_daemon(const Invocation& invocation);  ///< get, set, enslave, release, remove, activate, reload, explain
int add(const Invocation& invocation);
int ifenslave(const Invocation& invocation);
int import_configuration(const Invocation& invocation);
int status(const Invocation& invocation);
int events(const Invocation& invocation);
int which(const Invocation& invocation);
int capture(const Invocation& invocation);
int page(const Invocation& invocation);
int upgrade(const Invocation& invocation);
int show_version(const Invocation& invocation);
int help(const Invocation& invocation);

}  // namespace bondbox::cli
