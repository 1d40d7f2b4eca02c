// Drivers that tell their link in odd ways, played by functions.
#include "hal/linux/link_state.hpp"

#include <boost/test/unit_test.hpp>
#include <cerrno>

namespace bondbox::lnx {
namespace {

/// A driver whose answers are set by hand and whose questions are counted.
struct PlayedDriver {
  int ethtool = -EOPNOTSUPP;
  int mii = -EOPNOTSUPP;
  int carrier = 1;
  LinkSpeed speed{1000, Duplex::full};
  int ethtool_asked = 0;
  int mii_asked = 0;
  int carrier_asked = 0;
  int speed_asked = 0;
  std::int64_t losses = -1;

  LinkProbes probes() {
    return {[this] { return ++ethtool_asked, ethtool; }, [this] { return ++mii_asked, mii; },
            [this] { return ++carrier_asked, carrier; }, [this] { return ++speed_asked, speed; },
            [this] { return losses; }};
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(linux_link_state)

BOOST_AUTO_TEST_CASE(carrier_asks_ethtool_first_and_then_nothing_else) {
  PlayedDriver driver{.ethtool = 1, .mii = 1};
  LinkReader reader(driver.probes(), LinkSource::carrier);
  for (int poll = 0; poll < 10; ++poll) BOOST_TEST(reader.read(poll).up);
  BOOST_TEST(driver.ethtool_asked == 10);
  BOOST_TEST(driver.mii_asked == 0);
  BOOST_TEST(driver.carrier_asked == 0);
  BOOST_TEST(reader.serving() == "ethtool");
  BOOST_TEST(reader.is_cheap());
}

BOOST_AUTO_TEST_CASE(mii_asks_the_phy_first_and_then_nothing_else) {
  PlayedDriver driver{.ethtool = 0, .mii = 1};
  LinkReader reader(driver.probes(), LinkSource::mii);
  for (int poll = 0; poll < 10; ++poll) BOOST_TEST(reader.read(poll).up);
  BOOST_TEST(driver.mii_asked == 10);
  BOOST_TEST(driver.ethtool_asked == 0);
  BOOST_TEST(reader.serving() == "mii");
  BOOST_TEST(!reader.is_cheap());
}

BOOST_AUTO_TEST_CASE(a_driver_that_answers_only_mii_is_believed_under_carrier_too) {
  PlayedDriver driver{.mii = 0};
  LinkReader reader(driver.probes(), LinkSource::carrier);
  BOOST_TEST(!reader.read(0).up);
  driver.mii = 1;
  BOOST_TEST(reader.read(1).up);
  BOOST_TEST(driver.ethtool_asked == 1);
  BOOST_TEST(driver.mii_asked == 2);
  BOOST_TEST(driver.carrier_asked == 0);
}

BOOST_AUTO_TEST_CASE(a_driver_that_answers_only_ethtool_is_believed_under_mii_too) {
  PlayedDriver driver{.ethtool = 0};
  LinkReader reader(driver.probes(), LinkSource::mii);
  BOOST_TEST(!reader.read(0).up);
  driver.ethtool = 1;
  BOOST_TEST(reader.read(1).up);
  BOOST_TEST(driver.mii_asked == 1);
  BOOST_TEST(reader.serving() == "ethtool");
}

BOOST_AUTO_TEST_CASE(a_driver_that_answers_neither_is_read_by_the_kernel_carrier) {
  for (const LinkSource source : {LinkSource::carrier, LinkSource::mii}) {
    PlayedDriver driver{.carrier = 1};
    LinkReader reader(driver.probes(), source);
    BOOST_TEST(reader.read(0).up);
    driver.carrier = 0;
    BOOST_TEST(!reader.read(1).up);
    BOOST_TEST(reader.serving() == "carrier");
    BOOST_TEST(driver.ethtool_asked == 1);
    BOOST_TEST(driver.mii_asked == 1);
  }
}

BOOST_AUTO_TEST_CASE(a_probe_that_starts_to_fail_is_replaced_within_the_same_read) {
  PlayedDriver driver{.ethtool = 1, .mii = 0};
  LinkReader reader(driver.probes(), LinkSource::carrier);
  BOOST_TEST(reader.read(0).up);
  driver.ethtool = -EIO;
  BOOST_TEST(!reader.read(1).up);
  BOOST_TEST(reader.serving() == "mii");
  driver.mii = -EIO;
  driver.ethtool = 1;
  BOOST_TEST(reader.read(2).up);
  BOOST_TEST(reader.serving() == "ethtool");
}

BOOST_AUTO_TEST_CASE(a_link_that_nobody_tells_of_is_down_and_present) {
  PlayedDriver driver{.carrier = -EIO};
  LinkReader reader(driver.probes(), LinkSource::carrier);
  const LinkSample sample = reader.read(0);
  BOOST_TEST(!sample.up);
  BOOST_TEST(sample.present);
  BOOST_TEST(reader.serving() == "none");
}

BOOST_AUTO_TEST_CASE(a_port_without_a_phy_that_says_enodev_is_asked_otherwise) {
  PlayedDriver driver{.ethtool = 1, .mii = -ENODEV};
  LinkReader reader(driver.probes(), LinkSource::mii);
  BOOST_TEST(reader.has_link());
  BOOST_TEST(reader.read(0).present);
  BOOST_TEST(reader.serving() == "ethtool");
}

BOOST_AUTO_TEST_CASE(a_new_source_starts_over_with_its_own_order) {
  PlayedDriver driver{.ethtool = 1, .mii = 0};
  LinkReader reader(driver.probes(), LinkSource::carrier);
  BOOST_TEST(reader.read(0).up);
  reader.set_source(LinkSource::mii);
  BOOST_TEST(reader.serving() == "none");
  BOOST_TEST(!reader.read(1).up);
  BOOST_TEST(reader.serving() == "mii");
  BOOST_TEST(driver.ethtool_asked == 1);
  reader.set_source(LinkSource::carrier);
  BOOST_TEST(reader.read(2).up);
  BOOST_TEST(reader.serving() == "ethtool");
}

BOOST_AUTO_TEST_CASE(a_new_source_is_asked_even_when_no_loss_was_counted) {
  PlayedDriver driver{.ethtool = 1, .mii = 0, .losses = 5};
  LinkReader reader(driver.probes(), LinkSource::carrier);
  BOOST_TEST(reader.has_link());
  reader.set_source(LinkSource::mii);
  BOOST_TEST(!reader.has_link());
}

BOOST_AUTO_TEST_CASE(while_no_loss_is_counted_a_link_is_believed_without_asking) {
  PlayedDriver driver{.ethtool = 1, .losses = 3};
  LinkReader reader(driver.probes(), LinkSource::carrier);
  for (int look = 0; look < 10; ++look) BOOST_TEST(reader.has_link());
  BOOST_TEST(driver.ethtool_asked == 1);
  driver.losses = 4;  // gone and back
  for (int look = 0; look < 10; ++look) BOOST_TEST(reader.has_link());
  BOOST_TEST(driver.ethtool_asked == 2);
  driver.losses = 5;
  driver.ethtool = 0;
  for (int look = 0; look < 10; ++look) BOOST_TEST(!reader.has_link());
  BOOST_TEST(driver.ethtool_asked == 12);
  driver.ethtool = 1;  // a carrier that comes counts as no loss
  for (int look = 0; look < 10; ++look) BOOST_TEST(reader.has_link());
  BOOST_TEST(driver.ethtool_asked == 13);
}

BOOST_AUTO_TEST_CASE(a_link_that_a_poll_saw_go_is_asked_for_although_no_loss_was_counted) {
  PlayedDriver driver{.ethtool = 1, .losses = 0};
  LinkReader reader(driver.probes(), LinkSource::carrier);
  BOOST_TEST(reader.has_link());
  driver.ethtool = 0;  // drivers that ask their PHY know before the kernel does
  BOOST_TEST(!reader.read(1).up);
  BOOST_TEST(!reader.has_link());
}

BOOST_AUTO_TEST_CASE(where_losses_are_not_counted_every_look_asks) {
  PlayedDriver driver{.ethtool = 1};
  LinkReader reader(driver.probes(), LinkSource::carrier);
  for (int look = 0; look < 10; ++look) BOOST_TEST(reader.has_link());
  BOOST_TEST(driver.ethtool_asked == 10);
}

BOOST_AUTO_TEST_CASE(speed_is_read_when_the_link_comes_or_goes_and_once_a_second_while_it_is_there) {
  PlayedDriver driver{.ethtool = 0};
  LinkReader reader(driver.probes(), LinkSource::carrier);
  for (std::int64_t ms = 0; ms < 5'000; ++ms) (void)reader.read(ms);
  BOOST_TEST(driver.speed_asked == 0);
  driver.ethtool = 1;
  for (std::int64_t ms = 5'000; ms < 8'000; ++ms) (void)reader.read(ms);
  BOOST_TEST(driver.speed_asked == 3);
  driver.ethtool = 0;
  for (std::int64_t ms = 8'000; ms < 11'000; ++ms) (void)reader.read(ms);
  BOOST_TEST(driver.speed_asked == 4);
}

BOOST_AUTO_TEST_CASE(speed_learned_late_is_seen_within_a_second_and_kept_while_down_where_the_driver_keeps_it) {
  PlayedDriver driver{.ethtool = 1, .speed = {}};
  LinkReader reader(driver.probes(), LinkSource::carrier);
  BOOST_TEST(reader.read(0).speed_mbps == 0u);
  driver.speed = {10'000, Duplex::full};
  BOOST_TEST(reader.read(999).speed_mbps == 0u);
  BOOST_TEST(reader.read(1'000).speed_mbps == 10'000u);
  driver.ethtool = 0;
  const LinkSample down = reader.read(5'000);
  BOOST_TEST(!down.up);
  BOOST_TEST(down.speed_mbps == 10'000u);
  BOOST_TEST((down.duplex == Duplex::full));
}

BOOST_AUTO_TEST_CASE(a_driver_that_knows_no_speed_without_link_makes_it_unknown) {
  PlayedDriver driver{.ethtool = 1};
  LinkReader reader(driver.probes(), LinkSource::carrier);
  BOOST_TEST(reader.read(0).speed_mbps == 1'000u);
  driver.ethtool = 0;
  driver.speed = {};
  const LinkSample down = reader.read(100);
  BOOST_TEST(down.speed_mbps == 0u);
  BOOST_TEST((down.duplex == Duplex::unknown));
}

BOOST_AUTO_TEST_CASE(the_second_status_register_decides_because_the_first_latches_low) {
  constexpr std::uint16_t with_link = 0x796d;
  constexpr std::uint16_t without_link = 0x7949;
  BOOST_TEST(link_from_bmsr(without_link, with_link) == 1);
  BOOST_TEST(link_from_bmsr(with_link, without_link) == 0);
}

BOOST_AUTO_TEST_CASE(a_bus_without_a_phy_is_no_answer) {
  BOOST_TEST(link_from_bmsr(0xffff, 0xffff) == -EIO);
  BOOST_TEST(link_from_bmsr(0, 0) == -EIO);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lnx
