// Metrics for Prometheus, one table of what is told. Units are base units (seconds, bytes), counters
// end in _total (Prometheus' naming rules; OpenMetrics 1.0 names the family without it and ends with "# EOF").
#include "firmware/option_table.hpp"
#include "firmware/render.hpp"
#include "firmware/text.hpp"
#include "firmware/version.hpp"

namespace bondbox {
namespace {

enum class Kind : std::uint8_t { gauge, counter };

class Metrics {
 public:
  explicit Metrics(MetricsForm form) : form_(form) {}

  void family(std::string_view name, Kind kind, std::string_view help) {
    name_ = "bondbox_" + std::string(name);
    sample_ = kind == Kind::counter ? name_ + "_total" : name_;
    const std::string& declared = form_ == MetricsForm::openmetrics ? name_ : sample_;
    text_ += "# TYPE " + declared + (kind == Kind::counter ? " counter\n" : " gauge\n");
    text_ += "# HELP " + declared + " ";
    text_ += help;
    text_ += "\n";
  }

  /// `labels` as made by label().
  void sample(const std::string& labels, const std::string& value) {
    text_ += sample_ + (labels.empty() ? "" : "{" + labels + "}") + " " + value + "\n";
  }
  void sample(const std::string& labels, std::uint64_t value) { sample(labels, std::to_string(value)); }

  std::string end() {
    if (form_ == MetricsForm::openmetrics) text_ += "# EOF\n";
    return std::move(text_);
  }

