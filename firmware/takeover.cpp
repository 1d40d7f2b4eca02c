#include "firmware/takeover.hpp"

#include <array>
#include <cerrno>
#include <utility>

#include "firmware/control_client.hpp"
#include "firmware/control_protocol.hpp"
#include "hal/linux/child_processes.hpp"

namespace bondbox {
namespace {

constexpr int come_in_ms = 2'000;   // from the word to the door
constexpr int settle_ms = 4'000;    // from "ready" to standing still; the old one works on meanwhile
constexpr int prepare_ms = 10'000;  // from the door to "ready"; the old one works on meanwhile
constexpr int one_step_ms = 2'000;  // while the old one stands still
constexpr int old_side_ms = 5'000;  // more than what it waits by itself
constexpr int kill_signal = 9;
constexpr const char* door_name = "takeover.sock";

Outcome judge(const lnx::HandoverChannel::Message& message, std::string_view wanted) {
  if (message.word == wanted) return Outcome::done();
  if (message.word == "no") return Outcome::failed(ESTALE, message.text);
  return Outcome::failed(EBADMSG, "the other process did not say \"" + std::string(wanted) + "\"");
}

Outcome await(lnx::HandoverChannel& channel, std::string_view word, int timeout_ms) {
  const auto message = channel.receive(timeout_ms);
  return message.ok() ? judge(message.value(), word) : message.failure();
}

}  // namespace

Outcome HandingOver::begin(std::int64_t now_ms) {
  if (is_busy() && now_ms < until_ms_) return Outcome::failed(EBUSY, "another process is taking over already");
  channel_.close();
  ready_ = false;
  until_ms_ = now_ms + come_in_ms;
  return door_.open(path_ + "/" + door_name);
}

void HandingOver::end(const std::string& why) {
  door_.close();
  channel_.close();
  ready_ = false;
  hooks_.say("takeover: " + why + "; this process goes on");
}

bool HandingOver::turn(std::int64_t now_ms) {
  if (!is_busy()) return false;
  if (door_.is_open()) {
    auto let_in = door_.accept();
    if (let_in.ok()) {
      door_.close();
      channel_ = std::move(let_in.value());
      until_ms_ = now_ms + prepare_ms;
      lnx::Handover handover;
      hooks_.give(handover);
      if (const Outcome outcome = channel_.give(handover, one_step_ms); !outcome.ok()) end(outcome.reason);
    } else if (let_in.failure().error != EAGAIN || now_ms >= until_ms_) {
      end(let_in.failure().error != EAGAIN ? let_in.failure().reason : "nobody came");
    }
    return false;
  }
  if (ready_) return go_still(now_ms);
  auto message = channel_.receive(0);
  if (!message.ok() && message.failure().error == ETIMEDOUT) {
    if (now_ms >= until_ms_) end("the new process is not ready in time");
    return false;
  }
  if (Outcome outcome = message.ok() ? judge(message.value(), "ready") : message.failure(); !outcome.ok()) {
    end(outcome.reason);
    return false;
  }
  said_ = message.value().text;
  ready_ = true;
  until_ms_ = now_ms + settle_ms;
  return go_still(now_ms);
}

bool HandingOver::go_still(std::int64_t now_ms) {
  if (hooks_.settle()) return pass_on();
  if (now_ms < until_ms_) return false;
  const char* const why = "files are being written, and that takes long";
  (void)channel_.send("no", why, {}, one_step_ms);
  end(why);
  return false;
}

bool HandingOver::pass_on() {
  if (const Outcome outcome = hooks_.stand_still(); !outcome.ok()) {
    (void)channel_.send("no", outcome.reason, {}, one_step_ms);
    end(outcome.reason);
    return false;
  }
  const int pid = channel_.peer_pid();
  Outcome outcome = agree();
  if (outcome.ok()) {
    successor_ = pid;
    channel_.close();
    return true;
  }
  hooks_.go_on();
  end(outcome.reason);
  return false;
}

Outcome HandingOver::agree() {
  lnx::Handover handover;
  hooks_.give(handover);
  handover.return_lent();  // it has them already
  hooks_.give_state(handover);
  if (Outcome outcome = channel_.give(handover, one_step_ms); !outcome.ok()) return outcome;
  if (Outcome outcome = await(channel_, "restored", one_step_ms); !outcome.ok()) return outcome;
  if (Outcome outcome = channel_.send("yours", one_step_ms); !outcome.ok()) return outcome;
  Outcome outcome = await(channel_, "carrying", one_step_ms);
  if (outcome.ok()) return outcome;
  // It may carry, though it does not say so: two must not, so this one goes on only when that one is gone.
  for (int i = 0; i < 5; ++i) {
    lnx::signal_child(channel_.peer_pid(), kill_signal);
    if (channel_.has_ended(one_step_ms)) return outcome;
  }
  return Outcome::done();
}

Outcome TakingOver::begin(const std::string& run_dir) {
  const std::string socket = run_dir + "/" + control::socket_name;
  if (!control::is_listening(socket)) return Outcome::failed(ECONNREFUSED, "no bondbox is running with " + run_dir);
  const Reply reply = control::ask(socket, std::array<std::string, 2>{"takeover", takeover_version});
  if (reply.exit_status != 0)
    return Outcome::failed(EPROTO,
                           "the bondbox that runs does not hand over: " + reply.text.substr(0, reply.text.find('\n')));
  auto connected = lnx::HandoverChannel::connect(run_dir + "/" + door_name);
  if (!connected.ok()) return connected.failure();
  channel_ = std::move(connected.value());
  return Outcome::done();
}

Outcome TakingOver::come_in(lnx::Handover& handover) {
  return channel_.take(handover, old_side_ms);
}

Outcome TakingOver::ready(lnx::Handover& handover, std::string_view about) {
  if (Outcome outcome = channel_.send("ready", about, {}, old_side_ms); !outcome.ok()) return outcome;
  return channel_.take(handover, old_side_ms);
}

Outcome TakingOver::restored() {
  if (Outcome outcome = channel_.send("restored", old_side_ms); !outcome.ok()) return outcome;
  return await(channel_, "yours", old_side_ms);
}

void TakingOver::carrying() {
  (void)channel_.send("carrying", old_side_ms);
  channel_.close();
}

}  // namespace bondbox
