#include "tests/soak/soak.hpp"

#include <algorithm>
#include <random>
#include <stdexcept>
#include <utility>

#include "firmware/text.hpp"
#include "tests/bench/interrupt.hpp"
#include "tests/soak/subject.hpp"
#include "tests/soak/witness.hpp"

namespace bondbox::soak {
namespace {

using bench::PullKind;

constexpr double settle_s = 1.5;                   // before the first happening of a lap and after its last
constexpr std::uint64_t growth_max_kb = 512;       // 512 events, what is used for the first time, the heap's last pages
constexpr std::uint64_t late_growth_max_kb = 128;  // of the second half of a long run, when all that has been used
constexpr int long_run_s = 600;
constexpr double warm_share = 0.1;  // of a run, until it has warmed up, and in which memory is compared then
constexpr double moment_s = 0.02;   // that a port may go on carrying after it was told to go
constexpr int first_port = 20'000;  // of UDP; another one for each lap, so that no packet is taken for a later

/// Whose hands are on the cables and at the keyboard.
class Hands {
 public:
  Hands(const Settings& settings, Subject& subject, Result& result)
      : settings_(settings),
        subject_(subject),
        result_(result),
        random_(settings.seed),
        cables_(subject.house().box, subject.house().town, subject.cables()) {}

  /// Until the time has come; then all cables are whole.
  std::vector<Happening> work_until(double end_s);
  void watch();
  /// While all is calm.
  void note_first() { result_.usage.first = subject_.resources(); }
  void note_last() {
    (void)subject_.comes_to_be_whole();
    result_.usage.last = subject_.resources();
  }
  /// Packets that may be in no counter of the daemon's.
  std::int64_t allowance() const noexcept { return allowance_; }
  std::uint64_t restarts() const noexcept { return restarts_; }
  const Counted& departed() const noexcept { return departed_; }
  double begun_s() const noexcept { return begun_s_; }

