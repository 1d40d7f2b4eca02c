#include "firmware/flap_damper.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <random>

namespace {

using namespace bondbox;

BondOptions damping(std::uint32_t half_life_ms = 15'000) {
  BondOptions options;
  options.flap_damping_ms = half_life_ms;
  return options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(flap_damper)

BOOST_AUTO_TEST_CASE(a_penalty_halves_with_each_half_life) {
  BOOST_TEST(decayed(3000, Ticks{0}, Ticks{1000}) == 3000U);
  BOOST_TEST(decayed(3000, Ticks{1000}, Ticks{1000}) == 1500U);
  BOOST_TEST(decayed(3000, Ticks{2000}, Ticks{1000}) == 750U);
  BOOST_TEST(decayed(3000, Ticks{-5}, Ticks{1000}) == 3000U);
  BOOST_TEST(decayed(1'000'000, Ticks{1'000'000}, Ticks{1}) == 0U);
}

BOOST_AUTO_TEST_CASE(it_decays_exponentially_to_a_thousandth_and_never_grows) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    const auto penalty = static_cast<std::uint32_t>(random() % FlapDamper::penalty_max + 1);
    const Ticks half_life{1 + static_cast<std::int64_t>(random() % 3'600'000)};
    const Ticks passed{static_cast<std::int64_t>(random()) % (half_life.count * 6)};
    const double wanted =
        penalty * std::exp2(-static_cast<double>(passed.count) / static_cast<double>(half_life.count));
    const std::uint32_t got = decayed(penalty, passed, half_life);
    BOOST_TEST(std::abs(got - wanted) <= 1.0 + wanted / 1000,
               penalty << " after " << passed.count << " of " << half_life.count << ": " << got);
    BOOST_TEST(decayed(penalty, passed + Ticks{1}, half_life) <= got);
  }
}

BOOST_AUTO_TEST_CASE(three_losses_in_a_row_damp_a_port_and_two_do_not) {
  const BondOptions options = damping();
  FlapDamper damper;
  BOOST_TEST(!damper.lost(options, Tick{1000}));
  BOOST_TEST(!damper.lost(options, Tick{2000}));
  BOOST_TEST(!damper.is_damped());
  BOOST_TEST(damper.lost(options, Tick{3000}));
  BOOST_TEST(damper.is_damped());
  // 1000 * 2^(-2/15) + 1000 * 2^(-1/15) + 1000 is 2866.5; each step rounds down.
  BOOST_TEST(damper.penalty(options, Tick{3000}) == 2865U);
}

BOOST_AUTO_TEST_CASE(losses_far_apart_do_not_add_up) {
  const BondOptions options = damping();
  FlapDamper damper;
  for (int i = 0; i < 50; ++i) BOOST_TEST(!damper.lost(options, Tick{i * 20'000}));
}

BOOST_AUTO_TEST_CASE(a_damped_port_is_released_in_the_tick_in_which_its_penalty_is_low_enough) {
  const BondOptions options = damping();
  FlapDamper damper;
  for (std::int64_t at : {0, 100, 200}) (void)damper.lost(options, Tick{at});
  const Tick until = damper.until();
  BOOST_TEST(damper.penalty(options, until) < options.flap_reuse);
  BOOST_TEST(damper.penalty(options, until - Ticks{1}) >= options.flap_reuse);
  BOOST_TEST(!damper.release(options, until - Ticks{1}));
  BOOST_TEST(damper.release(options, until));
  BOOST_TEST(!damper.is_damped());
  BOOST_TEST(!damper.release(options, until + Ticks{1}));
}

BOOST_AUTO_TEST_CASE(a_damped_port_that_goes_on_flapping_stays_damped) {
  const BondOptions options = damping();
  FlapDamper damper;
  for (std::int64_t at : {0, 100, 200}) (void)damper.lost(options, Tick{at});
  const Tick until = damper.until();
  damper.note(true, options, Tick{5'000});
  BOOST_TEST((damper.until() == until));
  damper.note(false, options, Tick{6'000});
  BOOST_TEST((damper.until() > until));
  const Tick later = damper.until();
  damper.note(false, options, Tick{6'100});
  BOOST_TEST((damper.until() == later));
}

BOOST_AUTO_TEST_CASE(no_port_is_kept_out_for_longer_than_flap_hold_max) {
  BondOptions options = damping();
  options.flap_hold_max_ms = 20'000;
  FlapDamper damper;
  for (int i = 0; i < 200; ++i) (void)damper.lost(options, Tick{i * 10});
  BOOST_TEST(damper.until().number == 1'990 + 20'000);
  BOOST_TEST(damper.release(options, damper.until()));
  // And then one more loss is one more loss.
  BOOST_TEST(damper.penalty(options, Tick{22'000}) <= options.flap_reuse);
  BOOST_TEST(!damper.lost(options, Tick{22'000}));
}

BOOST_AUTO_TEST_CASE(what_is_lifted_is_damped_again_by_the_next_loss) {
  const BondOptions options = damping();
  FlapDamper damper;
  for (std::int64_t at : {0, 100, 200}) (void)damper.lost(options, Tick{at});
  damper.lift(Tick{300});
  BOOST_TEST(!damper.is_damped());
  BOOST_TEST(damper.lost(options, Tick{400}));
}

BOOST_AUTO_TEST_CASE(without_flap_damping_nothing_is_damped_and_what_was_is_released) {
  BondOptions options = damping();
  FlapDamper damper;
  for (std::int64_t at : {0, 100, 200}) (void)damper.lost(options, Tick{at});
  options.flap_damping_ms = 0;
  BOOST_TEST(damper.release(options, Tick{300}));
  for (std::int64_t at : {400, 500, 600}) BOOST_TEST(!damper.lost(options, Tick{at}));
  BOOST_TEST(damper.penalty(options, Tick{600}) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
