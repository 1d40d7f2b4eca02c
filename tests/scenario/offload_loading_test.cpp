// A bond whose frames could be carried below it, but not yet: what the plan takes is still being loaded.
#include <boost/test/unit_test.hpp>
#include <string>

#include "firmware/render.hpp"
#include "tests/support/below.hpp"

namespace {

using namespace bondbox;
using test::Below;
using test::config_with;
using test::has_line;
using test::Lines;

constexpr auto per_element = boost::test_tools::per_element();

}  // namespace

BOOST_AUTO_TEST_SUITE(offload_loading_scenarios)

BOOST_AUTO_TEST_CASE(what_is_not_executed_yet_is_not_said_to_be) {
  Below bench({"e0", "e1"});
  bench.record.pending = "BPF programs are being loaded";
  bench.add({"e0", "e1"});
  BOOST_TEST(bench.record.serves());
  BOOST_TEST(!bench.status().offload.serving);
  const std::string text = render_text(bench.status());
  BOOST_TEST(has_line(text, "forwarding: in the daemon (BPF programs are being loaded)"), text);
  bench.record.pending.clear();
  BOOST_TEST(bench.status().offload.serving);
}

BOOST_AUTO_TEST_CASE(bpf_is_waited_for_at_the_start_where_it_is_asked_for) {
  Below bench({"e0", "e1"});
  bench.record.pending = "BPF programs are being loaded";
  BOOST_REQUIRE(bench.scheduler.add_bond(config_with(OffloadUse::bpf)).ok());
  BOOST_TEST(bench.status().offload.serving);
}

BOOST_AUTO_TEST_CASE(a_refusal_that_is_known_later_is_told_then_and_the_daemon_goes_on) {
  Below bench({"e0", "e1"});
  bench.record.pending = "BPF programs are being loaded";
  bench.add({"e0", "e1"});
  bench.take_events();
  bench.record.progress = Outcome::failed(EINVAL, "the kernel refuses the program for e0's ingress");
  bench.run_for(1'000);
  Lines told;
  for (const std::string& line : bench.take_events())
    if (line.find("BPF") != std::string::npos) told.push_back(line.substr(line.find("bond0")));
  BOOST_TEST(told == (Lines{"bond0: BPF is not used any more: the kernel refuses the program for e0's ingress"}),
             per_element);
  BOOST_TEST(bench.record.open == 0);
  BOOST_TEST(bench.status().offload.reason == "the kernel refuses the program for e0's ingress");
}

BOOST_AUTO_TEST_SUITE_END()
