// `bondbox run`: the daemon in the foreground.
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>

#include "firmware/cli/add.hpp"
#include "firmware/cli/configuration.hpp"
#include "firmware/cli/daemon_files.hpp"
#include "firmware/cli/rights.hpp"
#include "firmware/cli/succession.hpp"
#include "firmware/config/config_diff.hpp"
#include "firmware/config/module_words.hpp"
#include "firmware/control_protocol.hpp"
#include "firmware/log.hpp"
#include "firmware/runtime.hpp"
#include "firmware/saved_state.hpp"
#include "firmware/trace/flight_recorder.hpp"
#include "firmware/worker_pool.hpp"
#include "hal/linux/background.hpp"
#include "hal/linux/descriptors.hpp"
#include "hal/linux/linux_hardware.hpp"
#include "hal/linux/monotonic_clock.hpp"
#include "hal/linux/run_dir.hpp"
#include "hal/linux/stand_in.hpp"

namespace bondbox::cli {
namespace {

/// Of open files, with which it gets as far as saying what it cannot have.
constexpr std::size_t descriptors_least = 16;

/// What a bondbox has whose place is taken, and how it is to be taken.
struct Inheritance {
  TakingOver from;
  lnx::Handover handed;
  bool keep = false;       // the old one stays, for whoever watches it
  bool has_words = false;  // the configuration is this command's own
};

/// Everything a running bondbox is made of, in the order in which it comes and, backwards, goes.
class Daemon {
 public:
  Daemon(const Invocation& invocation, Configuration configuration, LogTarget log)
      : log_(log),
        configuration_(std::move(configuration)),
        hardware_(invocation.run_dir, [this](const std::string& text) { log_line(text); }),
        recorder_(hardware_, invocation.trace_file, writer_, [this](const std::string& text) { log_line(text); }),
        scheduler_(recorder_.hardware(), clock_, events_),
        executor_(
            scheduler_, [this] { return wall_clock(); },
            configuration_.file.empty() ? CommandExecutor::Reload{} : [this] { return reload(); }),
        succession_(invocation.run_dir, words_of(invocation, configuration_), log == LogTarget::standard_error,
                    {scheduler_, runtime_, hardware_, clock_, run_dir_,
                     [this](const std::string& text) { log_line(text, LogLevel::warning); },
                     [this] { return files_.is_settled(); },
                     [this] {
                       const auto& bytes = keeper_.bytes_now();
                       return std::string(bytes.begin(), bytes.end());
                     },
                     [this] { return keeper_.write_now(); }}),
        runtime_(scheduler_, clock_, executor_,
                 {[this] { after_steps(); }, [this] { reload_on_signal(); },
                  [this] {
                    return std::array{succession_.handle(), writer_.handle()};
                  },
                  [this](std::span<const std::string> words) { return files_.after_command(words); },
                  [this](const control::HeldAnswer& answer) { return files_.may_answer(answer); }}) {
    executor_.set_add([this](std::span<const std::string> words) { return add(words); });
    executor_.set_take_over([this](std::string_view version) {
      return files_.is_stuck()
                 ? Reply{1, "files in " + run_dir_.path() + " cannot be written now; it goes on by itself\n"}
                 : succession_.let_in(version);
    });
    executor_.set_privileges([this] { return rights_.status(); });
    executor_.set_page_drill([this] { return configuration_.config.page_drill; });
    executor_.set_service([this] {
      ServiceStatus status = runtime_.service();
      status.log_lines_lost = log_.lost();
      status.files = writer_.status();
      status.recorder = recorder_.status();
      status.log_to = log_target_name(log_.target());
      return status;
    });
    executor_.set_trace([this] { return recorder_.write_file(); });
    scheduler_.set_tape(recorder_.tape());
    events_.set_listener([this](const Event& event) {
      recorder_.heard(event);
      log_line(event_line(event), event.kind == EventKind::fault ? LogLevel::warning : LogLevel::info);
    });
  }

  ~Daemon() {
    if (succession_.is_others() || run_dir_.path().empty()) return;
    lnx::tell_supervisor("STOPPING=1");
    files_.remove_all();
  }

  Outcome start(const std::string& run_dir) {
    // Before everything that may fail for want of a right, so that it does so now and not in the first night.
    if (Outcome outcome = rights_.give_up(configuration_.config); !outcome.ok()) return outcome;
    if (!hardware_.is_usable().ok()) return hardware_.is_usable();
    if (Outcome outcome = run_dir_.open(run_dir); !outcome.ok()) return outcome;
    start_writer();
    start_recorder();
    // The lock is ours, so nobody serves the bonds that these speak of.
    files_.clear();
    const std::vector<BondConfig> bonds = recall();
    std::vector<lnx::WantedBond> wanted;
    wanted.reserve(bonds.size());
    for (const BondConfig& bond : bonds) wanted.push_back({bond.name, bond.ports});
    for (const std::string& line : hardware_.restore_leftovers(wanted)) log_line(line);
    start_loops();
    Outcome made = keeper_.add_bonds(bonds);
    for (const std::string& line : hardware_.end_adoption()) log_line(line);
    if (!made.ok()) return made;
    if (Outcome outcome = runtime_.start(run_dir_.file(control::socket_name)); !outcome.ok()) return outcome;
    tells_ready_ = true;
    files_.write_pid();
    return Outcome::done();
  }

