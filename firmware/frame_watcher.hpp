// Who looks on at what ports receive, beside the way of the frames.
#pragma once

#include "hal/packet.hpp"
#include "hal/wire/ids.hpp"
#include "policies/plan.hpp"

namespace bondbox {

class FrameWatcher {
 public:
  /// What came in by `port`, before its rule admits it or does not. Changes nothing.
  virtual void see(PortId port, const PacketBatch& batch, const PortRule& rule) = 0;

 protected:
  ~FrameWatcher() = default;
};

}  // namespace bondbox
