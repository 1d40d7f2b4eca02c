#include "hal/wire/archive.hpp"

#include <boost/test/unit_test.hpp>

#include "hal/wire/duplex.hpp"

namespace {

using namespace bondbox;

struct Thing {
  bool is_on = false;
  std::uint16_t number = 0;
  std::int32_t balance = 0;
  Duplex duplex = Duplex::unknown;
  Tick at{};
  Tick never{-(std::int64_t{1} << 40)};
  Ticks delay{};
  std::optional<PortId> port;
  FixedVector<MacAddress, 3> macs;
  std::string text;
  std::array<std::uint8_t, 4> bytes{};

  template <class A>
  void archive(A& a) {
    a(is_on, number, balance, duplex, at, never, delay, port, macs, text, bytes);
  }
};

Thing some_thing() {
  Thing thing;
  thing.is_on = true;
  thing.number = 0x1234;
  thing.balance = -7;
  thing.duplex = Duplex::full;
  thing.at = Tick{950};
  thing.delay = Ticks{-30};
  thing.port = PortId{15};
  thing.macs.push_back(MacAddress{{1, 2, 3, 4, 5, 6}});
  thing.text = "what";
  thing.bytes = {9, 8, 7, 6};
  return thing;
}

std::vector<std::uint8_t> written(Thing thing, Tick now) {
  std::vector<std::uint8_t> bytes;
  Archive writer = Archive::writer(bytes, now);
  writer(thing);
  return bytes;
}

template <class T>
std::uint64_t layout_of() {
  Archive describer = Archive::describer();
  T any{};
  describer(any);
  return describer.fingerprint();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(archive)

BOOST_AUTO_TEST_CASE(what_was_written_is_read_and_ticks_keep_their_distance_from_now) {
  const std::vector<std::uint8_t> bytes = written(some_thing(), Tick{1'000});
  // Big-endian, whatever wrote it.
  BOOST_TEST(bytes[0] == 1);
  BOOST_TEST(bytes[1] == 0x12);
  BOOST_TEST(bytes[2] == 0x34);
  Thing found;
  Archive reader = Archive::reader(bytes, Tick{-40});
  reader(found);
  BOOST_REQUIRE(reader.ended_well());
  BOOST_TEST(found.number == 0x1234);
  BOOST_TEST(found.balance == -7);
  BOOST_TEST(found.at.number == -90);
  BOOST_TEST(found.never.number == -(std::int64_t{1} << 40));
  BOOST_TEST(found.delay.count == -30);
  BOOST_TEST((found.port == PortId{15}));
  BOOST_TEST(found.macs.size() == 1U);
  BOOST_TEST(found.text == "what");
  BOOST_TEST((written(found, Tick{-40}) == bytes));
}

BOOST_AUTO_TEST_CASE(bytes_that_are_cut_off_or_go_on_are_not_taken) {
  std::vector<std::uint8_t> bytes = written(some_thing(), Tick{});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Thing found;
    Archive reader = Archive::reader(wire::Bytes(bytes).first(size), Tick{});
    reader(found);
    BOOST_TEST(!reader.ok(), size << " bytes were enough");
  }
  bytes.push_back(0);
  Thing found;
  Archive reader = Archive::reader(bytes, Tick{});
  reader(found);
  BOOST_TEST(reader.ok());
  BOOST_TEST(!reader.ended_well());
}

BOOST_AUTO_TEST_CASE(a_value_out_of_its_range_is_refused) {
  const std::vector<std::uint8_t> good = written(some_thing(), Tick{});
  const auto refuses = [&](std::size_t at, std::uint8_t value) {
    std::vector<std::uint8_t> bytes = good;
    bytes[at] = value;
    Thing found;
    Archive reader = Archive::reader(bytes, Tick{});
    reader(found);
    return !reader.ok();
  };
  BOOST_TEST(!refuses(3, 0x7f));
  BOOST_TEST(refuses(0, 2));         // no truth value
  BOOST_TEST(refuses(7, 3));         // no such duplex
  BOOST_TEST(refuses(8, 0x7f));      // a tick that no program lives to see
  BOOST_TEST(refuses(8 + 25, 16));   // no such port
  BOOST_TEST(refuses(8 + 29, 4));    // more than there is room for
  BOOST_TEST(refuses(8 + 26, 255));  // and very many
}

BOOST_AUTO_TEST_CASE(another_layout_has_another_fingerprint) {
  struct Longer {
    Thing thing;
    bool more = false;
    void archive(Archive& a) { a(thing, more); }
  };
  struct Roomier {
    FixedVector<MacAddress, 3> macs;
    void archive(Archive& a) { a(macs); }
  };
  struct Roomiest {
    FixedVector<MacAddress, 4> macs;
    void archive(Archive& a) { a(macs); }
  };
  BOOST_TEST(layout_of<Thing>() == layout_of<Thing>());
  BOOST_TEST(layout_of<Thing>() != layout_of<Longer>());
  BOOST_TEST(layout_of<Roomier>() != layout_of<Roomiest>());
}

BOOST_AUTO_TEST_SUITE_END()