  /// The same with what another process has, which ends then. Refused, that one goes on as if nothing had happened.
  Outcome take_over(Inheritance& other) {
    if (Outcome outcome = rights_.give_up(configuration_.config); !outcome.ok()) return outcome;
    if (!hardware_.is_usable().ok()) return hardware_.is_usable();
    start_writer();
    start_loops();
    Outcome outcome =
        succession_.take_over(other.from, other.handed, other.keep, [this] { return go_on_with_bonds(); });
    if (!outcome.ok()) return outcome;
    hardware_.end_takeover();
    if (other.has_words) apply_given();
    files_.write_pid();
    return Outcome::done();
  }

  /// `ready` is called when whoever waits for the start can go on.
  void run(std::function<void()> ready) {
    log_.flush();  // before anybody is answered
    files_.when_known([this, ready = std::move(ready)] {
      if (tells_ready_) lnx::tell_supervisor("READY=1");
      ready();
    });
    runtime_.run();
  }
  const Succession& succession() const noexcept { return succession_; }
  /// Why it does not run, after all that was said before it.
  void say_why_not(const std::string& reason) {
    if (log_.target() != LogTarget::standard_error) log_line(reason, LogLevel::error);
    log_.flush();
    if (!log_.is_kernel_log()) complain(reason);
  }

 private:
  static constexpr const char* state_file = "state/bonds";

  void start_recorder() { recorder_.start(run_dir_.file("trace"), wall_clock().tick_zero_ms, clock_.now()); }

  /// The bonds as they are to be made: those that go on from what they knew as they last ran.
  std::vector<BondConfig> recall(bool anyway = false) {
    return keeper_.recall(run_dir_.file(state_file), {hardware_.boot_id(), hardware_.namespace_inode()},
                          configuration_.config.bonds, anyway, succession_.state());
  }

  /// As they ran in the other process; anew, with the ports that were active, where that one's state is not understood.
  Outcome go_on_with_bonds() {
    start_recorder();
    std::vector<BondConfig> bonds = recall(true);
    for (BondConfig& bond : bonds)
      if (!keeper_.memory_of(bond.name)) bond.active_slave = succession_.active_before(bond.name);
    return keeper_.add_bonds(bonds);
  }

  /// What was asked for here, where it is not what ran.
  void apply_given() {
    Reply reply;
    scheduler_.step([&](Tick) { reply = apply(configuration_.config); });
    if (reply.exit_status == exit_done) keeper_.note_configured(configuration_.config.bonds);
    log_.add(reply.exit_status == exit_done ? LogLevel::info : LogLevel::error, reply.text);
  }

  void log_line(std::string_view text, LogLevel level = LogLevel::info) { log_.add(level, text); }

  void after_steps() {
    writer_.take_results();
    if (succession_.look()) return runtime_.stop();
    rights_.tell_refused_calls();
    log_.flush();
    if (succession_.is_last_moment()) return;
    recorder_.after_steps(scheduler_);
    files_.after_steps();
  }

  /// After the rights are given up: a thread has those of the one that starts it.
  void start_writer() {
    if (const Outcome outcome = writer_.start(); !outcome.ok()) log_line(outcome.reason, LogLevel::warning);
  }

  void start_loops() {
    const std::size_t wanted = configuration_.config.loops;
    const std::size_t loops = wanted == loops_automatic ? automatic_loops(lnx::usable_cpus()) : wanted;
    // Forwarding goes on with those that could be had.
    if (const Outcome outcome = pool_.start(loops); !outcome.ok()) log_line(outcome.reason);
    if (pool_.workers() != 0) scheduler_.set_loops(pool_);
  }

  /// Both clocks are read in whole milliseconds; only a difference that is more than that is a clock that was set.
  WallClock wall_clock() {
    const std::int64_t tick_zero_ms = lnx::wall_time_ms() - clock_.now().number;
    if (std::abs(tick_zero_ms - wall_.tick_zero_ms) > 2) wall_.tick_zero_ms = tick_zero_ms;
    return wall_;
  }

