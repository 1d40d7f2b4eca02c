// Several bonds in one program, side by side and facing each other.
#include <boost/test/unit_test.hpp>

#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;
using test::data_frame;
using test::data_numbers;
using test::SimBench;

/// bondA (a0, a1) and bondB (b0, b1), on two wires.
struct Facing : SimBench {
  Facing() : SimBench({"a0", "a1", "b0", "b1"}) {
    BOOST_REQUIRE(world.connect("a0", "b0").ok());
    BOOST_REQUIRE(world.connect("a1", "b1").ok());
    add(config({"a0", "a1"}, "bondA"));
    add(config({"b0", "b1"}, "bondB"));
  }
  bool passes(const char* from, const char* to) {
    host(to).take_delivered();
    BOOST_REQUIRE(host_sends(data_frame(host(to).mac(), host(from).mac(), 7), from));
    return data_numbers(host(to).take_delivered()).size() == 1;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(several_bonds)

BOOST_AUTO_TEST_CASE(two_bonds_facing_each_other_survive_the_loss_of_either_wire) {
  Facing bench;
  BOOST_TEST(bench.passes("bondA", "bondB"));
  BOOST_TEST(bench.passes("bondB", "bondA"));
  bench.link(500, "a0", false);
  BOOST_TEST(bench.active("bondA") == "a1");
  BOOST_TEST(bench.active("bondB") == "b1");
  BOOST_TEST(bench.passes("bondA", "bondB"));
  BOOST_TEST(bench.passes("bondB", "bondA"));
  bench.link(1'500, "a0", true);
  bench.link(2'500, "b1", false);
  BOOST_TEST(bench.active("bondA") == "a0");
  BOOST_TEST(bench.active("bondB") == "b0");
  BOOST_TEST(bench.passes("bondA", "bondB"));
  BOOST_TEST(bench.passes("bondB", "bondA"));
}

BOOST_AUTO_TEST_CASE(bonds_of_different_options_keep_them_apart) {
  SimBench bench({"e0", "e1", "e2", "e3"});
  bench.add(SimBench::config({"e0", "e1"}, "bond0"));
  BondConfig slow = SimBench::config({"e2", "e3"}, "bond1");
  slow.options.miimon_ms = 250;
  slow.options.downdelay_ms = 500;
  bench.add(slow);
  bench.link(1'000, "e0", false);
  bench.link(1'000, "e2", false);
  BOOST_TEST(bench.active("bond0") == "e1");
  BOOST_TEST(bench.active("bond1") == "e2");
  BOOST_TEST((bench.state("e2", "bond1") == LinkState::fail));
  bench.run_to(1'500);
  BOOST_TEST(bench.active("bond1") == "e3");
  BOOST_REQUIRE(bench.set("primary", "e2", "bond1").ok());
  BOOST_TEST(bench.bond("bond0").options().primary == "");
  bench.scheduler.remove_bond("bond0");
  bench.link(2'000, "e2", true);
  BOOST_TEST(bench.active("bond1") == "e2");
}

BOOST_AUTO_TEST_CASE(a_port_of_one_bond_is_not_taken_by_another) {
  Facing bench;
  const auto enslave = [&](const char* port) {
    return bench.command([port](Bond& bond) { return bond.enslave(port); }, "bondA");
  };
  BOOST_TEST(!enslave("b0").ok());
  BOOST_TEST(!enslave("bondB").ok());
  BOOST_REQUIRE(bench.command([](Bond& bond) { return bond.release("b0"); }, "bondB").ok());
  BOOST_TEST(enslave("b0").ok());
}

BOOST_AUTO_TEST_CASE(frames_between_two_bonds_pass_within_one_tick) {
  Facing bench;
  bench.run_to(1'000);
  for (std::uint32_t i = 0; i < 500; ++i)
    BOOST_REQUIRE(bench.host("bondA").inject(data_frame(bench.host("bondB").mac(), bench.host("bondA").mac(), i)));
  bench.settle();
  BOOST_TEST(data_numbers(bench.host("bondB").take_delivered()).size() == 500U);
  BOOST_TEST(bench.now() == 1'000);
}

BOOST_AUTO_TEST_SUITE_END()
