// The bonds as a part of an HTML page: everything that is known, drawn and in words. What is wrong stands first. The
// page's script (page.js) refreshes numbers in it and asks for a new one when anything else has changed.
#pragma once

#include <span>
#include <string>

#include "firmware/bond_status.hpp"
#include "firmware/render.hpp"

namespace bondbox::page {

/// How a bond or a port is, as the page shows it: by shape, by word and by colour.
struct Look {
  const char* kind;  ///< ok, idle, warn, bad or gone: the class in page.css and the shape in page.html
  const char* word;
};
Look look_of(const BondStatus& bond);
Look look_of(const BondStatus& bond, const PortStatus& port);
inline constexpr Look look_of_awaited{"gone", "not there"};

/// A `<main>` element. `events` may be null. `drills`: with a button for each port whose link may be taken away.
std::string render_main(std::span<const BondStatus> bonds, const WallClock& wall, const EventLog* events, bool drills);

/// An `<svg>`: the bond, its ports, and a cable from each to what it does.
std::string draw_wiring(const BondStatus& bond);

/// "1 Gbit/s", "2.5 Gbit/s", "100 Mbit/s"; empty: unknown.
std::string speed_text(std::uint32_t mbps);
/// "999 B", "1.2 kB", "34 MB"
std::string bytes_text(std::uint64_t bytes);

}  // namespace bondbox::page