  Reply reload() {
    std::string unreadable;
    ConfigResult wanted = read_configuration_file(configuration_.file, unreadable);
    if (!unreadable.empty()) return {exit_failed, unreadable + "; nothing was changed\n"};
    if (!wanted.ok()) return {exit_failed, message_lines(wanted.errors, "") + "nothing was changed\n"};
    Reply reply;
    scheduler_.step([&](Tick) { reply = apply(wanted.config); });
    if (reply.exit_status == exit_done) keeper_.note_configured(wanted.config.bonds);
    reply.text = message_lines(wanted.warnings, "warning: ") + reply.text;
    if (reply.exit_status == exit_done) configuration_.config.page_drill = wanted.config.page_drill;
    if (wanted.config.loops != configuration_.config.loops) reply.text += "loops is read when bondbox starts\n";
    if (wanted.config.sandbox != configuration_.config.sandbox) reply.text += "sandbox is read when bondbox starts\n";
    if (wanted.config.readers != configuration_.config.readers) reply.text += "readers is read when bondbox starts\n";
    if (wanted.config.log != configuration_.config.log) reply.text += "log is read when bondbox starts\n";
    return reply;
  }

  /// As if the bond stood in the configuration as these words say, and all others as they run.
  Reply add(std::span<const std::string> words) {
    ConfigResult wanted = load_module_words(std::vector<std::string_view>(words.begin(), words.end()));
    if (!wanted.ok()) return {exit_failed, message_lines(wanted.errors, "")};
    const BondConfig& bond = wanted.config.bonds[0];
    Reply reply;
    scheduler_.step([&](Tick) {
      Config config = running_config();
      std::erase_if(config.bonds, [&](const BondConfig& other) { return other.name == bond.name; });
      config.bonds.push_back(bond);
      reply = apply(config);
      Bond* const running = scheduler_.find(bond.name);
      if (reply.exit_status == exit_done) keeper_.note_added(bond);
      if (reply.exit_status == exit_done && running != nullptr) running->stay();
    });
    return reply;
  }

  void reload_on_signal() {
    const Reply reply = reload();
    log_.add(reply.exit_status == exit_done ? LogLevel::info : LogLevel::error, reply.text);
  }

  Config running_config() const {
    Config running;
    for (const auto& bond : scheduler_.bonds()) running.bonds.push_back(bond->running_config());
    return running;
  }

  using ActivePorts = std::map<std::string, std::string>;

  ActivePorts active_ports() const {
    ActivePorts active;
    for (const auto& bond : scheduler_.bonds()) active[bond->name()] = bond->active_port_name();
    return active;
  }

  Reply apply(const Config& wanted) {
    const Config before = running_config();
    const ActivePorts active = active_ports();
    const std::vector<Change> changes = diff_config(before, wanted);
    Reply reply;
    for (const Change& change : changes) {
      const Outcome outcome = apply(change, wanted);
      if (outcome.ok()) {
        reply.text += change.text() + "\n";
        continue;
      }
      return {exit_failed, change.text() + ": " + refusal_text(outcome) + "; " + take_back(before, active)};
    }
    if (reply.text.empty()) reply.text = "nothing changed\n";
    return reply;
  }

  /// The steps from here to what ran. Says that it runs again, or what of it does not.
  std::string take_back(const Config& before, const ActivePorts& active) {
    std::string failures;
    const auto note = [&failures](const std::string& what, const Outcome& outcome) {
      if (!outcome.ok()) failures += "  " + what + ": " + refusal_text(outcome) + "\n";
    };
    for (const Change& back : diff_config(running_config(), before)) {
      // To unset it means to choose again; restore() knows which port was active.
      if (back.name == "active_slave" && back.to.empty()) continue;
      note(back.text(), apply(back, before));
    }
    for (const BondConfig& config : before.bonds) {
      Bond* const bond = scheduler_.find(config.name);
      if (bond != nullptr) note(config.name, bond->restore(config, active.at(config.name)));
    }
    return failures.empty() ? "everything is as it was\n" : "not everything is as it was:\n" + failures;
  }

  Outcome apply(const Change& change, const Config& config) {
    if (change.kind == Change::Kind::remove_bond) {
      scheduler_.remove_bond(change.bond);
      return Outcome::done();
    }
    if (change.kind == Change::Kind::add_bond) return scheduler_.add_bond(*config.find(change.bond));
    Bond* const bond = scheduler_.find(change.bond);
    return bond != nullptr ? bond->change(change) : Outcome::done();
  }

