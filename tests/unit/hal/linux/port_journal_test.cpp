#include "hal/linux/port_journal.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/scratch_directory.hpp"

namespace bondbox::lnx {
namespace {

PortRecord full_record() {
  PortRecord record;
  record.name = "eth0";
  record.namespace_inode = 4026531840;
  record.boot_id = "0f8e2d5a-0000-4000-8000-000000000001";
  record.index = 7;
  record.mac = {{0x02, 0, 0, 0, 0, 0x01}};
  record.mtu = 1500;
  record.up = true;
  record.allmulti = true;
  record.ingress_qdisc = true;
  record.disable_ipv6 = 0;
  record.arp_ignore = 1;
  record.rp_filter = 2;
  record.ipv6_addresses = {*IpPrefix::parse("2001:db8::1/64"), *IpPrefix::parse("fd00::2/128")};
  record.fence = FenceKind::settings;
  record.set_down = true;
  record.set_macs = {{{0x02, 0, 0, 0, 0, 0x02}}, {{0x02, 0, 0, 0, 0, 0x03}}};
  record.set_mtus = {1500, 9000};
  return record;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(linux_port_journal)

BOOST_AUTO_TEST_CASE(a_record_comes_back_from_its_text) {
  const PortRecord full = full_record();
  BOOST_TEST((parse_port_record(to_text(full)) == full));
  PortRecord bare;
  bare.name = "p";
  bare.index = 1;
  bare.mtu = 68;
  BOOST_TEST((parse_port_record(to_text(bare)) == bare));
}

BOOST_AUTO_TEST_CASE(a_text_that_was_cut_anywhere_is_refused) {
  const std::string text = to_text(full_record());
  for (std::size_t length = 0; length < text.size(); ++length)
    BOOST_TEST(!parse_port_record(text.substr(0, length)).has_value());
}

BOOST_AUTO_TEST_CASE(words_that_are_not_ours_are_refused) {
  const std::string text = to_text(full_record());
  const auto with = [&text](const std::string& line) { return text.substr(0, text.size() - 4) + line + "\nend\n"; };
  BOOST_TEST(parse_port_record(with("set_mtu=1400")).has_value());
  BOOST_TEST(!parse_port_record("").has_value());
  BOOST_TEST(!parse_port_record("hello\n").has_value());
  BOOST_TEST(!parse_port_record(with("colour=blue")).has_value());
  BOOST_TEST(!parse_port_record(with("mtu=many")).has_value());
  BOOST_TEST(!parse_port_record(with("mtu=1500x")).has_value());
  BOOST_TEST(!parse_port_record(with("set_mac=02:00")).has_value());
  BOOST_TEST(!parse_port_record(with("fence=9")).has_value());
  BOOST_TEST(!parse_port_record(with("up=yes")).has_value());
}

BOOST_AUTO_TEST_CASE(a_journal_is_one_owners_until_it_is_removed) {
  const test::ScratchDirectory run;
  PortJournal first;
  BOOST_REQUIRE(PortJournal::open(run.path(), "eth0", 5, first) == 0);
  BOOST_TEST(first.read().empty());
  BOOST_TEST(first.write(full_record()) == 0);
  BOOST_TEST(first.read() == to_text(full_record()));
  PortJournal second;
  BOOST_TEST(PortJournal::open(run.path(), "eth0", 5, second) == EBUSY);
  BOOST_TEST(PortJournal::list(run.path(), 5).size() == 1u);
  BOOST_TEST(PortJournal::list(run.path(), 6).empty());
  PortJournal elsewhere;
  BOOST_TEST(PortJournal::open(run.path(), "eth0", 6, elsewhere) == 0);
  first.remove();
  BOOST_TEST(PortJournal::list(run.path(), 5).empty());
  BOOST_TEST(PortJournal::open(run.path(), "eth0", 5, second) == 0);
  BOOST_TEST(second.read().empty());
}

BOOST_AUTO_TEST_CASE(a_journal_whose_owner_is_gone_keeps_its_text_for_the_next) {
  const test::ScratchDirectory run;
  {
    PortJournal owner;
    BOOST_REQUIRE(PortJournal::open(run.path(), "eth0", 5, owner) == 0);
    BOOST_REQUIRE(owner.write(full_record()) == 0);
  }
  PortJournal next;
  BOOST_REQUIRE(PortJournal::open(run.path(), "eth0", 5, next) == 0);
  BOOST_TEST(next.read() == to_text(full_record()));
}

BOOST_AUTO_TEST_CASE(a_directory_that_cannot_be_made_is_an_error_and_no_lock) {
  PortJournal journal;
  BOOST_TEST(PortJournal::open("/proc/bondbox", "eth0", 5, journal) != 0);
  BOOST_TEST(!journal.is_open());
  BOOST_TEST(journal.write(full_record()) == EBADF);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lnx
