// Where a contestant is measured: an appliance with two cables into a bridge of its peer's namespace.
//
//   box: bond0 (or eth0) 192.168.10.52      town: switch 192.168.10.254 (a bridge)
//        eth0 -------- cable 0 -------- port0
//        eth1 -------- cable 1 -------- port1
#pragma once

#include <cstdint>
#include <string>

#include "tests/bench/traffic.hpp"
#include "tests/lab/support/namespace.hpp"

namespace bondbox::bench {

struct Street {
  static constexpr const char* box_address = "192.168.10.52";
  static constexpr const char* town_address = "192.168.10.254";

  lab::Namespace box;
  lab::Namespace town;

  /// Cables of this many ports, eth0.. in the box, all down there.
  explicit Street(int cables = 2);

  Way out() const { return {box, town, town_address}; }
  Way in() const { return {town, box, box_address}; }

  /// The stack of the appliance must not see, nor answer, what comes in on the ports: a filter that drops all after
  /// packet sockets have had their copy. For contestants that do not see to it themselves.
  void fence_ports() const;
};

/// Bytes and packets that the cables carried between two moments, seen at the peer's end.
class CableWatch {
 public:
  explicit CableWatch(const Street& street);
  /// Throws when the cables carried less than so many bytes in this direction since: then the traffic took a short cut
  /// past them, and its figures mean nothing.
  void must_have_carried(double bytes, bool out) const;

 private:
  const Street& street_;
  std::uint64_t out_before_;
  std::uint64_t in_before_;
};

}  // namespace bondbox::bench