  Log log_;  // the first to come and the last to go: whoever goes has something to say
  Configuration configuration_;
  lnx::RunDir run_dir_;
  FileWriter writer_;  // what is left to be written at the end is, before the lock goes
  lnx::MonotonicClock clock_;
  EventLog events_;
  lnx::LinuxHardware hardware_;
  trace::FlightRecorder recorder_;
  WorkerPool pool_;  // outlives the bonds
  Scheduler scheduler_;
  CommandExecutor executor_;
  DaemonFiles files_{{run_dir_, writer_, scheduler_, clock_, hardware_, runtime_, recorder_,
                      [this](const std::string& text, LogLevel level) { log_line(text, level); }}};
  StateKeeper& keeper_ = files_.keeper();
  Succession succession_;
  Runtime runtime_;
  Rights rights_{hardware_, runtime_, [this](LogLevel level, const std::string& text) { log_line(text, level); }};
  WallClock wall_;
  bool tells_ready_ = false;  // to whoever started it; a successor is made known by the one before it
};

/// Starts and runs to its end; with a background, tells it how the start went.
int serve(const Invocation& invocation, Configuration configuration, LogTarget log, lnx::Background& background,
          Inheritance* other = nullptr) {
  int successor = 0;
  {
    Daemon daemon(invocation, std::move(configuration), log);
    const Outcome started = other != nullptr ? daemon.take_over(*other) : daemon.start(invocation.run_dir);
    const bool watched = !background.is_split();
    if (!started.ok()) {
      background.tell(started);
      daemon.say_why_not(started.reason);
      return exit_failed;
    }
    daemon.run([&background] { background.tell(Outcome::done()); });
    if (watched && daemon.succession().is_kept()) successor = daemon.succession().successor();
  }
  return successor != 0 ? lnx::stand_in(successor, invocation.run_dir) : exit_done;
}

/// Takes the place of the one that runs; where none does, a start like any other.
int succeed(Invocation invocation, std::optional<LogTarget> asked, LogTarget log, lnx::Background& background,
            bool keep) {
  Inheritance other{.from = {}, .handed = {}, .keep = keep, .has_words = !invocation.words.empty()};
  Outcome outcome = other.from.begin(invocation.run_dir);
  const bool alone = outcome.error == ECONNREFUSED && !keep;
  if (outcome.ok()) outcome = other.from.come_in(other.handed);
  if (!outcome.ok() && !alone) {
    background.tell(outcome);
    complain(outcome.reason);
    return exit_failed;
  }
  if (!alone && !other.has_words) invocation.words = words_from(other.handed.fact("words"));
  if (keep && other.handed.has("stderr")) {
    lnx::use_as_stderr(other.handed.take("stderr"));
    log = LogTarget::standard_error;
  }
  auto read = read_configuration(invocation, true);
  if (!read.configuration) {
    background.tell(Outcome::failed(EINVAL, "the configuration of the one that runs is refused now"));
    return read.exit_status;
  }
  log = asked.value_or(read.configuration->config.log.value_or(log));
  return serve(invocation, std::move(*read.configuration), log, background, alone ? nullptr : &other);
}

/// "--takeover" or "--takeover=keep" out of the words.
enum class Takeover { no, yes, keep };
Takeover take_takeover(std::vector<std::string>& words) {
  const bool keeps = std::erase(words, "--takeover=keep") != 0;
  const bool takes = std::erase(words, "--takeover") != 0;
  return keeps ? Takeover::keep : takes ? Takeover::yes : Takeover::no;
}

}  // namespace

int run(const Invocation& invocation) {
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow (ulimit -f) is an error of whoever writes it, and no end
  Invocation rest = invocation;
  const bool in_background = std::erase(rest.words, "--background") + std::erase(rest.words, "-b") != 0;
  const Takeover takeover = take_takeover(rest.words);
  // Of the background nobody sees what it says on stderr.
  LogTarget log = in_background ? LogTarget::kernel_log : LogTarget::standard_error;
  std::optional<LogTarget> asked;
  if (const auto wrong = take_log_target(rest.words, asked)) return wrong_words(invocation, *wrong);
  if (const auto wrong = trace::take_file(rest.words, rest.trace_file)) return wrong_words(invocation, *wrong);
  ConfigurationOrExit read;
  if (takeover == Takeover::no || !rest.words.empty()) {
    read = read_configuration(rest, true);
    if (!read.configuration) return read.exit_status;
  }
  if (const std::size_t most = lnx::descriptors_max(); most < descriptors_least) {
    complain("it may have " + std::to_string(most) + " files open, and needs " + std::to_string(descriptors_least) +
             " and some for each port: ulimit -n");
    return exit_failed;
  }
  lnx::Background background;
  if (in_background) {
    if (const auto begun = background.split()) {
      if (!begun->ok()) complain(begun->reason);
      return begun->ok() ? exit_done : exit_failed;
    }
  }
  if (takeover != Takeover::no) return succeed(std::move(rest), asked, log, background, takeover == Takeover::keep);
  log = asked.value_or(read.configuration->config.log.value_or(log));
  return serve(rest, std::move(*read.configuration), log, background);
}

int serve_in_background(const Invocation& invocation, Config config, lnx::Background& background) {
  const LogTarget log = config.log.value_or(LogTarget::kernel_log);
  return serve(invocation, {std::move(config), {}}, log, background);
}

}  // namespace bondbox::cli
