// A bond's state as text: for eyes, for programs that read the kernel's file, and as JSON.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/bond_status.hpp"
#include "firmware/option_table.hpp"
#include "firmware/privilege_status.hpp"
#include "firmware/service_status.hpp"

namespace bondbox {

enum class StatusFormat : std::uint8_t { text, proc, json, prometheus, openmetrics, html };

inline constexpr const char* status_format_names = "text, proc, json, prometheus, openmetrics, html";
/// By its name; nullopt for anything else.
std::optional<StatusFormat> parse_status_format(std::string_view name);

/// Where ticks are in wall-clock time: milliseconds since 1970 at tick 0.
struct WallClock {
  std::int64_t tick_zero_ms = 0;
  std::int64_t at(Tick tick) const noexcept { return tick_zero_ms + tick.number; }
};

/// "2026-11-23T14:03:07.250Z", of milliseconds since 1970.
std::string wall_text(std::int64_t wall_ms);

/// Something is not as configured: no carrier, a port without link or not there, or (802.3ad) with link and not
/// aggregated.
bool is_degraded(const BondStatus& bond);

/// Who reads the kernel's text: it shows both ends' LACP details to those with CAP_NET_ADMIN alone, because whoever
/// knows them can forge LACPDUs.
enum class ProcReader : std::uint8_t { admin, anybody };

/// One file of the bonding driver's part of /sys/class/net, or a symbolic link there.
struct SysfsEntry {
  std::string path;  ///< below /sys/class/net: "bond0/bonding/mode", "bond0/lower_eth0", "eth0/bonding_slave/state"
  std::string text;  ///< what is in it; of a link where it leads
  bool is_link = false;
};

/// What sysfs has of the bond and its ports, as the driver makes it; `options` are the bond's at the same moment.
std::vector<SysfsEntry> render_sysfs(const BondStatus& bond, const OptionTarget& options);

/// The kernel driver's /proc/net/bonding/BOND, byte for byte but for the version after "v".
std::string render_proc(const BondStatus& bond, ProcReader reader = ProcReader::admin);

/// For a person at an 80-column serial console: what is wrong comes first. With a clock it says since when.
std::string render_text(const BondStatus& bond, const WallClock* wall = nullptr);

/// {"version": 1, "scheduler": {...}, "bonds": [{...}]}; the keys are described in ARCHITECTURE.md. `privileges` and
/// `service` may be null: of a simulation. With a log each bond has the latest of its events.
std::string render_json(std::span<const BondStatus> bonds, const SchedulerStatus& scheduler, const WallClock& wall,
                        const PrivilegeStatus* privileges = nullptr, const EventLog* events = nullptr,
                        const ServiceStatus* service = nullptr);

/// {"version": 1, "error": "..."}: in place of the bonds, for whoever expects JSON.
std::string json_error(std::string_view why);

/// Prometheus' text format 0.0.4, which exporters read from files, or OpenMetrics 1.0: the same metrics, in two
/// namings.
enum class MetricsForm : std::uint8_t { prometheus, openmetrics };

/// Metrics of all bonds: bondbox_* with labels bond, port and, for lost frames, reason.
std::string render_prometheus(std::span<const BondStatus> bonds, const SchedulerStatus& scheduler, MetricsForm form);

/// One event as a line: wall time (UTC), tick, the event in the kernel's form, the outage where one ended.
std::string render_event(const Event& event, const WallClock& wall);
/// "; eth0 has no link": what stands behind an event's sentence, of which a "!" is end enough. Empty without a cause.
std::string event_cause(const Event& event);
/// The same as a JSON object in a line, with the keys of status and "bond".
std::string render_event_json(const Event& event, const WallClock& wall);

}  // namespace bondbox
