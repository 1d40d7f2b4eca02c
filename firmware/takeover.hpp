// A daemon's place taken by another process while the bonds carry on: the conversation of the two, without what they
// talk about. ARCHITECTURE.md, "Takeover", has the order and why it is so.
//
//   new                                    old
//   "takeover VERSION" by the control socket
//                                          opens a door for it, tells where
//   comes in                               gives descriptors and facts, works on
//   "ready"                                stands still between two steps, gives facts and state again
//   "restored"                             "yours": from here on it does not go on by itself
//   carries; "carrying"                    ends without undoing anything
//
// Until "yours" the old one goes on, as if nothing had happened, when the new one goes, stalls or says anything else;
// after it, when the new one has gone.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "hal/linux/handover.hpp"
#include "hal/outcome.hpp"

namespace bondbox {

inline constexpr const char* takeover_version = "1";

/// The old process's side.
class HandingOver {
 public:
  struct Hooks {
    std::function<void(lnx::Handover&)> give;        ///< all that the new one needs; called twice
    std::function<bool()> settle;                    ///< asked until it says true, for 4 s: then stand_still()
    std::function<Outcome()> stand_still;            ///< what it has is given next; a refusal ends it
    std::function<void(lnx::Handover&)> give_state;  ///< as it stands still, beside what give() tells then
    std::function<void()> go_on;                     ///< after stand_still(), when it came to nothing
    std::function<void(const std::string&)> say;     ///< one sentence for the log
  };

  HandingOver(std::string socket_path, Hooks hooks) : path_(std::move(socket_path)), hooks_(std::move(hooks)) {}

  /// Lets one process come in, for a few seconds. EBUSY: one is coming already.
  Outcome begin(std::int64_t now_ms);
  /// What wakes it; -1 where it waits for nobody.
  int handle() const noexcept { return channel_.is_open() ? channel_.handle() : door_.handle(); }
  bool is_busy() const noexcept { return door_.is_open() || channel_.is_open(); }
  /// The other one is ready, and waits: nothing that would have to be ended is to be begun.
  bool is_about_to() const noexcept { return ready_; }
  /// To be called between steps, when handle() is readable and now and then. True: the new process carries, and this
  /// one is to end without undoing anything. Stands still for 2 s at most.
  bool turn(std::int64_t now_ms);
  /// The new process; 0: none has carried yet.
  int successor() const noexcept { return successor_; }
  /// What the new process has said of itself with its "ready": words, each with a space behind it.
  bool said(std::string_view word) const noexcept { return said_.find(word) != std::string::npos; }

 private:
  void end(const std::string& why);
  bool go_still(std::int64_t now_ms);
  bool pass_on();
  Outcome agree();

  std::string path_;
  Hooks hooks_;
  lnx::HandoverDoor door_;
  lnx::HandoverChannel channel_;
  std::int64_t until_ms_ = 0;
  int successor_ = 0;
  bool ready_ = false;  ///< the other one is
  std::string said_;
};

/// The new process's side. Each call waits for the old one, a bounded time.
class TakingOver {
 public:
  /// ECONNREFUSED: no bondbox is running with this run directory.
  Outcome begin(const std::string& run_dir);
  /// What it gives while it works on.
  Outcome come_in(lnx::Handover& handover);
  /// It stands still from here on, and gives again what may have changed. ESTALE: it cannot, now.
  /// `about`: what it should know of this one.
  Outcome ready(lnx::Handover& handover, std::string_view about = {});
  /// What it knew is known here. Done: the bonds are this process's, and the old one does not go on by itself.
  Outcome restored();
  /// They are carried. The old one ends.
  void carrying();

 private:
  lnx::HandoverChannel channel_;
};

}  // namespace bondbox
