#include <boost/test/unit_test.hpp>

#include "hal/sim/sim_hardware.hpp"
#include "tests/unit/hal/nic_contract.hpp"

namespace bondbox::test {

namespace {

/// The far end is a station on the other end of a cable.
class SimNicFixture final : public NicFixture {
 public:
  SimNicFixture() {
    BOOST_REQUIRE(world_.add_nic({.name = "e0", .mac = {{0x02, 0, 0, 0, 0x0a, 0}}, .up = false}).ok());
    BOOST_REQUIRE(world_.add_nic({.name = "p0", .mac = contract::far_mac}).ok());
    BOOST_REQUIRE(world_.connect("e0", "p0").ok());
    BOOST_REQUIRE(world_.set_promiscuous("p0", true).ok());
  }
  Result<std::unique_ptr<Nic>> open(std::string_view name) override {
    return hardware_.open_nic(name, LinkSource::carrier);
  }
  std::string name() const override { return "e0"; }
  State state() override {
    const sim::NicState now = world_.nic("e0").value();
    return {now.mac, now.mtu, now.up};
  }
  bool far_send(const FrameBytes& frame) override { return world_.send("p0", frame) == 0; }
  std::vector<FrameBytes> far_receive() override { return world_.take_received("p0"); }
  void set_far_link(bool on) override { BOOST_REQUIRE(world_.set_link("p0", on).ok()); }
  void remove() override { BOOST_REQUIRE(world_.remove_nic("e0").ok()); }
  bool wait() override { return false; }

 private:
  sim::SimClock clock_;
  sim::SimWorld world_{clock_};
  sim::SimHardware hardware_{world_};
};

const bool registered = add_nic_contract("sim_nic_contract", [] { return std::make_unique<SimNicFixture>(); });

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_nic_contract_registration)

BOOST_AUTO_TEST_CASE(the_contract_cases_were_registered) {
  BOOST_TEST(registered);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test
