#include "tests/bench/rounds.hpp"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <memory>
#include <stdexcept>

#include "tests/bench/counters.hpp"
#include "tests/bench/interrupt.hpp"
#include "tests/bench/loss.hpp"

namespace bondbox::bench {
namespace {

constexpr double failed = std::numeric_limits<double>::quiet_NaN();
constexpr const char* cubic = "cubic";
constexpr double settle_s = 0.05;

struct Entrant {
  PartyKind kind;
  std::unique_ptr<Street> street;
  std::unique_ptr<Party> party;
  Contestant result;

  void note(const std::string& text) {
    auto& notes = result.notes;
    std::string line = text;
    std::replace(line.begin(), line.end(), '\n', ' ');
    if (std::find(notes.begin(), notes.end(), line) == notes.end() && notes.size() < 8) notes.push_back(line);
  }
};

/// What a task has found, in the order of its measures.
using Values = std::vector<double>;

/// One measurement of one contestant.
struct Task {
  std::vector<Measure> measures;
  Values (*run)(Entrant& entrant, double seconds);
};

struct TcpKind {
  bool out;
  int streams;
  const char* congestion;
};

/// Gbit/s, then CPU seconds per Gbit of the forwarder and of the machine.
Values tcp(Entrant& entrant, const TcpKind& kind, double seconds) {
  const CableWatch cables(*entrant.street);
  const std::vector<pid_t> processes = entrant.party->processes();
  double process = 0;
  double machine = 0;
  const Window window{[&] {
                        process = process_cpu_s(processes);
                        machine = machine_cpu_s();
                      },
                      [&] {
                        process = process_cpu_s(processes) - process;
                        machine = machine_cpu_s() - machine;
                      }};
  const Way way = kind.out ? entrant.street->out() : entrant.street->in();
  const double rate = tcp_bytes_per_s(way, kind.streams, kind.congestion, seconds, window);
  cables.must_have_carried(rate * seconds, kind.out);
  const double gbit = rate * seconds * 8e-9;
  return {rate * 8e-9, processes.empty() ? failed : process / gbit, machine / gbit};
}

template <bool out, int streams>
Values tcp_default(Entrant& entrant, double seconds) {
  return {tcp(entrant, {out, streams, ""}, seconds)[0]};
}
template <bool out>
Values tcp_four(Entrant& entrant, double seconds) {
  return {tcp(entrant, {out, 4, cubic}, seconds)[0]};
}
template <bool out>
Values tcp_one(Entrant& entrant, double seconds) {
  return tcp(entrant, {out, 1, cubic}, seconds);
}

template <bool out>
Values udp(Entrant& entrant, double seconds) {
  const CableWatch cables(*entrant.street);
  const UdpRate rate = udp_delivered(out ? entrant.street->out() : entrant.street->in(), seconds);
  cables.must_have_carried(rate.per_s * seconds * 64, out);
  entrant.result.duplicates += rate.duplicates;
  return {rate.per_s / 1000};
}

template <bool out>
Values udp_wire(Entrant& entrant, double seconds) {
  const CableWatch cables(*entrant.street);
  const double rate = udp_arriving_per_s(out ? entrant.street->out() : entrant.street->in(), seconds);
  cables.must_have_carried(rate * seconds * 64, out);
  return {rate / 1000};
}

Values ping(Entrant& entrant, double seconds) {
  const CableWatch cables(*entrant.street);
  const RoundTrip trip = round_trip(entrant.street->out(), seconds);
  cables.must_have_carried(1000, true);
  if (trip.lost != 0) entrant.note("some pings stayed unanswered");
  return {trip.median_us, trip.p99_us};
}

/// The same with the forwarder where both programs are: no wake-up crosses CPUs.
Values ping_near(Entrant& entrant, double seconds) {
  if (!entrant.party->shares_cpu()) return {failed, failed};
  const std::vector<pid_t> processes = entrant.party->processes();
  pin(processes, 0);
  try {
    const Values found = ping(entrant, seconds);
    pin(processes, -1);
    return found;
  } catch (...) {
    pin(processes, -1);
    throw;
  }
}

/// The same with a forwarder that polls, and may do so where it likes.
Values ping_polling(Entrant& entrant, double seconds) {
  if (!entrant.party->poll_busily(true)) return {failed, failed};
  try {
    const Values found = ping(entrant, seconds);
    (void)entrant.party->poll_busily(false);
    return found;
  } catch (...) {
    (void)entrant.party->poll_busily(false);
    throw;
  }
}

Values memory(Entrant& entrant, double) {
  const std::vector<pid_t> processes = entrant.party->processes();
  if (processes.empty()) return {failed};
  return {static_cast<double>(resident_bytes(processes)) * 1e-6};
}

std::vector<Task> all_tasks() {
  return {{{Measure::tcp_tx, Measure::cpu_tx, Measure::machine_tx}, &tcp_one<true>},
          {{Measure::tcp_rx, Measure::cpu_rx, Measure::machine_rx}, &tcp_one<false>},
          {{Measure::tcp4_tx}, &tcp_four<true>},
          {{Measure::tcp4_rx}, &tcp_four<false>},
          {{Measure::tcp_tx_default}, &tcp_default<true, 1>},
          {{Measure::tcp_rx_default}, &tcp_default<false, 1>},
          {{Measure::tcp4_tx_default}, &tcp_default<true, 4>},
          {{Measure::tcp4_rx_default}, &tcp_default<false, 4>},
          {{Measure::udp_tx}, &udp<true>},
          {{Measure::udp_rx}, &udp<false>},
          {{Measure::udp_tx_wire}, &udp_wire<true>},
          {{Measure::udp_rx_wire}, &udp_wire<false>},
          {{Measure::rtt, Measure::rtt_p99}, &ping},
          {{Measure::rtt_near, Measure::rtt_near_p99}, &ping_near},
          {{Measure::rtt_polling, Measure::rtt_polling_p99}, &ping_polling},
          {{Measure::memory}, &memory}};
}

Entrant enter(const PartyKind& kind) {
  Entrant entrant{.kind = kind, .street = {}, .party = {}, .result = {.key = kind.key, .title = kind.title}};
  entrant.result.skipped = kind.what_is_missing();
  if (!entrant.result.skipped.empty()) return entrant;
  std::fprintf(stderr, "  START %s\n", kind.key.c_str());
  try {
    entrant.street = std::make_unique<Street>();
    entrant.party = kind.start(*entrant.street);
    if (!comes_through(entrant.street->out(), 8)) throw std::runtime_error("no packet comes through");
    if (const std::string remark = entrant.party->remark(); !remark.empty()) entrant.result.title += ", " + remark;
    entrant.party->rest(true);
  } catch (const Interrupted&) {
    throw;
  } catch (const std::runtime_error& error) {
    entrant.result.skipped = error.what();
    std::replace(entrant.result.skipped.begin(), entrant.result.skipped.end(), '\n', ' ');
    entrant.party.reset();
    entrant.street.reset();
  }
  return entrant;
}

void run_task(Entrant& entrant, const Task& task, double seconds) {
  Values found(task.measures.size(), failed);
  entrant.party->rest(false);
  pause_for(settle_s);
  try {
    found = task.run(entrant, seconds);
  } catch (const Interrupted&) {
    throw;
  } catch (const std::runtime_error& error) {
    entrant.note(std::string(info(task.measures[0]).title) + ": " + error.what());
  }
  entrant.party->rest(true);
  for (std::size_t i = 0; i < task.measures.size(); ++i) entrant.result.values[task.measures[i]].push_back(found[i]);
}

/// Cables pulled at random moments, under packets both ways.
void measure_losses(Entrant& entrant, int pulls) {
  std::fprintf(stderr, "  PULL  %s\n", entrant.kind.key.c_str());
  entrant.party->rest(false);
  pause_for(settle_s);
  LossSettings settings;
  settings.box = &entrant.street->box;
  settings.town = &entrant.street->town;
  settings.pulls = pulls;
  settings.limit_s = 2 * pulls + 10;
  try {
    const LossResult result = measure_loss(settings);
    stop_if_interrupted();
    for (const PullLoss& pull : result.pulls) {
      entrant.result.lost_out.push_back(pull.out.lost);
      entrant.result.lost_in.push_back(pull.in.lost);
      entrant.result.duplicates += pull.out.duplicated + pull.in.duplicated;
    }
    if (result.overrun != 0) entrant.note("the receivers of the loss measurement lost packets themselves");
  } catch (const Interrupted&) {
    throw;
  } catch (const std::runtime_error& error) {
    entrant.note(std::string("losses: ") + error.what());
  }
  entrant.party->rest(true);
}

}  // namespace

std::vector<Contestant> run_rounds(const std::vector<PartyKind>& kinds, const Settings& settings) {
  std::vector<Entrant> entrants;
  for (const PartyKind& kind : kinds) {
    if (kind.key != kinds.front().key && !settings.only.empty() && !settings.only.contains(kind.key)) continue;
    entrants.push_back(enter(kind));
    if (!entrants.back().result.skipped.empty())
      std::fprintf(stderr, "  skipped: %s: %s\n", kind.key.c_str(), entrants.back().result.skipped.c_str());
  }
  const double begin = now_s();
  for (int round = 0; round < settings.rounds; ++round) {
    std::fprintf(stderr, "  ROUND %d of %d, %.0f s\n", round + 1, settings.rounds, now_s() - begin);
    for (const Task& task : all_tasks()) {
      // Who is first changes from round to round: nobody always follows the same one.
      for (std::size_t turn = 0; turn < entrants.size(); ++turn) {
        Entrant& entrant = entrants[(turn + static_cast<std::size_t>(round)) % entrants.size()];
        if (entrant.result.skipped.empty()) run_task(entrant, task, settings.seconds);
      }
    }
  }
  // The bare cable has no second one.
  for (std::size_t i = 1; i < entrants.size() && settings.pulls > 0; ++i)
    if (entrants[i].result.skipped.empty()) measure_losses(entrants[i], settings.pulls);
  std::vector<Contestant> contestants;
  for (Entrant& entrant : entrants) {
    if (entrant.result.duplicates != 0) entrant.note("packets arrived twice");
    contestants.push_back(std::move(entrant.result));
    entrant.party.reset();
  }
  return contestants;
}

}  // namespace bondbox::bench
