#include "firmware/cli/succession.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include "firmware/control_client.hpp"
#include "firmware/control_protocol.hpp"
#include "firmware/text.hpp"
#include "hal/linux/background.hpp"
#include "hal/linux/bpf_handover.hpp"
#include "hal/linux/child_processes.hpp"
#include "hal/linux/control_group.hpp"
#include "hal/linux/left_bonds.hpp"
#include "hal/linux/log_stream.hpp"
#include "hal/linux/state_file.hpp"

namespace bondbox::cli {
namespace {

std::string active_key(std::string_view bond) {
  return "bond/" + std::string(bond) + "/active";
}

/// By which a process tells that it has the same programs for the kernel.
std::string below_word() {
  return "below=" + std::to_string(lnx::bpf_signature()) + " ";
}

}  // namespace

Succession::Succession(const std::string& run_dir, std::string words, bool logs_to_stderr, Parts parts)
    : run_dir_(run_dir),
      words_(std::move(words)),
      logs_to_stderr_(logs_to_stderr),
      parts_(std::move(parts)),
      door_(run_dir, {[this](lnx::Handover& handover) { give(handover); }, [this] { return parts_.settle(); },
                      [this] { return stand_still(); }, [this](lnx::Handover& handover) { give_state(handover); },
                      [this] {
                        go_on();
                        parts_.run_dir.own_lock();  // the other one may have had it
                      },
                      [this](const std::string& text) { parts_.say(text); }}) {}

Reply Succession::let_in(std::string_view version) {
  if (version != takeover_version)
    return {exit_failed, "this bondbox hands over by version " + std::string(takeover_version) +
                             " of the protocol, not by " + std::string(version) + "\n"};
  const Outcome outcome = door_.begin(lnx::monotonic_ms());
  return outcome.ok() ? Reply{exit_done, {}} : Reply{exit_failed, outcome.reason + "\n"};
}

bool Succession::look() {
  if (!door_.is_busy() || !door_.turn(lnx::monotonic_ms())) return false;
  parts_.say("process " + std::to_string(successor()) + " carries on");
  let_go();
  tell_supervisor();
  return true;
}

/// One that can be told whom to watch needs nobody in the place of the old one, if it finds the new one where the
/// service's processes are.
void Succession::tell_supervisor() {
  // Who has it from a shell's environment is not the one that is watched there.
  const bool is_watched = !lnx::supervisor_socket().empty() && lnx::is_started_by_first_process();
  const bool is_told = is_watched && lnx::shares_control_groups(successor());
  stays_ = door_.said(keep_word) && !is_told;
  if (stays_) return;
  constexpr int orphaned_limit_ms = 1'000;
  if (is_told) lnx::wait_until_orphaned(successor(), orphaned_limit_ms);
  lnx::tell_supervisor("MAINPID=" + std::to_string(successor()));
}

void Succession::give(lnx::Handover& handover) {
  given_version_ = parts_.scheduler.handles_version();
  parts_.hardware.give(handover);
  given_descriptors_ = handover.lent().size();
  handover.lend("lock", parts_.run_dir.lock_handle());
  handover.lend("control", parts_.runtime.control_socket());
  if (logs_to_stderr_) handover.lend("stderr", lnx::stderr_handle());
  handover.note("clock", parts_.clock.begins_at_ms());
  handover.note("words", words_);
  handover.note("supervisor", lnx::supervisor_socket());
  handover.note("since", still_since_us_);
  handover.note("pid", lnx::own_process_id());
  handover.note("namespace", parts_.hardware.namespace_number());
  for (const auto& bond : parts_.scheduler.bonds()) handover.note(active_key(bond->name()), bond->active_port_name());
}

/// Frames that were punted when the last step ended belong to it still.
Outcome Succession::stand_still() {
  lnx::Handover now;
  parts_.hardware.give(now);
  if (parts_.scheduler.handles_version() != given_version_ || now.lent().size() != given_descriptors_)
    return Outcome::failed(EAGAIN, "the bonds have just changed");
  still_since_us_ = lnx::monotonic_us();
  const bool same_programs = door_.said(below_word());
  for (const auto& bond : parts_.scheduler.bonds()) bond->stand_still(same_programs);
  constexpr int steps_max = 4;
  for (int i = 0; i < steps_max && parts_.scheduler.step(); ++i) {
  }
  given_state_.reset();
  if (door_.said(state_word)) {
    if (Result<lnx::UniqueFd> state = lnx::bytes_as_descriptor(parts_.state()); state.ok())
      given_state_ = std::move(state.value());
  }
  // Without any of it the bonds begin anew there, with the ports that were active.
  if (!given_state_.valid()) (void)parts_.write_state();
  return Outcome::done();
}

void Succession::give_state(lnx::Handover& handover) const {
  handover.lend("state", given_state_.get());
}

void Succession::go_on() {
  for (const auto& bond : parts_.scheduler.bonds()) bond->go_on();
}

void Succession::let_go() {
  is_others_ = true;
  parts_.hardware.let_go();
  parts_.runtime.let_go();
  for (const auto& bond : parts_.scheduler.bonds()) bond->let_go();
}

std::string Succession::active_before(const std::string& bond) const {
  return std::string(parts_.hardware.handed().fact(active_key(bond)));
}

Outcome Succession::take_over(TakingOver& other, lnx::Handover& handed, bool keep,
                              const std::function<Outcome()>& make_bonds) {
  is_others_ = true;
  if (handed.number("namespace") != parts_.hardware.namespace_number())
    return Outcome::failed(EXDEV, "the bondbox that runs is in another network namespace than this one");
  const std::string about = below_word() + std::string(state_word) + std::string(keep ? keep_word : "");
  if (Outcome outcome = other.ready(handed, about); !outcome.ok()) return outcome;
  if (const lnx::UniqueFd fd = handed.take("state"); fd.valid()) {
    Result<std::string> state = lnx::bytes_of_descriptor(fd.get(), lnx::StateFile::size_max);
    if (!state.ok()) return state.failure();
    state_ = std::move(state.value());
  }
  if (keep && lnx::supervisor_socket().empty()) lnx::use_supervisor(std::string(handed.fact("supervisor")));
  parts_.hardware.let_go();
  parts_.clock.begin_at(handed.number("clock"));
  parts_.run_dir.take_over(run_dir_, handed.take("lock"));
  lnx::UniqueFd control = handed.take("control");
  const std::int64_t still_since_us = handed.number("since");
  const std::string pid(handed.fact("pid"));
  parts_.hardware.take(std::move(handed));
  Outcome outcome = make_bonds();
  if (outcome.ok() && parts_.hardware.handed().has_any("host/"))
    outcome = Outcome::failed(EINVAL, "a bond runs that is not in the configuration, and its state is not understood");
  if (outcome.ok()) outcome = parts_.runtime.take_over(parts_.run_dir.file(control::socket_name), std::move(control));
  if (outcome.ok()) outcome = other.restored();
  if (!outcome.ok()) {
    let_go();
    return outcome;
  }
  is_others_ = false;
  // Before the old one ends: who looks for the process that serves then must find this one.
  parts_.run_dir.own_lock();
  parts_.hardware.hold();
  parts_.scheduler.step();
  other.carrying();
  const std::string still = format("%.1f ms", static_cast<double>(lnx::monotonic_us() - still_since_us) / 1'000);
  parts_.say("in the place of process " + pid + "; nobody forwarded for " + still);
  go_on();
  return Outcome::done();
}

std::string words_of(const Invocation& invocation, const Configuration& configuration) {
  std::vector<std::string> words = invocation.words;
  if (!configuration.file.empty()) words = {"-c", lnx::absolute_path(configuration.file)};
  return control::encode_request(words);
}

std::vector<std::string> words_from(std::string_view text) {
  return control::decode_request(text).value_or(std::vector<std::string>{});
}

/// The successor is started from here and not by the daemon, which has no right to start programs: so it begins with
/// all the rights that a start takes, and what is wrong with it is told to who asked for it.
int upgrade(const Invocation& invocation) {
  if (invocation.words.size() > 1) return wrong_words(invocation, "upgrade takes one program");
  const std::string program = invocation.words.empty() ? lnx::own_program() : invocation.words[0];
  if (program.starts_with("-")) return wrong_words(invocation, "unknown option \"" + program + "\"");
  if (!control::is_listening(invocation.run_dir + "/" + control::socket_name)) {
    complain("no bondbox is running with " + invocation.run_dir);
    return exit_failed;
  }
  if (!lnx::is_program(program)) {
    complain(program + " is no program; nothing has changed");
    return exit_failed;
  }
  const int before = lnx::server_of(invocation.run_dir).pid;
  // Where it is typed, or which service's script does it, is no matter of the daemon's, and may end before it.
  lnx::join_control_groups_of(before);
  const int status =
      lnx::run_program({program, "run", "--takeover=keep", "--background", "--run-dir", invocation.run_dir});
  if (status < 0) {
    complain(program + " cannot be started: " + std::strerror(-status) + "; nothing has changed");
    return exit_failed;
  }
  if (status == exit_done && lnx::server_of(invocation.run_dir).pid == before) {
    complain(program + " is no bondbox that can take over; nothing has changed");
    return exit_failed;
  }
  return status;
}

}  // namespace bondbox::cli
