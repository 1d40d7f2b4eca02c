#include "tests/bench/results.hpp"

#include <algorithm>

namespace bondbox::bench {
namespace {

constexpr std::array measures{
    MeasureInfo{Measure::tcp_tx, "tcp_tx", "TCP out, 1 stream, CUBIC", "Gbit/s", 2, false, true},
    MeasureInfo{Measure::tcp_rx, "tcp_rx", "TCP in, 1 stream, CUBIC", "Gbit/s", 2, false, true},
    MeasureInfo{Measure::tcp4_tx, "tcp4_tx", "TCP out, 4 streams, CUBIC", "Gbit/s", 2, false, true},
    MeasureInfo{Measure::tcp4_rx, "tcp4_rx", "TCP in, 4 streams, CUBIC", "Gbit/s", 2, false, true},
    MeasureInfo{Measure::tcp_tx_default, "tcp_tx_default", "TCP out, 1 stream, machine's", "Gbit/s", 2, false, true},
    MeasureInfo{Measure::tcp_rx_default, "tcp_rx_default", "TCP in, 1 stream, machine's", "Gbit/s", 2, false, true},
    MeasureInfo{Measure::tcp4_tx_default, "tcp4_tx_default", "TCP out, 4 streams, machine's", "Gbit/s", 2, false, true},
    MeasureInfo{Measure::tcp4_rx_default, "tcp4_rx_default", "TCP in, 4 streams, machine's", "Gbit/s", 2, false, true},
    MeasureInfo{Measure::udp_tx, "udp_tx", "UDP out, read by a program", "1000/s", 1, false, true},
    MeasureInfo{Measure::udp_rx, "udp_rx", "UDP in, read by a program", "1000/s", 1, false, true},
    MeasureInfo{Measure::udp_tx_wire, "udp_tx_wire", "UDP out, up to the far stack", "1000/s", 1, false, true},
    MeasureInfo{Measure::udp_rx_wire, "udp_rx_wire", "UDP in, up to the own stack", "1000/s", 1, false, true},
    MeasureInfo{Measure::rtt, "rtt", "round trip", "us", 1, true, true},
    MeasureInfo{Measure::rtt_p99, "rtt_p99", "  99 of 100", "us", 1, true, true},
    MeasureInfo{Measure::rtt_near, "rtt_near", "round trip, all on one CPU", "us", 1, true, true},
    MeasureInfo{Measure::rtt_near_p99, "rtt_near_p99", "  99 of 100", "us", 1, true, true},
    MeasureInfo{Measure::rtt_polling, "rtt_polling", "round trip, busy_poll_us 2000", "us", 1, true, true},
    MeasureInfo{Measure::rtt_polling_p99, "rtt_polling_p99", "  99 of 100", "us", 1, true, true},
    MeasureInfo{Measure::cpu_tx, "cpu_tx", "CPU of the forwarder, TCP out", "s/Gbit", 4, true, false},
    MeasureInfo{Measure::cpu_rx, "cpu_rx", "CPU of the forwarder, TCP in", "s/Gbit", 4, true, false},
    MeasureInfo{Measure::machine_tx, "machine_tx", "CPU of the machine, TCP out", "s/Gbit", 4, true, true},
    MeasureInfo{Measure::machine_rx, "machine_rx", "CPU of the machine, TCP in", "s/Gbit", 4, true, true},
    MeasureInfo{Measure::memory, "memory", "resident memory", "MB", 1, true, false},
};

/// The bare cable does not poll: its own round trip is the base.
Measure base_of(Measure measure) {
  if (measure == Measure::rtt_polling) return Measure::rtt;
  return measure == Measure::rtt_polling_p99 ? Measure::rtt_p99 : measure;
}

const std::vector<double>& values_of(const Contestant& contestant, Measure measure) {
  static const std::vector<double> none;
  const auto found = contestant.values.find(measure);
  return found != contestant.values.end() ? found->second : none;
}

}  // namespace

std::span<const MeasureInfo> all_measures() {
  return measures;
}

const MeasureInfo& info(Measure measure) {
  return *std::find_if(measures.begin(), measures.end(),
                       [&](const MeasureInfo& candidate) { return candidate.measure == measure; });
}

Summary absolute(const Contestant& contestant, Measure measure) {
  return summarise(values_of(contestant, measure));
}

Summary ratio(const Results& results, const Contestant& contestant, Measure measure) {
  if (results.contestants.empty() || !info(measure).has_ratio) return {};
  return summarise(ratios(values_of(contestant, measure), values_of(results.contestants.front(), base_of(measure))));
}

}  // namespace bondbox::bench
