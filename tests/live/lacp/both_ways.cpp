#include "tests/live/lacp/both_ways.hpp"

#include <utility>

namespace bondbox::live {

BothWays::BothWays(const Pair& pair, int rate)
    : pair_(pair),
      there_(pair.street.left(), pair.street.right(), "10.0.0.2", rate),
      back_(pair.street.right(), pair.street.left(), "10.0.0.1", rate),
      begin_(0),
      before_{} {
  // The first ones wait for neighbours, and for flows that a switch in user space sets up.
  const auto flows = [](const Traffic& traffic) { return traffic.arrived() >= 3 * Traffic::flows; };
  pair_.findings.check(lab::wait_until([&] { return flows(there_) && flows(back_); }, 10'000), "nothing arrives");
  begin_ = now_ms();
  before_ = counts();
}

void BothWays::stop() {
  there_.stop();
  back_.stop();
}

void BothWays::check_intact(std::int64_t since, std::int64_t until, const std::string& when) const {
  for (const auto& [traffic, way] : {std::pair(&there_, "left to right "), std::pair(&back_, "right to left ")}) {
    const Traffic::Report report = traffic->report(since, until);
    pair_.findings.check(report.sent > 0, std::string("nothing was sent ") + way + when);
    pair_.findings.check(report.lost == 0, std::to_string(report.lost) + " of " + std::to_string(report.sent) +
                                               " datagrams lost " + way + when + ", the first after " +
                                               in_ms(report.first_loss_ms));
    pair_.findings.check(report.doubled == 0, std::to_string(report.doubled) + " datagrams doubled " + way + when);
  }
}

void BothWays::note_loss(std::int64_t since, std::int64_t until, const std::string& when) const {
  const auto text = [&](const Traffic& traffic) {
    const Traffic::Report report = traffic.report(since, until);
    return std::to_string(report.lost) + "/" + std::to_string(report.sent) +
           (report.lost > 0 ? " (gap " + in_ms(report.longest_gap_ms) + ")" : std::string());
  };
  pair_.findings.note(when + ": lost left to right " + text(there_) + ", right to left " + text(back_));
}

void BothWays::check_cables(bool first, bool second, const std::string& when) {
  // LACPDUs and neighbour discovery are a handful of frames; one flow alone sends twenty a second.
  constexpr std::uint64_t some = Traffic::flows;
  const Counts now = counts();
  for (std::size_t cable = 0; cable < now.size(); ++cable)
    for (std::size_t way = 0; way < 2; ++way) {
      const std::uint64_t frames = now[cable][way] - before_[cable][way];
      const bool wanted = cable == 0 ? first : second;
      // Open vSwitch begins with all flows on one port and spreads them by their load, later.
      const Kind sender = way == 0 ? pair_.left_kind : pair_.right_kind;
      if (sender == Kind::ovs && first && second) continue;
      pair_.findings.check(wanted ? frames > some : frames < some,
                           std::to_string(frames) + " frames on cable " + std::to_string(cable) +
                               (way == 0 ? " left to right " : " right to left ") + when);
    }
  before_ = now;
}

BothWays::Counts BothWays::counts() const {
  Counts counts{};
  for (std::size_t cable = 0; cable < counts.size(); ++cable) {
    counts[cable][0] = pair_.street.frames(static_cast<int>(cable), Way::left_to_right);
    counts[cable][1] = pair_.street.frames(static_cast<int>(cable), Way::right_to_left);
  }
  return counts;
}

}  // namespace bondbox::live
