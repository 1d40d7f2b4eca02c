#include "tests/soak/ledger.hpp"

#include <algorithm>
#include <map>

#include "firmware/text.hpp"

namespace bondbox::soak {
namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t on_the_way = 5 * ms;      // packets sent so long before a happening may meet it, at least
constexpr std::int64_t until_it_left = 50 * ms;  // a sender may lose its CPU between stamp and socket
constexpr std::size_t neighbours = 500;          // packets before and after one, whose time on the way tells its own
constexpr std::int64_t look_back = 30'000 * ms;  // longer than any happening and its window
constexpr std::size_t complaints_max = 20;

double to_ms(std::int64_t ns) {
  return static_cast<double>(ns) / static_cast<double>(ms);
}

}  // namespace

const char* text_of(Kind kind) {
  static constexpr std::array<const char*, kinds> texts = {
      "far end set down", "port set down",  "port deleted", "cable back",    "port chosen",
      "port released",    "kill -9",        "taken over",   "port enslaved", "stopped 20-150 ms",
      "offload switched", "option written", "reload",       "asked"};
  return texts[static_cast<std::size_t>(kind)];
}

void Ledger::note(std::span<const Happening> happenings) {
  for (const Happening& one : happenings) ++rows_[static_cast<std::size_t>(one.kind)].happened;
}

/// The longest time on the way of the packets around each: on a machine that is busy they wait for the daemon, and what
/// waits in a port is lost with it.
std::vector<std::int64_t> waits_of(std::span<const bench::NumberedFlow::Packet> packets) {
  std::vector<std::int64_t> longest(packets.size() / neighbours + 3);
  for (std::size_t i = 0; i < packets.size(); ++i)
    if (packets[i].copies != 0)
      longest[i / neighbours + 1] = std::max(longest[i / neighbours + 1], packets[i].arrived_ns - packets[i].sent_ns);
  std::vector<std::int64_t> waits(packets.size() / neighbours + 1);
  for (std::size_t i = 0; i < waits.size(); ++i)
    waits[i] = std::max({on_the_way, longest[i], longest[i + 1], longest[i + 2]});
  return waits;
}

/// The last thing before it that may have done this to it.
const Happening* Ledger::cause_of(Harm harm, std::int64_t sent_ns, std::int64_t waited_ns,
                                  std::span<const Happening> happenings) const {
  const auto later =
      std::upper_bound(happenings.begin(), happenings.end(), sent_ns + waited_ns,
                       [](std::int64_t moment, const Happening& happening) { return moment < happening.begin_ns; });
  for (auto at = later; at != happenings.begin();) {
    --at;
    if (at->begin_ns < sent_ns - look_back) break;
    const bool late = harm == Harm::loss_on_the_cable && at->kind != Kind::killed;
    const bool met = !late || at->begin_ns <= sent_ns + until_it_left;
    const bool may = (at->may_lose && met) || (harm == Harm::disorder && at->may_reorder);
    if (may && sent_ns <= at->end_ns + window_ns_) return &*at;
  }
  return nullptr;
}

void Ledger::complain(const char* what, Way way, std::size_t number, std::int64_t sent_ns,
                      std::span<const Happening> happenings) {
  if (unexplained_.size() >= complaints_max) return;
  std::string text = format("%s %s: packet %zu", way == Way::out ? "out" : "in", what, number);
  const auto later =
      std::upper_bound(happenings.begin(), happenings.end(), sent_ns + on_the_way,
                       [](std::int64_t moment, const Happening& happening) { return moment < happening.begin_ns; });
  std::size_t told = 0;
  for (auto at = later; at != happenings.begin() && told < 4; ++told) {
    --at;
    text += format("; %.1f ms after \"%s\"", to_ms(sent_ns - at->begin_ns), text_of(at->kind));
  }
  unexplained_.push_back(std::move(text));
}

void Ledger::add(Way way, std::span<const bench::NumberedFlow::Packet> packets, std::uint64_t refused,
                 std::span<const Happening> happenings) {
  Totals& totals = totals_[static_cast<std::size_t>(way)];
  std::map<const Happening*, std::uint64_t> cost;
  const std::vector<std::int64_t> waits = waits_of(packets);
  totals.sent += packets.size();
  totals.refused += refused;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const bench::NumberedFlow::Packet& packet = packets[i];
    if (packet.copies != 0) {
      ++totals.arrived;
      totals.doubled += packet.copies - 1u;
      totals.delay_ms = std::max(totals.delay_ms, to_ms(packet.arrived_ns - packet.sent_ns));
      if (!packet.reordered) continue;
      const bool explained = cause_of(Harm::disorder, packet.sent_ns, waits[i / neighbours], happenings) != nullptr;
      ++(explained ? totals.reordered_in_window : totals.reordered);
      if (!explained) complain("reordered", way, i, packet.sent_ns, happenings);
      continue;
    }
    ++totals.lost;
    const Harm harm = way == Way::in && straight_ ? Harm::loss_on_the_cable : Harm::loss;
    const Happening* const cause = cause_of(harm, packet.sent_ns, waits[i / neighbours], happenings);
    if (cause == nullptr) {
      ++totals.unexplained;
      complain("lost", way, i, packet.sent_ns, happenings);
      continue;
    }
    Row& row = rows_[static_cast<std::size_t>(cause->kind)];
    ++row.lost[static_cast<std::size_t>(way)];
    row.latest_ms = std::max(row.latest_ms, to_ms(packet.sent_ns - cause->begin_ns));
    ++cost[cause];
  }
  for (const auto& [cause, packets_lost] : cost) {
    Row& row = rows_[static_cast<std::size_t>(cause->kind)];
    ++row.cost_something;
    row.worst = std::max(row.worst, packets_lost);
  }
}

}  // namespace bondbox::soak
