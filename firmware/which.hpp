// Which port a frame from the host leaves on, and why: one line a frame, read from a plan without changing anything.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/bond_status.hpp"
#include "hal/wire/bytes.hpp"
#include "policies/plan.hpp"

namespace bondbox {

/// A plan, and what its ports are called.
struct WhichPlan {
  struct Port {
    PortId id;
    std::string name;  ///< empty: it has none

    template <class A>
    void archive(A& a) {
      a(id, name);
    }
  };

  ForwardingPlan plan;
  std::vector<Port> ports;  ///< in order of enslaving: a port's place here is its index
  std::uint32_t turns = 0;  ///< frames that have had their turn in round robin

  static WhichPlan of(const BondStatus& bond);

  template <class A>
  void archive(A& a) {
    a(plan, ports, turns);
  }
};

/// Where one frame from the host leaves.
struct WhichAnswer {
  PortList ports;   ///< none: it does not, or only chance decides
  std::string why;  ///< half a sentence
};

/// A frame that takes a turn is counted in `at.turns`, so that the next one has the next turn.
WhichAnswer which_port(wire::Bytes frame, WhichPlan& at);

/// "NUMBER TAB INDEX TAB NAME TAB WHY\n". Several ports are joined by "+"; "-" stands for none, for one that only
/// chance decides, and for a name that is not known. A frame that takes a turn is counted in `at.turns`, so that the
/// next one has the next turn. A VLAN tag is treated as the forwarder treats it: taken off before anything is hashed.
std::string which_line(std::uint64_t number, wire::Bytes frame, WhichPlan& at);

/// Pairs of hex digits, with blanks or colons between pairs; nullopt for anything else, and for no pair.
std::optional<std::vector<std::uint8_t>> parse_hex(std::string_view text);
/// The same as digits alone.
std::string hex_text(wire::Bytes bytes);

/// As much of a frame as is asked a running bond about: no header that counts lies beyond it.
inline constexpr std::size_t which_bytes_max = 1900;

/// The command "which" of a running bond, without its bond: the number of the first frame; the turns taken by the
/// frames before it, or "-" to begin where the bond is; then the frames as hex_text().
struct WhichRequest {
  std::uint64_t first = 1;
  std::optional<std::uint32_t> turns;
  std::vector<std::vector<std::uint8_t>> frames;

  /// nullopt: `wrong` says what is expected.
  static std::optional<WhichRequest> parse(std::span<const std::string> words, std::string& wrong);
};

/// The answer: a line "TURNS GENERATION" for the next request (the plan's generation tells whether it is still the
/// same), then a line for each frame.
std::string answer_which(const WhichRequest& request, const BondStatus& bond);

}  // namespace bondbox
