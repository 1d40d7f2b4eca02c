#include <boost/test/unit_test.hpp>
#include <string>

#include "firmware/render.hpp"

namespace bondbox::test {

BOOST_AUTO_TEST_SUITE(render_loops)

BOOST_AUTO_TEST_CASE(loops_are_told_where_there_are_several_and_why_fewer_serve) {
  const auto shows = [](LoopStatus loops, const std::string& line) {
    BondStatus bond;
    bond.name = "bond0";
    bond.loops = std::move(loops);
    return render_text(bond).find(line) != std::string::npos;
  };
  BOOST_TEST(!shows({1, 1, 0, {}}, "loops"));
  BOOST_TEST(shows({4, 4, 0, {}}, "\n  loops: 4 of 4\n"));
  BOOST_TEST(shows({4, 1, 0, "queue_id tells frames apart"}, "\n  loops: 1 of 4 (queue_id tells frames apart)\n"));
  BOOST_TEST(shows({4, 1, 0, std::string(1'000, 'x')}, "xxx...)\n"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test
