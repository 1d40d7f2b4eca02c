#include "tests/bench/loss.hpp"

#include <algorithm>
#include <chrono>
#include <random>
#include <stdexcept>
#include <thread>

#include "tests/bench/cables.hpp"
#include "tests/bench/numbered_flow.hpp"

namespace bondbox::bench {
namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t second = 1'000 * ms;
constexpr std::int64_t recent = second;         // the kernel tells of links once a second
constexpr std::int64_t on_the_way = 2 * ms;     // packets sent so long before an event may meet it
constexpr std::int64_t settle = 1'500 * ms;     // before the first pull
constexpr std::int64_t last_look = 1'000 * ms;  // after the last event

void sleep_until(std::int64_t at_ns) {
  const std::int64_t left = at_ns - wall_ns();
  if (left > 0) std::this_thread::sleep_for(std::chrono::nanoseconds(left));
}

/// What happened when.
struct Story {
  struct Pull {
    PullClass before = PullClass::quiet;
    std::int64_t pulled_ns = 0;
    std::int64_t back_ns = 0;
    std::int64_t other_back_ns = 0;  ///< when a cable last came back before; 0: never
  };
  std::int64_t begin_ns = 0;
  std::vector<Pull> pulls;
  std::int64_t end_ns = 0;
};

Story play(const LossSettings& settings, Cables& cables) {
  std::mt19937 random(settings.seed);
  const auto between = [&random](std::int64_t low_ms, std::int64_t high_ms) {
    return std::uniform_int_distribution<std::int64_t>(low_ms * ms, high_ms * ms)(random);
  };
  Story story;
  story.begin_ns = wall_ns();
  const std::int64_t deadline = story.begin_ns + settings.limit_s * second;
  std::int64_t back_ns = 0;
  for (int i = 0; i < settings.pulls; ++i) {
    const auto before = i == 0 ? PullClass::quiet : static_cast<PullClass>(random() % pull_classes);
    const std::int64_t pause = i == 0                         ? settle
                               : before == PullClass::quiet   ? between(1'150, 1'900)
                               : before == PullClass::flapped ? between(120, 450)
                                                              : between(15, 80);
    const std::int64_t out_for = between(50, 450);
    const std::int64_t due = (back_ns != 0 ? back_ns : story.begin_ns) + pause + settings.rest_ms * ms;
    if (due + out_for + last_look > deadline) break;
    sleep_until(due - 10 * ms);
    const std::size_t cable = cables.carrying();
    sleep_until(due);
    Story::Pull pull{before, wall_ns(), 0, back_ns};
    cables.pull(cable, settings.kind);
    sleep_until(pull.pulled_ns + out_for);
    pull.back_ns = wall_ns();
    cables.put_back(cable, settings.kind);
    back_ns = pull.back_ns;
    // Where laying it took long, the pause may have become another than was meant.
    if (i != 0 && pull.pulled_ns - pull.other_back_ns > recent) pull.before = PullClass::quiet;
    story.pulls.push_back(pull);
  }
  sleep_until(wall_ns() + last_look);
  story.end_ns = wall_ns();
  return story;
}

/// What became of the packets that were sent in [from, to).
DirectionLoss look(const NumberedFlow& flow, std::int64_t from, std::int64_t to) {
  DirectionLoss loss;
  std::int64_t gap_began = 0;
  for (std::size_t i = 0; i < flow.sent(); ++i) {
    const NumberedFlow::Packet& packet = flow.packets()[i];
    if (packet.sent_ns < from) continue;
    if (packet.sent_ns >= to) break;
    ++loss.sent;
    if (packet.copies == 0) {
      ++loss.lost;
      if (gap_began == 0) gap_began = packet.sent_ns;
    } else {
      if (gap_began != 0)
        loss.outage_ms = std::max(loss.outage_ms, static_cast<double>(packet.sent_ns - gap_began) / ms);
      gap_began = 0;
      loss.duplicated += packet.copies - 1u;
      if (packet.reordered) ++loss.reordered;
      loss.delay_ms = std::max(loss.delay_ms, static_cast<double>(packet.arrived_ns - packet.sent_ns) / ms);
    }
  }
  if (gap_began != 0) loss.outage_ms = std::max(loss.outage_ms, static_cast<double>(to - gap_began) / ms);
  return loss;
}

}  // namespace

Spread spread_of(std::vector<double> values) {
  Spread spread;
  if (values.empty()) return spread;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  spread.median = values.size() % 2 != 0 ? values[half] : (values[half - 1] + values[half]) / 2;
  for (const double value : values) spread.mean += value / static_cast<double>(values.size());
  spread.worst = values.back();
  return spread;
}

LossResult measure_loss(const LossSettings& settings) {
  if (settings.box == nullptr || settings.town == nullptr || settings.cables.size() < 2)
    throw std::runtime_error("two namespaces and two cables are needed");
  if (settings.rate < 1 || settings.rate > 100'000 || settings.limit_s < 5 || settings.limit_s > 600)
    throw std::runtime_error("1 to 100000 packets a second, for 5 to 600 seconds");
  Cables cables(*settings.box, *settings.town, settings.cables);
  const auto capacity = static_cast<std::size_t>(settings.rate) * (static_cast<std::size_t>(settings.limit_s) + 5);
  NumberedFlow out(*settings.box, settings.box_address, *settings.town, settings.town_address, 7001, capacity);
  NumberedFlow in(*settings.town, settings.town_address, *settings.box, settings.box_address, 7002, capacity);
  std::vector<NumberedFlow*> flows;
  if (settings.out) flows.push_back(&out);
  if (settings.in) flows.push_back(&in);
  FlowDriver driver(flows, settings.rate);
  const Story story = play(settings, cables);
  driver.stop();

  LossResult result;
  result.refused = out.refused() + in.refused();
  result.overrun = out.overrun() + in.overrun();
  const auto what = [&](std::int64_t from, std::int64_t to) {
    PullLoss loss;
    loss.at_s = static_cast<double>(from - story.begin_ns) / second;
    loss.out = look(out, from - on_the_way, to - on_the_way);
    loss.in = look(in, from - on_the_way, to - on_the_way);
    return loss;
  };
  const std::size_t count = story.pulls.size();
  result.before = what(story.begin_ns + second / 2, count != 0 ? story.pulls[0].pulled_ns : story.end_ns);
  for (std::size_t i = 0; i < count; ++i) {
    const Story::Pull& pull = story.pulls[i];
    PullLoss loss = what(pull.pulled_ns, pull.back_ns);
    loss.before = pull.before;
    if (i > 0) loss.since_pull_ms = static_cast<double>(pull.pulled_ns - story.pulls[i - 1].pulled_ns) / ms;
    if (i > 0) loss.since_back_ms = static_cast<double>(pull.pulled_ns - pull.other_back_ns) / ms;
    result.pulls.push_back(loss);
    result.backs.push_back(what(pull.back_ns, i + 1 < count ? story.pulls[i + 1].pulled_ns : story.end_ns));
  }
  return result;
}

}  // namespace bondbox::bench
