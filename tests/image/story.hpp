// What is told of each way to start: the machine boots, its bond carries, the cable of the active port is pulled and
// put back, the machine is switched off. Machines boot slowly under emulation, so two stories are told side by side.
#pragma once

#include <optional>
#include <string>

#include "tests/image/support/machine.hpp"

namespace bondbox::image {

struct Story {
  std::string trouble;          ///< what did not happen, with all that the console showed; empty: all happened
  std::string before;           ///< the kernel's status text with both cables in place
  std::string pulled;           ///< the same with eth0's cable pulled
  std::string back;             ///< and with that cable back
  std::string status;           ///< `bondbox status` typed while the cable was pulled
  std::string page;             ///< the status page at that time, as the far side gets it; where a web server runs
  std::string ping;             ///< what the machine's own ping to the far side printed; empty without a shell
  std::string rights;           ///< what the kernel says the daemon may do, what it was refused; empty without a shell
  std::string upgrade;          ///< what `bondbox upgrade` printed, and its exit status; empty without a shell
  std::string console;          ///< all that the first serial line showed
  std::size_t pings = 0;        ///< sent to the machine while the cable was pulled and put back, one each 20 ms
  std::size_t lost_pulled = 0;  ///< of them, never answered: from the pull until the next event
  std::size_t lost_back = 0;    ///< the same from putting it back
  std::optional<int> end;       ///< QEMU's exit status after the machine was switched off
};

/// Where there is a shell the words are typed there, else into bondbox's own console. Never throws.
Story tell_story(const std::string& board, const std::string& way);

/// The same of qemu-x86_64, told once; the first who asks for one of a pair has both told side by side.
const Story& story_of(const std::string& way);

}  // namespace bondbox::image
