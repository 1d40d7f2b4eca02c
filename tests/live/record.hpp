// What was seen of one side, step by step, as lines of text:
//
//   result OK | EINVAL ...                  of what was written
//   readback TEXT                           of the option that was written
//   sent INDEX KIND > PORTS                 where a frame of `send` came out at the far ends; - is nowhere
//   got INDEX KIND COUNT                    how often the host got a frame of `receive`
//   heard PORT WHAT COUNT                   what else came out at the far ends
//   mac bond0 MAC e0 MAC ...
//   status LINE                             of the kernel's text
#pragma once

#include <string>
#include <vector>

namespace bondbox::live {

struct StepRecord {
  std::string step;
  int late_ms = 0;  ///< how far behind its time the step began or ended
  std::vector<std::string> lines;
};

using Record = std::vector<StepRecord>;

std::string to_text(const Record& record);
Record parse_record(const std::string& text);

}  // namespace bondbox::live
