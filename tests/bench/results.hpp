// What a run of the bench has found, as values: who was measured, what, and how often.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/bench/statistics.hpp"

namespace bondbox::bench {

/// Out: from the appliance to its peer; in: to the appliance.
enum class Measure : std::uint8_t {
  tcp_tx,
  tcp_rx,
  tcp4_tx,
  tcp4_rx,
  tcp_tx_default,
  tcp_rx_default,
  tcp4_tx_default,
  tcp4_rx_default,
  udp_tx,
  udp_rx,
  udp_tx_wire,
  udp_rx_wire,
  rtt,
  rtt_p99,
  rtt_near,
  rtt_near_p99,
  rtt_polling,
  rtt_polling_p99,
  cpu_tx,
  cpu_rx,
  machine_tx,
  machine_rx,
  memory,
};

struct MeasureInfo {
  Measure measure;
  std::string_view key;  ///< in JSON
  std::string_view title;
  std::string_view unit;
  int decimals;
  bool less_is_better;
  bool has_ratio;  ///< to the bare cable
};
std::span<const MeasureInfo> all_measures();
const MeasureInfo& info(Measure measure);

/// One way of connecting the appliance.
struct Contestant {
  std::string key = {};                                ///< "bare", "packet", "bpf", "ovs", "dpdk", "kernel"
  std::string title = {};                              ///< one line
  std::string skipped = {};                            ///< why nothing was measured; empty: it was
  std::map<Measure, std::vector<double>> values = {};  ///< by round; not a number where the round failed
  std::uint64_t duplicates = 0;                        ///< packets that an application got twice
  std::vector<std::string> notes = {};                 ///< what went wrong, and what is to be known about it
  /// Packets lost per pulled cable, at 10,000 a second each way; empty where it was not measured.
  std::vector<double> lost_out = {};
  std::vector<double> lost_in = {};
};

/// A row of a further table: what it is, and its numbers by column.
struct TableRow {
  std::string key = {};
  std::string title = {};
  std::vector<double> values = {};  ///< not a number: not measured
};
struct Table {
  std::string key = {};
  std::string title = {};
  std::vector<std::pair<std::string, std::string>> columns = {};  ///< key and heading
  std::vector<TableRow> rows = {};
  std::string note = {};
};

struct Results {
  std::string machine = {};  ///< "2 CPUs NAME, Linux 6.18"
  std::string version = {};  ///< of bondbox
  std::string date = {};
  int rounds = 0;
  double seconds = 0;                        ///< per measurement
  std::vector<Contestant> contestants = {};  ///< the first is the bare cable
  std::vector<Table> tables = {};
};

Summary absolute(const Contestant& contestant, Measure measure);
/// To the bare cable in the same round; nothing where either is missing.
Summary ratio(const Results& results, const Contestant& contestant, Measure measure);

std::string as_text(const Results& results);
std::string as_text(const Table& table);
std::string as_json(const Results& results);
/// Bars of the ratios; readable on a white and on a dark page.
std::string as_svg(const Results& results);

}  // namespace bondbox::bench