 private:
  MetricsForm form_;
  std::string name_;
  std::string sample_;
  std::string text_;
};

/// name="value", with what must be escaped in the value.
std::string label(std::string_view name, std::string_view value) {
  std::string text(name);
  text += "=\"";
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
  return text + "\"";
}

std::string seconds(std::int64_t ms) {
  return format("%lld.%03lld", static_cast<long long>(ms / 1000), static_cast<long long>(ms % 1000));
}

std::string of(const BondStatus& bond) {
  return label("bond", bond.name);
}
std::string of(const BondStatus& bond, const PortStatus& port) {
  return of(bond) + "," + label("port", port.name);
}

struct BondMetric {
  const char* name;
  Kind kind;
  const char* help;
  std::uint64_t (*value)(const BondStatus&);
};

constexpr BondMetric bond_metrics[] = {
    {"bond_up", Kind::gauge, "1 when the bond has carrier",
     [](const BondStatus& b) { return std::uint64_t{b.carrier}; }},
    {"bond_degraded", Kind::gauge, "1 when something of it is not as configured",
     [](const BondStatus& b) { return std::uint64_t{is_degraded(b)}; }},
    {"bond_ports", Kind::gauge, "ports that are there",
     [](const BondStatus& b) { return std::uint64_t{b.ports.size()}; }},
    {"bond_ports_up", Kind::gauge, "ports with link",
     [](const BondStatus& b) {
       std::uint64_t up = 0;
       for (const PortStatus& port : b.ports) up += port.link == LinkState::up ? 1 : 0;
       return up;
     }},
    {"bond_ports_awaited", Kind::gauge, "configured ports whose interface is not there",
     [](const BondStatus& b) { return std::uint64_t{b.awaited.size()}; }},
    {"bond_failovers", Kind::counter, "changes from one active port to another",
     [](const BondStatus& b) { return b.failovers; }},
    {"bond_announcements", Kind::counter, "frames sent to tell neighbours where addresses are",
     [](const BondStatus& b) { return b.announcements; }},
    {"bond_plans", Kind::counter, "changes of the forwarding plan",
     [](const BondStatus& b) { return b.plan_generation; }},
    {"bond_offload_serving", Kind::gauge, "1 while frames are carried below the daemon",
     [](const BondStatus& b) { return std::uint64_t{b.offload.serving}; }},
};

/// Frames that the bond itself, or what is above it, did not carry on, by reason.
struct Reason {
  const char* name;
  std::uint64_t (*value)(const BondStatus&);
};
constexpr Reason bond_reasons[] = {
    {"no_port", [](const BondStatus& b) { return b.counters.tx_no_port; }},
    {"runt", [](const BondStatus& b) { return b.counters.tx_runt; }},
    {"punt_queue_full", [](const BondStatus& b) { return b.punts_lost; }},
    {"host_read_too_slowly", [](const BondStatus& b) { return b.host.receive_lost; }},
};

struct PortMetric {
  const char* name;
  Kind kind;
  const char* help;
  std::uint64_t (*value)(const PortStatus&);
};

constexpr PortMetric port_metrics[] = {
    {"port_up", Kind::gauge, "1 when the link is up, its delays over",
     [](const PortStatus& p) { return std::uint64_t{p.link == LinkState::up}; }},
    {"port_active", Kind::gauge, "1 for the active port of modes that have one",
     [](const PortStatus& p) { return std::uint64_t{p.active}; }},
    {"port_carries", Kind::gauge, "1 when traffic is sent on it",
     [](const PortStatus& p) { return std::uint64_t{p.carries}; }},
    {"port_carrier", Kind::gauge, "1 when its PHY has link, whatever other monitors say",
     [](const PortStatus& p) { return std::uint64_t{p.has_carrier}; }},
    {"port_in_drill", Kind::gauge, "1 while it is taken away for a drill",
     [](const PortStatus& p) { return std::uint64_t{p.away != Away::no}; }},
    {"port_link_failures", Kind::counter, "times that the link failed",
     [](const PortStatus& p) { return std::uint64_t{p.failures}; }},
    {"port_receive_frames", Kind::counter, "frames from the wire",
     [](const PortStatus& p) { return p.counters.rx_frames; }},
    {"port_receive_bytes", Kind::counter, "bytes from the wire",
     [](const PortStatus& p) { return p.counters.rx_bytes; }},
    {"port_transmit_frames", Kind::counter, "frames to the wire",
     [](const PortStatus& p) { return p.counters.tx_frames; }},
    {"port_transmit_bytes", Kind::counter, "bytes to the wire",
     [](const PortStatus& p) { return p.counters.tx_bytes; }},
    {"port_receive_suppressed_duplicates", Kind::counter, "copies that a waiting port received too; nothing is lost",
     [](const PortStatus& p) { return p.counters.rx_suppressed; }},
    {"port_receive_looped_frames", Kind::counter, "frames of our own that came back, by a loop",
     [](const PortStatus& p) { return p.counters.rx_looped; }},
    {"port_transmit_moved_frames", Kind::counter, "frames that another port sent, as this one had no link",
     [](const PortStatus& p) { return p.counters.tx_moved; }},
};

struct PortReason {
  const char* direction;
  const char* name;
  std::uint64_t (*value)(const PortStatus&);
};
constexpr PortReason port_reasons[] = {
    {"receive", "runt", [](const PortStatus& p) { return p.counters.rx_runt; }},
    {"receive", "host_refused", [](const PortStatus& p) { return p.counters.rx_host_refused; }},
    {"receive", "read_too_slowly", [](const PortStatus& p) { return p.nic.receive_lost; }},
    {"receive", "truncated", [](const PortStatus& p) { return p.nic.receive_truncated; }},
    {"transmit", "refused", [](const PortStatus& p) { return p.counters.tx_refused; }},
};

void tell_program(Metrics& metrics, const SchedulerStatus& scheduler) {
  metrics.family("build_info", Kind::gauge, "which bondbox this is");
  metrics.sample(label("version", version()), 1);
  metrics.family("steps", Kind::counter, "steps of the scheduler");
  metrics.sample({}, scheduler.steps);
  metrics.family("overruns", Kind::counter, "steps that came after they were due");
  metrics.sample({}, scheduler.overruns);
  metrics.family("overrun_seconds", Kind::counter, "by how much, in all");
  metrics.sample({}, seconds(static_cast<std::int64_t>(scheduler.overrun_ticks)));
}

void tell_bonds(Metrics& metrics, std::span<const BondStatus> bonds) {
  metrics.family("bond_info", Kind::gauge, "what the bond is");
  for (const BondStatus& bond : bonds) {
    metrics.sample(
        of(bond) + "," + label("mode", option_value_name("mode", static_cast<std::int64_t>(bond.options.mode))) + "," +
            label("active", bond.active) + "," + label("primary", bond.primary) + "," + label("mac", bond.mac.text()),
        1);
  }
  for (const BondMetric& metric : bond_metrics) {
    metrics.family(metric.name, metric.kind, metric.help);
    for (const BondStatus& bond : bonds) metrics.sample(of(bond), metric.value(bond));
  }
  metrics.family("bond_dropped_frames", Kind::counter, "frames lost above the ports, by reason");
  for (const BondStatus& bond : bonds)
    for (const Reason& reason : bond_reasons)
      metrics.sample(of(bond) + "," + label("reason", reason.name), reason.value(bond));
}

/// A family with a value of each port that `value` has one for.
template <class Value>
void tell_each(Metrics& metrics, std::span<const BondStatus> bonds, const char* name, Kind kind, const char* help,
               Value value) {
  bool told = false;
  for (const BondStatus& bond : bonds) {
    for (const PortStatus& port : bond.ports) {
      const std::optional<std::string> text = value(bond, port);
      if (!text) continue;
      if (!std::exchange(told, true)) metrics.family(name, kind, help);
      metrics.sample(of(bond, port), *text);
    }
  }
}

void tell_ports(Metrics& metrics, std::span<const BondStatus> bonds) {
  const auto each = [&](const char* name, Kind kind, const char* help, auto value) {
    tell_each(metrics, bonds, name, kind, help, value);
  };
  metrics.family("port_info", Kind::gauge, "what the port is");
  for (const BondStatus& bond : bonds) {
    for (const PortStatus& port : bond.ports) {
      metrics.sample(of(bond, port) + "," + label("mac", port.mac.text()) + "," +
                         label("permanent_mac", port.permanent_mac.text()),
                     1);
    }
  }
  for (const PortMetric& metric : port_metrics) {
    each(metric.name, metric.kind, metric.help,
         [&](const BondStatus&, const PortStatus& port) { return std::to_string(metric.value(port)); });
  }
  each("port_speed_bytes_per_second", Kind::gauge, "as the driver tells it; not there when it does not",
       [](const BondStatus&, const PortStatus& port) -> std::optional<std::string> {
         if (port.speed_mbps == 0) return std::nullopt;
         return std::to_string(std::uint64_t{port.speed_mbps} * 125'000);
       });
  each("port_link_state_seconds", Kind::gauge, "for how long the link has been as it is",
       [](const BondStatus&, const PortStatus& port) { return seconds(port.in_state_for.count); });
  metrics.family("port_dropped_frames", Kind::counter, "frames lost at the port, by reason");
  for (const BondStatus& bond : bonds) {
    for (const PortStatus& port : bond.ports) {
      for (const PortReason& reason : port_reasons) {
        metrics.sample(of(bond, port) + "," + label("direction", reason.direction) + "," + label("reason", reason.name),
                       reason.value(port));
      }
    }
  }
}

/// Several monitors that decide together: what each says by itself, and for how long. With the ARP monitor, alone or
/// among them: when a target was last heard.
void tell_monitors(Metrics& metrics, std::span<const BondStatus> bonds) {
  const auto each_verdict = [&](const char* name, const char* help, auto value) {
    bool told = false;
    for (const BondStatus& bond : bonds) {
      for (const PortStatus& port : bond.ports) {
        for (const MonitorVerdict& verdict : port.monitors) {
          if (!std::exchange(told, true)) metrics.family(name, Kind::gauge, help);
          metrics.sample(of(bond, port) + "," + label("monitor", verdict.name), value(verdict));
        }
      }
    }
  };
  each_verdict("port_monitor_up", "1 when this monitor by itself calls the port up",
               [](const MonitorVerdict& verdict) { return std::to_string(int{verdict.up}); });
  each_verdict("port_monitor_state_seconds", "for how long it has said so",
               [](const MonitorVerdict& verdict) { return seconds(verdict.lasted.count); });
  using Text = std::optional<std::string>;
  tell_each(metrics, bonds, "port_target_silence_seconds", Kind::gauge,
            "since what the ARP monitor counts as a sign of life; not there before the first",
            [](const BondStatus&, const PortStatus& port) -> Text {
              if (!port.arp || !port.arp->heard) return std::nullopt;
              return seconds(port.arp->heard->count);
            });
}

/// What keeps a port waiting although it may have link, where that is switched on.
void tell_patience(Metrics& metrics, std::span<const BondStatus> bonds) {
  using Text = std::optional<std::string>;
  const auto damping = [&](const char* name, const char* help, std::string (*value)(const DampingStatus&)) {
    tell_each(metrics, bonds, name, Kind::gauge, help, [value](const BondStatus& bond, const PortStatus& port) -> Text {
      if (bond.options.flap_damping_ms == 0) return std::nullopt;
      return value(port.damping);
    });
  };
  damping("port_damped", "1 while it is kept out of use because it flaps",
          [](const DampingStatus& it) { return std::to_string(int{it.damped}); });
  damping("port_damping_penalty", "1000 for each loss of link, halved in each flap_damping",
          [](const DampingStatus& it) { return std::to_string(it.penalty); });
  damping("port_damping_left_seconds", "until it may be used again, if it loses no more links",
          [](const DampingStatus& it) { return seconds(it.left.count); });
  tell_each(metrics, bonds, "port_revert_left_seconds", Kind::gauge,
            "until it may take over from an active port that works (revert_delay)",
            [](const BondStatus& bond, const PortStatus& port) -> Text {
              if (bond.options.revert_delay_ms == 0) return std::nullopt;
              return seconds(port.revert_left.count);
            });
  tell_each(metrics, bonds, "port_held", Kind::gauge, "1 while LACP would use it and its monitors together do not",
            [](const BondStatus& bond, const PortStatus& port) -> Text {
              if (!bond.lacp || port.monitors.empty()) return std::nullopt;
              return std::to_string(int{port.held});
            });
}

void tell_modes(Metrics& metrics, std::span<const BondStatus> bonds) {
  const auto lacp = [&](const char* name, Kind kind, const char* help, std::uint64_t (*value)(const LacpPortStatus&)) {
    tell_each(metrics, bonds, name, kind, help,
              [value](const BondStatus& bond, const PortStatus& port) -> std::optional<std::string> {
                const LacpPortStatus* const at = bond.lacp ? bond.lacp->find(port.id) : nullptr;
                if (at == nullptr) return std::nullopt;
                return std::to_string(value(*at));
              });
  };
  using L = LacpPortStatus;
  lacp("port_lacp_partner", Kind::gauge, "1 while an LACP partner is heard",
       [](const L& p) { return std::uint64_t{p.has_partner}; });
  lacp("port_lacp_in_active_aggregator", Kind::gauge, "1 when LACP has it in the aggregator that carries",
       [](const L& p) { return std::uint64_t{p.in_active_aggregator}; });
  lacp("port_lacp_pdus_received", Kind::counter, "LACPDUs", [](const L& p) { return p.counters.lacpdu_received; });
  lacp("port_lacp_pdus_sent", Kind::counter, "LACPDUs", [](const L& p) { return p.counters.lacpdu_sent; });
  lacp("port_lacp_pdus_refused", Kind::counter, "malformed ones, and those of our own system", [](const L& p) {
    return p.counters.illegal_received + p.counters.unknown_received + p.counters.loopback_received;
  });
  const auto balance = [&](const char* name, const char* help,
                           std::uint64_t (*value)(const BalanceStatus&, std::size_t)) {
    tell_each(metrics, bonds, name, Kind::gauge, help,
              [value](const BondStatus& bond, const PortStatus& port) -> std::optional<std::string> {
                if (!bond.balance) return std::nullopt;
                return std::to_string(value(*bond.balance, port.id.index));
              });
  };
  using B = BalanceStatus;
  balance("port_balance_bytes_per_second", "sent in the last full round",
          [](const B& b, std::size_t i) { return b.load_bytes_per_s[i]; });
  balance("port_balance_clients", "peers told to send to this port",
          [](const B& b, std::size_t i) { return std::uint64_t{b.clients[i]}; });
}

}  // namespace

std::string render_prometheus(std::span<const BondStatus> bonds, const SchedulerStatus& scheduler, MetricsForm form) {
  Metrics metrics(form);
  tell_program(metrics, scheduler);
  tell_bonds(metrics, bonds);
  tell_ports(metrics, bonds);
  tell_monitors(metrics, bonds);
  tell_patience(metrics, bonds);
  tell_modes(metrics, bonds);
  return metrics.end();
}

}  // namespace bondbox
