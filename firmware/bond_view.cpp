// What a bond tells of itself to who asks, beside what it decides by.
#include <algorithm>
#include <array>
#include <cstdio>

#include "firmware/bond.hpp"
#include "firmware/foresight.hpp"
#include "firmware/trace/tape.hpp"

namespace bondbox {

std::unique_ptr<Foresight> Bond::foresee_without(PortId port) const {
  return std::make_unique<Foresight>(policy_, facts(), now_, port);
}

/// The ports that carry are others now: from here on it is counted anew what each of them has sent.
void Bond::begin_load() {
  const OffloadCounters below = offload_.counters_now();
  load_.since = now_;
  load_.usable = plan_.transmit.usable;
  load_.tx_bytes = {};
  load_.bucket_bytes = {};
  const LoadStatus sent = load(below);
  load_.tx_bytes = sent.tx_bytes;
  if (plan_.transmit.spread == Spread::buckets) load_.bucket_bytes = bucket_bytes(below);
}

std::array<std::uint64_t, bucket_count> Bond::bucket_bytes(const OffloadCounters& below) const {
  BucketTraffic traffic = forwarder_.traffic();
  loops_.add_traffic(traffic);
  for (std::size_t i = 0; i < bucket_count; ++i) traffic.bytes[i] += below.bucket_bytes[i];
  return traffic.bytes;
}

LoadStatus Bond::load(const OffloadCounters& below) const {
  // Counts begin anew when something is counted by another process, or by nobody any more.
  const auto since = [](std::uint64_t now, std::uint64_t then) { return now >= then ? now - then : now; };
  LoadStatus load;
  load.span = now_ - load_.since;
  for (const PortId id : order_) {
    PortCounters counters = counters_of(id, below);
    loops_.add_port(id, counters);
    load.tx_bytes[id.index] = since(counters.tx_bytes, load_.tx_bytes[id.index]);
  }
  if (plan_.transmit.spread != Spread::buckets) return load;
  const std::array<std::uint64_t, bucket_count> bytes = bucket_bytes(below);
  for (std::size_t i = 0; i < bucket_count; ++i) {
    const PortId port = plan_.transmit.bucket_port[i];
    if (port.index >= max_ports) continue;
    std::uint64_t& heaviest = load.heaviest_bucket[port.index];
    heaviest = std::max(heaviest, since(bytes[i], load_.bucket_bytes[i]));
  }
  return load;
}

std::optional<ArpPortStatus> Bond::arp_status(const ArpMonitor::Scene& scene, PortId id, Tick now) const {
  if (!has_arp_probes()) return std::nullopt;
  const ArpMonitor::Known known = arp_.known(scene, id);
  const auto ago = [now](Tick then) {
    constexpr std::int64_t ages = std::int64_t{1} << 39;
    return (now - then).count < ages ? std::optional(now - then) : std::nullopt;
  };
  ArpPortStatus status;
  status.validated = known.validated;
  status.heard = ago(known.heard);
  status.asked = ago(known.sent);
  status.ignored = known.ignored;
  const auto add = [&](const IpAddress& address, Tick heard, std::size_t bit) {
    const bool is_asked = (unreachable_targets_ >> bit & 1) == 0;
    status.targets.push_back({address, is_asked, known.validated ? ago(heard) : std::nullopt});
  };
  for (std::size_t i = 0; i < options_.arp_ip_targets.size(); ++i)
    add(options_.arp_ip_targets[i], known.heard_v4[i], i);
  for (std::size_t i = 0; i < options_.ns_ip6_targets.size(); ++i)
    add(options_.ns_ip6_targets[i], known.heard_v6[i], 16 + i);
  return status;
}

/// Once a second: what frames had to say of a loop.
void Bond::look_for_loop() {
  if (!loop_watch_.is_due(now_)) return;
  const std::uint64_t heard = tape_.number(trace::Point::looped, 0, [this] {
    LoopWatch::Heard ports;
    const OffloadCounters& below = offload_.counters();
    for (const PortId id : order_) {
      PortCounters counters = counters_of(id, below);
      loops_.add_port(id, counters);
      const std::uint64_t before = std::exchange(looped_[id.index], counters.rx_looped);
      ports.add(id, counters.rx_looped >= before ? counters.rx_looped - before : counters.rx_looped);
    }
    return ports.bits();
  });
  for (const LoopWatch::Change& change : loop_watch_.look(LoopWatch::Heard(heard), now_)) {
    if (!slots_[change.port.index]) continue;
    record(change.loops ? EventKind::fault : EventKind::port, slot(change.port).name.view(), -1, "%s",
           change.loops ? "frames of our own come back: a loop, or a switch that does not group the ports"
                        : "frames of our own do not come back any more");
  }
}

void Bond::record(EventKind kind, std::string_view port, std::int64_t outage_ms, const char* pattern, ...) {
  std::va_list arguments;
  va_start(arguments, pattern);
  record_list({}, kind, port, outage_ms, pattern, arguments);
  va_end(arguments);
}

void Bond::record_for(const EventCause& cause, EventKind kind, std::string_view port, std::int64_t outage_ms,
                      const char* pattern, ...) {
  std::va_list arguments;
  va_start(arguments, pattern);
  record_list(cause, kind, port, outage_ms, pattern, arguments);
  va_end(arguments);
}

void Bond::record_list(const EventCause& cause, EventKind kind, std::string_view port, std::int64_t outage_ms,
                       const char* pattern, std::va_list arguments) {
  std::array<char, 161> text{};
  std::vsnprintf(text.data(), text.size(), pattern, arguments);
  Event event;
  event.at = now_;
  event.kind = kind;
  event.bond.assign(name_);
  event.port.assign(port);
  event.outage_ms_max = outage_ms;
  event.text.assign(text.data());
  event.cause = cause;
  tape_.tell(trace::Point::event, number_, kind, port, outage_ms, event.text.view());
  events_.record(event);
}

}  // namespace bondbox
