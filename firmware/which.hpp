// Which port a frame from the host leaves on, why, and where it would go if that port died: one line a frame, read from
// a plan without changing anything.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/bond_status.hpp"
#include "firmware/flow.hpp"
#include "firmware/foresight.hpp"
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
  /// What there would be without a port; empty: that is not told.
  std::function<std::unique_ptr<Foresight>(PortId)> foresee = {};
  /// What was asked of it already, and how long after the loss another port can send.
  struct Without {
    std::shared_ptr<Foresight> foresight;
    Ticks after{};
  };
  std::map<std::uint8_t, Without> without = {};

  static WhichPlan of(const BondStatus& bond);

  template <class A>
  void archive(A& a) {
    a(plan, ports, turns);
  }
};

/// Where one frame from the host leaves.
struct WhichAnswer {
  PortList ports;     ///< none: it does not, or only chance decides
  std::string why;    ///< half a sentence
  std::string after;  ///< "if eth1 dies it moves to eth0"; empty: nothing is told of that
};

/// A frame that takes a turn is counted in `at.turns`, so that the next one has the next turn.
WhichAnswer which_port(wire::Bytes frame, WhichPlan& at);

/// "NUMBER TAB INDEX TAB NAME TAB WHY\n", and in WHY behind a semicolon "if eth1 dies it moves to eth0". Several ports
/// are joined by "+"; "-" stands for none, for one that only chance decides, and for a name that is not known. A frame
/// that takes a turn is counted in `at.turns`, so that the next one has the next turn. A VLAN tag is treated as the
/// forwarder treats it: taken off before anything is hashed.
std::string which_line(std::uint64_t number, wire::Bytes frame, WhichPlan& at);

/// The same for a flow, of which not all is known: a port is told when it is the same whatever that may be, else what
/// it depends on. `own_mac` is the source's address unless the flow says otherwise.
std::string which_flow_line(std::uint64_t number, Flow flow, std::optional<MacAddress> own_mac, WhichPlan& at);

/// Pairs of hex digits, with blanks or colons between pairs; nullopt for anything else, and for no pair.
std::optional<std::vector<std::uint8_t>> parse_hex(std::string_view text);
/// The same as digits alone.
std::string hex_text(wire::Bytes bytes);

/// As much of a frame as is asked a running bond about: no header that counts lies beyond it.
inline constexpr std::size_t which_bytes_max = 1900;

/// The command "which" of a running bond, without its bond: the number of the first frame; the turns taken by the
/// frames before it, or "-" to begin where the bond is; then the frames as hex_text(). Or parse_flow_words()'s words.
struct WhichRequest {
  std::uint64_t first = 1;
  std::optional<std::uint32_t> turns;
  std::vector<std::vector<std::uint8_t>> frames;
  std::optional<Flow> flow;  ///< instead

  /// nullopt: `wrong` says what is expected.
  static std::optional<WhichRequest> parse(std::span<const std::string> words, std::string& wrong);
};

/// The answer: a line "TURNS GENERATION" for the next request (the plan's generation tells whether it is still the
/// same), then a line for each frame; of a flow its line alone.
std::string answer_which(const WhichRequest& request, const BondStatus& bond,
                         std::function<std::unique_ptr<Foresight>(PortId)> foresee = {});

}  // namespace bondbox