 private:
  int between(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  bool chance(int percent) { return between(1, 100) <= percent; }
  void rest_ms(int low, int high) {
    bench::pause_for(between(low, high) / 1000.0);
    watch();
  }
  /// Done, with its time noted.
  template <class Act>
  void do_it(Kind kind, bool may_lose, Act act) {
    const std::int64_t begin = bench::wall_ns();
    act();
    // A port that comes has to get its programs; until then the daemon carries.
    const bool may_reorder = kind == Kind::switched || kind == Kind::enslaved || kind == Kind::upgraded;
    happenings_.push_back({kind, begin, bench::wall_ns(), may_lose, may_reorder});
  }
  void say(Kind kind, bool may_lose, const std::vector<std::string>& words) {
    do_it(kind, may_lose, [&] {
      const Reply reply = subject_.ask(words);
      if (reply.exit_status == 0) return;
      std::string text;
      for (const std::string& word : words) text += word + " ";
      complain("refused: " + text + "(" + reply.text + ")");
    });
  }
  void complain(std::string text) {
    if (result_.broken.size() < 20) result_.broken.push_back(std::move(text));
  }
  /// Its counters go with it: what they say is remembered, and what they may count until it has gone is allowed for.
  template <class Act>
  void depart(const std::string& port, Act act) {
    const double begin = bench::now_s();
    const Counted counted = subject_.counted(port);
    act();
    // Until the daemon has noticed, which on a busy machine is a while, and has read what had come until then.
    (void)subject_.ask({"status"});
    departed_.out += counted.out;
    departed_.in += counted.in;
    allowance_ += static_cast<std::int64_t>((bench::now_s() - begin + moment_s) * settings_.rate);
  }
  /// What has just been done ends when all ports are up and programs carry again.
  void until_whole() {
    if (!subject_.comes_to_be_whole())
      complain(std::string("not whole again after: ") + text_of(happenings_.back().kind));
    happenings_.back().end_ns = bench::wall_ns();
  }
  void pull();
  void disturb();
  void ask_something();
  void write_something();
  void choose_a_port();
  void borrow_a_port();
  void switch_offload();
  void kill_it();
  void take_it_over();
  void note_another_process(bool& known);

  const Settings& settings_;
  Subject& subject_;
  Result& result_;
  std::mt19937 random_;
  bench::Cables cables_;
  std::vector<Happening> happenings_;
  double begun_s_ = bench::now_s();
  double watched_s_ = 0;
  bool primary_written_ = false;
  bool warm_ = false;
  bool killed_ = false;
  bool taken_over_ = false;
  std::int64_t allowance_ = 0;
  std::uint64_t restarts_ = 0;
  Counted departed_;
};

/// Once a second.
void Hands::watch() {
  const double now = bench::now_s();
  if (now - watched_s_ < 1 || now - begun_s_ < std::max(3.0, settings_.seconds * warm_share)) return;
  watched_s_ = now;
  const Resources it = subject_.resources();
  Usage& usage = result_.usage;
  if (!std::exchange(warm_, true)) {
    usage.first.memory_kb = it.memory_kb;
    usage.least = usage.most = it;
  }
  if (now - begun_s_ < settings_.seconds * 2 * warm_share)
    usage.first.memory_kb = std::min(usage.first.memory_kb, it.memory_kb);
  const double share = (now - begun_s_) / settings_.seconds;
  if (share > 0.5 && share < 0.5 + warm_share)
    usage.middle_kb = usage.middle_kb == 0 ? it.memory_kb : std::min(usage.middle_kb, it.memory_kb);
  for (const auto member : {&Resources::memory_kb, &Resources::descriptors, &Resources::threads}) {
    usage.least.*member = std::min(usage.least.*member, it.*member);
    usage.most.*member = std::max(usage.most.*member, it.*member);
  }
  const bool late = share > 1 - warm_share;
  usage.settled_kb = late ? std::min(usage.settled_kb, it.memory_kb) : it.memory_kb;
}

void Hands::pull() {
  const auto cable = static_cast<std::size_t>(between(0, 1));
  const int die = between(1, 100);
  const PullKind kind = die <= 75                          ? PullKind::far_end
                        : die <= 92 || !settings_.removals ? PullKind::near_end
                                                           : PullKind::removal;
  if (kind == PullKind::removal) {
    depart(cable == 0 ? "eth0" : "eth1", [&] { do_it(Kind::removal, true, [&] { cables_.pull(cable, kind); }); });
  } else {
    do_it(kind == PullKind::far_end ? Kind::pull_far : Kind::pull_near, true, [&] { cables_.pull(cable, kind); });
  }
  rest_ms(30, 200);
  if (chance(20)) ask_something();
  if (chance(10)) write_something();
  rest_ms(20, 250);
  do_it(Kind::back, true, [&] { cables_.put_back(cable, kind); });
  // LACP needs seconds to agree on a cable again, a port that was deleted has to be found and taken.
  if (settings_.mode != 4 && kind != PullKind::removal) return;
  until_whole();
}

void Hands::ask_something() {
  static const std::vector<std::vector<std::string>> questions = {{"status"},
                                                                  {"status", "bond0", "--format", "proc"},
                                                                  {"status", "--format", "json"},
                                                                  {"events", "bond0"},
                                                                  {"explain", "bond0"},
                                                                  {"get", "bond0", "slaves"}};
  say(Kind::asked, false, questions[static_cast<std::size_t>(between(0, static_cast<int>(questions.size()) - 1))]);
}

void Hands::write_something() {
  const std::string number = std::to_string(between(1, 3));
  switch (between(0, 3)) {
    case 0:
      return say(Kind::set, false, {"set", "bond0", "miimon", chance(50) ? "50" : "100"});
    case 1:
      return say(Kind::set, false, {"set", "bond0", "num_grat_arp", number});
    case 2:
      return say(Kind::set, false, {"set", "bond0", "busy_poll_us", chance(50) ? "0" : "20"});
    default:
      return say(Kind::set, false, {"set", "bond0", "resend_igmp", number});
  }
}

void Hands::choose_a_port() {
  const std::string port = chance(50) ? "eth0" : "eth1";
  if (settings_.mode != 1 && settings_.mode < 5) return write_something();
  if (chance(50)) {
    primary_written_ = true;
    return say(Kind::moved, true, {"set", "bond0", "primary", port});
  }
  // Without link it is refused, rightly: the cable may have come back a moment ago.
  if (subject_.comes_to_be_whole()) say(Kind::moved, true, {"activate", "bond0", port});
}

void Hands::borrow_a_port() {
  // In mode 1 a third port changes nothing for the others.
  const bool spreads = settings_.mode != 1;
  say(Kind::enslaved, spreads, {"enslave", "bond0", "eth2"});
  until_whole();
  rest_ms(50, 600);
  depart("eth2", [&] { say(Kind::released, true, {"release", "bond0", "eth2"}); });
  until_whole();
}

void Hands::switch_offload() {
  say(Kind::switched, false, {"set", "bond0", "offload", "off"});
  rest_ms(20, 300);
  say(Kind::switched, false, {"set", "bond0", "offload", "auto"});
  until_whole();
}

void Hands::kill_it() {
  ++restarts_;
  do_it(Kind::killed, true, [&] {
    if (!subject_.kill_and_start()) complain("not whole again after kill -9 and a new start");
  });
  note_another_process(killed_);
}

void Hands::take_it_over() {
  ++restarts_;
  do_it(Kind::upgraded, false, [&] {
    if (!subject_.take_over()) complain("another process could not take over");
  });
  note_another_process(taken_over_);
}

/// One that was started in another way may hold other things; from then on none may hold more.
void Hands::note_another_process(bool& known) {
  if (std::exchange(known, true)) return;
  const Resources it = subject_.resources();
  Resources& first = result_.usage.first;
  for (const auto member : {&Resources::memory_kb, &Resources::descriptors, &Resources::threads})
    first.*member = std::max(first.*member, it.*member);
}

void Hands::disturb() {
  const int die = between(1, 100);
  if (die <= 25) return ask_something();
  if (die <= 45) return write_something();
  if (die <= 60) return choose_a_port();
  if (die <= 72) {
    subject_.write_config(between(0, 1));
    return say(primary_written_ ? Kind::moved : Kind::reloaded, std::exchange(primary_written_, false), {"reload"});
  }
  if (die <= 84) return do_it(Kind::stopped, false, [&] { subject_.stop_for(between(20, 150) / 1000.0); });
  if (die <= 89) return subject_.has_switch() ? borrow_a_port() : ask_something();
  if (die > 92 && settings_.restarts) return chance(60) ? take_it_over() : kill_it();
  return settings_.bpf ? switch_offload() : ask_something();
}

std::vector<Happening> Hands::work_until(double end_s) {
  happenings_.clear();
  while (bench::now_s() < end_s) {
    chance(60) ? pull() : disturb();
    rest_ms(80, 500);
  }
  std::sort(happenings_.begin(), happenings_.end(),
            [](const Happening& a, const Happening& b) { return a.begin_ns < b.begin_ns; });
  return happenings_;
}

std::string direction_text(const Totals& totals) {
  return format("%llu sent, %llu lost", static_cast<unsigned long long>(totals.sent),
                static_cast<unsigned long long>(totals.lost));
}

/// What must hold, whatever was done.
void judge(Result& result, const Counted& gap, std::int64_t allowance, std::uint64_t restarts) {
  const auto broken = [&result](std::string text) { result.broken.push_back(std::move(text)); };
  const Usage& usage = result.usage;
  for (const Way way : {Way::out, Way::in}) {
    const Totals& totals = result.ledger.totals(way);
    const char* const name = way == Way::out ? "out" : "in";
    const auto count = [](std::uint64_t number) { return static_cast<unsigned long long>(number); };
    if (totals.unexplained != 0)
      broken(format("%s: %llu packets were lost though nothing had moved", name, count(totals.unexplained)));
    if (totals.doubled != 0 && result.settings.mode != 3)
      broken(format("%s: %llu packets came twice", name, count(totals.doubled)));
    // Round robin and copies on every cable come in any order.
    if (totals.reordered != 0 && result.settings.mode != 0 && result.settings.mode != 3)
      broken(format("%s: %llu packets came out of order though nothing had moved", name, count(totals.reordered)));
    if (totals.arrived == 0) broken(format("%s: nothing arrived at all", name));
  }
  if (result.overrun != 0) broken("the receivers could not keep up: no ledger can be made of this");
  result.uncounted = std::max(gap.out, gap.in);
  if (restarts == 0 && result.uncounted > allowance)
    broken(format("%lld packets are in no counter", static_cast<long long>(result.uncounted)));
  if (usage.settled_kb == 0) {
    broken("the run was too short to see what it needs of memory");
    return;
  }
  if (usage.settled_kb > usage.first.memory_kb + growth_max_kb)
    broken(format("memory grew from %llu to %llu kB", static_cast<unsigned long long>(usage.first.memory_kb),
                  static_cast<unsigned long long>(usage.settled_kb)));
  if (result.settings.seconds >= long_run_s && usage.settled_kb > usage.middle_kb + late_growth_max_kb)
    broken(format("memory grew from %llu to %llu kB in the second half",
                  static_cast<unsigned long long>(usage.middle_kb), static_cast<unsigned long long>(usage.settled_kb)));
  if (usage.last.descriptors > usage.first.descriptors)
    broken(format("descriptors grew from %llu to %llu", static_cast<unsigned long long>(usage.first.descriptors),
                  static_cast<unsigned long long>(usage.last.descriptors)));
  if (usage.last.threads > usage.first.threads)
    broken(format("threads grew from %llu to %llu", static_cast<unsigned long long>(usage.first.threads),
                  static_cast<unsigned long long>(usage.last.threads)));
  for (const std::string& trace : result.left) broken("left behind: " + trace);
}

}  // namespace

Result run_soak(const Settings& settings, const Say& say) {
  if (settings.rate < 1 || settings.rate > 20'000 || settings.lap_s < 5 || settings.lap_s > 600)
    throw std::runtime_error("1 to 20000 packets a second, laps of 5 to 600 seconds");
  Result result(settings);
  Subject subject(settings);
  Hands hands(settings, subject, result);
  const Counted before = subject.counted();
  hands.note_first();
  const double end_s = bench::now_s() + settings.seconds;
  std::uint64_t crossed_out = 0;
  for (int lap = 0; bench::now_s() + 2 * settle_s < end_s || lap == 0; ++lap) {
    const double lap_end_s = std::min(end_s, bench::now_s() + settings.lap_s);
    const auto capacity = static_cast<std::size_t>(settings.rate * (settings.lap_s + 20));
    const auto port = static_cast<std::uint16_t>(first_port + 2 * (lap % 10'000));
    const lab::House& house = subject.house();
    bench::NumberedFlow out(house.box, lab::House::box_v4, house.town, lab::House::town_v4, port, capacity);
    bench::NumberedFlow in(house.town, lab::House::town_v4, house.box, lab::House::box_v4,
                           static_cast<std::uint16_t>(port + 1), capacity);
    Witness witness(subject, settings.keep, lap);
    bench::FlowDriver driver({&out, &in}, settings.rate);
    witness.watch(out, in);
    bench::pause_for(settle_s);
    const std::vector<Happening> happenings = hands.work_until(lap_end_s - settle_s);
    bench::pause_for(settle_s);
    if (std::string heard = witness.heard(); !heard.empty()) result.heard.push_back(std::move(heard));
    driver.stop();
    hands.note_last();
    result.ledger.note(happenings);
    result.ledger.add(Way::out, std::span(out.packets()).first(out.sent()), out.refused(), happenings);
    result.ledger.add(Way::in, std::span(in.packets()).first(in.sent()), in.refused(), happenings);
    result.overrun += out.overrun() + in.overrun();
    crossed_out += out.sent() - out.refused();
    say(format("%6.0f s  out: %s; in: %s; %llu kB, %llu descriptors", bench::now_s() - hands.begun_s(),
               direction_text(result.ledger.totals(Way::out)).c_str(),
               direction_text(result.ledger.totals(Way::in)).c_str(),
               static_cast<unsigned long long>(result.usage.last.memory_kb),
               static_cast<unsigned long long>(result.usage.last.descriptors)));
  }
  const Counted after = subject.counted();
  Counted gap{
      static_cast<std::int64_t>(crossed_out) - (after.out - before.out + hands.departed().out),
      static_cast<std::int64_t>(result.ledger.totals(Way::in).arrived) - (after.in - before.in + hands.departed().in)};
  // What a peer's bond has joined on the way is one frame to ours.
  if (!subject.has_switch()) gap.in = 0;
  result.left = subject.end();
  judge(result, gap, hands.allowance(), hands.restarts());
  if (!result.broken.empty()) {
    const std::string log = subject.log();
    result.left.push_back("the end of its log:\n" + log.substr(log.size() > 4'000 ? log.size() - 4'000 : 0));
  }
  return result;
}

std::string table_of(const Result& result) {
  std::string text = format("  %-18s %9s %9s %9s %9s %7s %10s\n", "", "happened", "cost some", "lost out", "lost in",
                            "worst", "latest, ms");
  const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  for (std::size_t i = 0; i < kinds; ++i) {
    const auto kind = static_cast<Kind>(i);
    const Row& row = result.ledger.row(kind);
    if (row.happened == 0 && row.cost_something == 0) continue;
    append_format(text, "  %-18s %9llu %9llu %9llu %9llu %7llu %10.1f\n", text_of(kind), number(row.happened),
                  number(row.cost_something), number(row.lost[0]), number(row.lost[1]), number(row.worst),
                  row.latest_ms);
  }
  for (const Way way : {Way::out, Way::in}) {
    const Totals& totals = result.ledger.totals(way);
    append_format(text,
                  "  %-3s: %llu sent, %llu refused by the sender, %llu lost (%llu unexplained), %llu doubled, %llu "
                  "reordered (%llu while nothing moved), %.1f ms at most on the way\n",
                  way == Way::out ? "out" : "in", number(totals.sent), number(totals.refused), number(totals.lost),
                  number(totals.unexplained), number(totals.doubled),
                  number(totals.reordered + totals.reordered_in_window), number(totals.reordered), totals.delay_ms);
  }
  for (const std::string& where : result.heard) text += "  nothing arrived for a second: see " + where + "\n";
  for (const std::string& line : result.ledger.unexplained()) text += "  " + line + "\n";
  const Usage& usage = result.usage;
  append_format(text,
                "  memory %llu kB, %llu to %llu, at the end %llu; descriptors %llu, %llu to %llu, %llu; threads %llu, "
                "%llu to %llu, %llu\n",
                number(usage.first.memory_kb), number(usage.least.memory_kb), number(usage.most.memory_kb),
                number(usage.last.memory_kb), number(usage.first.descriptors), number(usage.least.descriptors),
                number(usage.most.descriptors), number(usage.last.descriptors), number(usage.first.threads),
                number(usage.least.threads), number(usage.most.threads), number(usage.last.threads));
  append_format(text, "  crossed and in no counter: %lld\n",
                static_cast<long long>(std::max<std::int64_t>(0, result.uncounted)));
  if (result.broken.empty()) return text + "  all bounds hold; nothing was left behind\n";
  for (const std::string& line : result.broken) text += "  BROKEN: " + line + "\n";
  for (const std::string& line : result.left) text += "  " + line + "\n";
  return text;
}

}  // namespace bondbox::soak
