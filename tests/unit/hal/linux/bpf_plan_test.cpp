#include "hal/linux/bpf_plan.hpp"

#include <boost/test/unit_test.hpp>

#include "hal/wire/fast_choice.hpp"

namespace bondbox::test {

using namespace lnx;

namespace {

wire::FastPlan plan_of(wire::FastSpread spread) {
  wire::FastPlan plan;
  plan.spread = spread;
  plan.hash_policy = wire::fast_hash_encap34;
  plan.bucket_key = wire::fast_key_destination_ip;
  plan.usable_count = 2;
  plan.usable[0] = 3;
  plan.usable[1] = 1;
  return plan;
}

std::uint64_t number_of(const wire::FastPlan& plan) {
  return bpf_number_of(kind_of(plan));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bpf_plan)

BOOST_AUTO_TEST_CASE(what_makes_no_difference_to_the_program_makes_no_other_kind) {
  const wire::FastPlan single = plan_of(wire::fast_single);
  wire::FastPlan other = single;
  other.hash_policy = wire::fast_hash_layer2;
  other.bucket_key = wire::fast_key_every_frame;
  other.rest_port = 1;
  other.usable[0] = 2;
  other.punt = wire::fast_class_slow_protocols | wire::fast_class_arp_received;
  BOOST_TEST(number_of(other) == number_of(single));

  wire::FastPlan by_address = plan_of(wire::fast_buckets);
  const std::uint64_t before = number_of(by_address);
  by_address.hash_policy = wire::fast_hash_layer2;
  BOOST_TEST(number_of(by_address) == before);
}

BOOST_AUTO_TEST_CASE(what_makes_a_difference_makes_another_kind) {
  const wire::FastPlan hash = plan_of(wire::fast_hash);
  const auto differs = [&](auto change) {
    wire::FastPlan other = hash;
    change(other);
    return number_of(other) != number_of(hash);
  };
  BOOST_TEST(differs([](wire::FastPlan& plan) { plan.spread = wire::fast_buckets; }));
  BOOST_TEST(differs([](wire::FastPlan& plan) { plan.hash_policy = wire::fast_hash_layer2; }));
  BOOST_TEST(differs([](wire::FastPlan& plan) { plan.punt = wire::fast_class_arp_sent; }));
  BOOST_TEST(differs([](wire::FastPlan& plan) { plan.igmp_port = 1; }));
  BOOST_TEST(differs([](wire::FastPlan& plan) { plan.copy_neighbours = 1; }));
  BOOST_TEST(differs([](wire::FastPlan& plan) { plan.rest_port = 1; }));
  // With a port for the rest there are buckets, to tell what is the rest.
  wire::FastPlan rest = hash;
  rest.rest_port = 1;
  const std::uint64_t by_address = number_of(rest);
  rest.bucket_key = wire::fast_key_every_frame;
  BOOST_TEST(number_of(rest) != by_address);
}

BOOST_AUTO_TEST_CASE(the_order_holds_each_port_once_the_usable_ones_first) {
  wire::FastPlan plan = plan_of(wire::fast_single);
  plan.fallback_count = 3;
  plan.fallback[0] = 1;
  plan.fallback[1] = 0;
  plan.fallback[2] = 200;  // no port of ours
  const BpfPlan laid = lay_out(plan, kind_of(plan));
  BOOST_TEST(int{laid.order[0]} == 3);
  BOOST_TEST(int{laid.order[1]} == 1);
  BOOST_TEST(int{laid.order[2]} == 0);
  for (std::size_t i = 3; i < wire::fast_ports_max; ++i) BOOST_TEST(int{laid.order[i]} == wire::fast_no_port);
  BOOST_TEST(laid.ordered == 0b1011U);
  BOOST_TEST(laid.kind == number_of(plan));
}

BOOST_AUTO_TEST_CASE(a_plan_by_which_nothing_leaves_fits_the_program_that_is_there) {
  const wire::FastPlan nothing = plan_of(wire::fast_nothing);
  const BpfKind there{.spread = wire::fast_hash, .hash_policy = wire::fast_hash_layer34};
  const BpfPlan laid = lay_out(nothing, there);
  BOOST_TEST(laid.kind == bpf_number_of(there));
  BOOST_TEST(int{laid.usable_count} == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test
