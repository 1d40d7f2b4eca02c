// `bondbox init`: the first process of an appliance, or what another first process starts.
#include <algorithm>
#include <cstring>

#include "firmware/cli/configuration.hpp"
#include "firmware/init_keeper.hpp"
#include "firmware/text.hpp"
#include "firmware/version.hpp"
#include "hal/linux/init_stage.hpp"

namespace bondbox::cli {
namespace {

constexpr std::int64_t look_for_carrier_ms = 5;

/// Everything before the bonds: what the machine lacks, and what was asked for.
class Stage {
 public:
  explicit Stage(const Invocation& invocation) : invocation_(invocation) {
    const bool was_without_files = lnx::hold_standard_files();
    lnx::hold_signals();
    if (first_ || lnx::is_started_by_first_process()) lnx::mount_missing(notes_);
    if (first_ && was_without_files) lnx::take_console();
  }

  /// What is wrong with the words, a sentence each. The first process goes on without them.
  std::vector<std::string> read_words() {
    std::vector<std::string> wrong;
    if (first_) wrong = read_kernel_words(lnx::kernel_command_line(), options_);
    for (std::string& sentence : read_init_words(invocation_.words, options_)) wrong.push_back(std::move(sentence));
    return wrong;
  }

  int run(const std::vector<std::string>& wrong) {
    if (lnx::is_first_process_of_the_machine()) lnx::let_kernel_log_in();
    Log log(LogTarget::kernel_log);
    log.add(LogLevel::notice, "init: bondbox " + std::string(version()) + " starts");
    for (const std::string& sentence : wrong) say_error(log, sentence);
    prepare();
    for (const lnx::StageNote& note : notes_) {
      if (note.level == LogLevel::error) {
        say_error(log, note.text.substr(note.text.find(' ') + 1));
      } else {
        log.add(note.level, note.text);
      }
    }
    log.flush();
    if (options_.next.empty()) return stay(log);
    return hand_over(log);
  }

 private:
  void prepare() {
    const bool real = lnx::is_first_process_of_the_machine();
    if (real || options_.modules_given) lnx::load_modules(options_.modules, options_.modules_given, notes_);
    if (first_) lnx::set_up_loopback(notes_);
    if (real && options_.next.empty()) lnx::take_ctrl_alt_del();
  }

  static void say_error(Log& log, const std::string& sentence) { say_as_init(log, LogLevel::error, sentence); }

  InitKeeper::Setup keeper_setup() const {
    const auto what_is_wrong = [file = options_.config] {
      std::string unreadable;
      const ConfigResult read = read_configuration_file(file, unreadable);
      return unreadable.empty() ? message_lines(read.errors, "") : unreadable;
    };
    InitKeeper::Setup setup{options_.config, invocation_.run_dir, options_.console, first_, what_is_wrong};
    if (setup.console.empty() && lnx::is_first_process_of_the_machine()) setup.console = lnx::console_terminal();
    if (setup.console == "none") setup.console.clear();
    return setup;
  }

  int stay(Log& log) const {
    InitKeeper keeper(keeper_setup(), log);
    (void)keeper.run();
    return exit_done;
  }

  /// The bonds go on in a child of this process, and this process becomes the next init.
  int hand_over(Log& log) {
    const int keeper = lnx::fork_copy(log.is_kernel_log());
    if (keeper == 0) {
      InitKeeper::Setup setup = keeper_setup();
      setup.console.clear();
      setup.ends_machine = false;
      {
        Log own(LogTarget::kernel_log);
        (void)InitKeeper(setup, own).run();
      }
      lnx::end_copy(exit_done);
    }
    if (keeper < 0) say_error(log, std::string("the bonds cannot be started: ") + std::strerror(-keeper));
    wait_for_carrier(log, keeper);
    log.flush();
    const int error = lnx::become_program(options_.next);
    say_error(log, "cannot start " + options_.next[0] + ": " + std::strerror(error));
    log.flush();
    // The keeper gives the ports back, so that what stays here can take them.
    if (keeper > 0) lnx::signal_child(keeper, request_signal);
    while (lnx::has_children() && !lnx::take_ended_child()) (void)lnx::next_signal(100);
    return first_ ? stay(log) : exit_failed;
  }

  void wait_for_carrier(Log& log, int keeper) const {
    std::string unreadable;
    const ConfigResult read = read_configuration_file(options_.config, unreadable);
    if (!unreadable.empty() || !read.ok() || keeper < 0) return;  // the keeper tells
    std::vector<std::string> waiting;
    for (const BondConfig& bond : read.config.bonds) waiting.push_back(bond.name);
    lnx::MonotonicClock clock;
    while (!(waiting = lnx::without_carrier(waiting)).empty() && clock.now() < Tick{} + options_.wait) {
      (void)lnx::next_signal(look_for_carrier_ms);
      while (const auto ended = lnx::take_ended_child()) {
        if (ended->pid == keeper) return log.add(LogLevel::error, "init: what keeps the bonds " + ended->text());
      }
    }
    while (lnx::take_ended_child()) {
    }
    const std::string took = duration_text(clock.now().number);
    if (waiting.empty()) {
      log.add(LogLevel::info, "init: the bonds have carrier after " + took + ", " + options_.next[0] + " starts");
    } else {
      log.add(LogLevel::warning,
              "init: " + waiting[0] + " has no carrier after " + took + ", " + options_.next[0] + " starts without it");
    }
  }

  static constexpr int request_signal = 15;  // SIGTERM

  const Invocation& invocation_;
  const bool first_ = lnx::is_first_process();
  InitOptions options_;
  lnx::StageNotes notes_;
};

}  // namespace

int init(const Invocation& invocation) {
  Stage stage(invocation);
  const std::vector<std::string> wrong = stage.read_words();
  if (!wrong.empty() && !lnx::is_first_process()) return wrong_words(invocation, wrong[0]);
  return stage.run(wrong);
}

}  // namespace bondbox::cli
