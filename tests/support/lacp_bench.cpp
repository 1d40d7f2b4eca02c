#include "tests/support/lacp_bench.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <utility>

#include "hal/wire/ethernet.hpp"

namespace bondbox::test {

wire::LacpduView SpokenPdu::lacpdu() const {
  const auto view = wire::LacpduView::parse(wire::Bytes(frame).subspan(wire::ethernet_header_size));
  BOOST_REQUIRE_MESSAGE(view.has_value(), "a frame of " << frame.size() << " bytes on " << card << " is no LACPDU");
  return *view;
}

LacpBench::LacpBench(std::size_t cables, std::uint32_t speed_mbps) : SimBench({}), cables_(cables) {
  near = config({});
  far = config({}, "bondB");
  for (std::size_t i = 0; i < cables; ++i) {
    const auto number = static_cast<std::uint8_t>(i);
    const std::string e = "e" + std::to_string(i);
    const std::string p = "p" + std::to_string(i);
    BOOST_REQUIRE(world.add_nic({.name = e, .mac = card_mac(number), .speed_mbps = speed_mbps}).ok());
    BOOST_REQUIRE(world.add_nic({.name = p, .mac = station_mac(number), .speed_mbps = speed_mbps}).ok());
    BOOST_REQUIRE(world.connect(e, p).ok());
    near.ports.push_back(e);
    far.ports.push_back(p);
  }
  for (BondConfig* side : {&near, &far}) {
    side->options.mode = Mode::lacp_8023ad;
    side->options.lacp_rate = LacpRate::fast;
  }
  world.set_tap([this](const std::string& card, bool outgoing, Tick at, wire::Bytes frame) {
    const auto view = wire::EthernetView::parse(frame);
    if (!outgoing || !view || view->ethertype() != wire::ethertype::slow_protocols) return;
    spoken_.push_back({at.number, card, {frame.begin(), frame.end()}});
  });
}

void LacpBench::start() {
  start_near();
  start_far();
}

LacpPortStatus LacpBench::lacp_port(const char* port, const char* bond) {
  const PortStatus known = this->port(port, bond);
  const LacpStatus all = lacp(bond);
  const LacpPortStatus* const found = all.find(known.id);
  BOOST_REQUIRE_MESSAGE(found != nullptr, port << " is not in the LACP status of " << bond);
  return *found;
}

bool LacpBench::delivers(const char* port, const char* bond) {
  return status(bond).plan.ports[this->port(port, bond).id.index].deliver == deliver_all;
}

std::int64_t LacpBench::run_until(const std::function<bool()>& reached, std::int64_t at_most_ms) {
  const std::int64_t began = now();
  while (!reached()) {
    if (now() - began >= at_most_ms) return -1;
    run_for(10);
  }
  return now() - began;
}

std::int64_t LacpBench::run_until_all_carry(std::int64_t at_most_ms) {
  return run_until([this] { return carrying() == cables_ && carrying("bondB") == cables_; }, at_most_ms);
}

std::vector<SpokenPdu> LacpBench::take_spoken() {
  return std::exchange(spoken_, {});
}

}  // namespace bondbox::test
