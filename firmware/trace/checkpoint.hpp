// A checkpoint of a trace: all that what the bonds decide from here on hangs on, between two steps.
//
// That is more than what a restart goes on from (Bond::save): also what has been read of NICs and the host's interface,
// for only what is read otherwise stands in a trace. It is also less: nothing of it comes from frames that passed by,
// so that whoever replays comes to the same bytes.
#pragma once

#include <cstdint>
#include <vector>

#include "firmware/scheduler.hpp"
#include "firmware/trace/taped_hardware.hpp"
#include "hal/outcome.hpp"

namespace bondbox::trace {

/// Above this a segment is begun without one.
inline constexpr std::size_t checkpoint_max = 1024 * 1024;

/// Replaces `bytes`. False: something waits for the next step, or there is too much.
bool write_checkpoint(Scheduler& scheduler, TapedHardware& hardware, std::vector<std::uint8_t>& bytes);

/// For a scheduler that has nothing yet. EBADMSG: it is of another layout, or makes no sense.
Outcome read_checkpoint(wire::Bytes bytes, Scheduler& scheduler, TapedHardware& hardware);

}  // namespace bondbox::trace
