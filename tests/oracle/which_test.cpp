// `bondbox which` without a bond, held against every choice that was recorded on the kernel driver (Linux 6.1.176).
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "firmware/offline_bond.hpp"
#include "hal/wire/ethernet.hpp"
#include "tests/support/recorded_rows.hpp"

namespace bondbox::test {
namespace {

constexpr std::size_t hash_rows = 3'312;
constexpr std::size_t tagged_rows = 144;
constexpr std::size_t rows_of_a_recording = 18;

/// The index in a line of the answer.
std::string index_of(const std::string& line) {
  const std::size_t from = line.find('\t') + 1;
  return line.substr(from, line.find('\t', from) - from);
}

BondOptions options_of(Mode mode, HashPolicy policy = HashPolicy::layer2) {
  BondOptions options;
  options.mode = mode;
  options.xmit_hash_policy = policy;
  return options;
}

/// The bonds of one mode by hash policy and number of ports; each is made once.
class Bonds {
 public:
  explicit Bonds(Mode mode) : mode_(mode) {}
  OfflineBond& with(const std::string& policy, const std::string& ports) {
    auto& bond = bonds_[{policy, ports}];
    if (!bond) {
      bond = std::make_unique<OfflineBond>(options_of(mode_, static_cast<HashPolicy>(std::stoul(policy))),
                                           std::stoul(ports));
    }
    return *bond;
  }

 private:
  Mode mode_;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<OfflineBond>> bonds_;
};

/// The recording of one mode and setting, sent from its first frame on after `before` others.
void check_sent(const BondOptions& options, std::string_view mode, std::string_view setting, std::size_t before = 0) {
  OfflineBond bond(options, 3);
  std::uint64_t number = 0;
  std::size_t rows = 0;
  for (const auto& row : read_recorded_rows("tx_vectors.csv")) {
    if (row[0] != mode || row[1] != setting) continue;
    const auto frame = bytes_from_hex(row[5]);
    for (; number < before; ++number) bond.line(number, frame);
    const std::string line = bond.line(++number, frame);
    BOOST_TEST(index_of(line) == row[4], setting << " " << row[3] << ": " << line);
    ++rows;
  }
  BOOST_TEST(rows == rows_of_a_recording);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(which_oracle)

BOOST_AUTO_TEST_CASE(each_recorded_frame_leaves_by_the_port_that_the_kernel_chose) {
  const auto rows = read_recorded_rows("hash_vectors.csv");
  BOOST_REQUIRE(rows.size() == hash_rows);
  for (const Mode mode : {Mode::balance_xor, Mode::lacp_8023ad}) {
    Bonds bonds(mode);
    std::size_t tagged = 0;
    for (const auto& row : rows) {
      const auto frame = bytes_from_hex(row[5]);
      // Recorded with the tag among the bytes; bond0 sees VLAN interfaces' frames so, and takes it off.
      if (wire::is_vlan_tpid(wire::load_be16(&frame[12]))) {
        ++tagged;
        continue;
      }
      const std::string line = bonds.with(row[1], row[2]).line(1, frame);
      BOOST_TEST(index_of(line) == row[4], mode_name(mode) << " " << row[1] << " " << row[3] << ": " << line);
    }
    BOOST_TEST(tagged == tagged_rows);
  }
}

BOOST_AUTO_TEST_CASE(a_frame_with_a_tag_leaves_as_without_it) {
  for (const Mode mode : {Mode::balance_xor, Mode::lacp_8023ad}) {
    Bonds bonds(mode);
    for (const auto& row : read_recorded_rows("hash_vectors.csv")) {
      if (row[3] != "vlan_udp4" || row[1] == "5") continue;
      auto frame = bytes_from_hex(row[5]);
      OfflineBond& bond = bonds.with(row[1], row[2]);
      const std::string tagged = bond.line(1, frame);
      frame.erase(frame.begin() + 12, frame.begin() + 16);
      const std::string untagged = bond.line(1, frame);
      const std::size_t why_ends = std::min(untagged.find(';'), untagged.size() - 1);
      BOOST_TEST(tagged == untagged.substr(0, why_ends) + ", VLAN tag taken off" + untagged.substr(why_ends));
    }
  }
}

// The second and the third recording begin with the driver's counter further on (tx_vectors_test.cpp).
BOOST_AUTO_TEST_CASE(round_robin_counts_from_the_first_frame_as_the_kernel_does) {
  BondOptions options = options_of(Mode::balance_rr);
  check_sent(options, "rr", "pps=1");
  options.packets_per_slave = 2;
  check_sent(options, "rr", "pps=2", 2);
  options.packets_per_slave = 3;
  check_sent(options, "rr", "pps=3", 1);
}

BOOST_AUTO_TEST_CASE(the_modes_without_a_hash_send_as_the_kernel_does) {
  check_sent(options_of(Mode::active_backup), "ab", "pps=None");
  check_sent(options_of(Mode::broadcast), "bcast", "pps=None");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test
