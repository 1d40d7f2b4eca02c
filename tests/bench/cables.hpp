// The cables between an appliance and its peer, and hands that pull them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hal/linux/interfaces.hpp"
#include "hal/linux/unique_fd.hpp"
#include "tests/lab/support/namespace.hpp"

namespace bondbox::bench {

/// How a cable is pulled.
enum class PullKind : std::uint8_t {
  far_end,   ///< the peer's end is set down: the appliance's port loses its carrier
  near_end,  ///< the appliance's own interface is set down
  removal,   ///< the appliance's interface is deleted; it is laid again to be put back
};

struct Cable {
  std::string near_end;  ///< the appliance's interface
  std::string far_end;   ///< the peer's
  int index = 0;         ///< of both interfaces, when it is laid again; equal, or the kernel tells of links too soon
  std::string peer_of;   ///< the far end is a port of this bridge in the peer's namespace; empty: of none
};

class Cables {
 public:
  /// Throws std::runtime_error where it cannot reach them.
  Cables(const lab::Namespace& box, const lab::Namespace& town, std::vector<Cable> cables);

  /// The cable that most packets of the next milliseconds cross.
  std::size_t carrying() const;
  void pull(std::size_t cable, PullKind kind);
  void put_back(std::size_t cable, PullKind kind);

 private:
  std::vector<std::uint64_t> count() const;

  const lab::Namespace& box_space_;
  const lab::Namespace& town_space_;
  std::vector<Cable> cables_;
  lnx::Interfaces town_;
  lnx::Interfaces box_;
  lnx::UniqueFd counters_;
};

}  // namespace bondbox::bench
