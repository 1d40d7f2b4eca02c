// Plays a story: the program's own scheduler and bonds on faulty simulated hardware, hosts that send numbered frames,
// and the rules that are held up after each step.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firmware/scheduler.hpp"
#include "firmware/trace/taped_hardware.hpp"
#include "hal/sim/sim_clock.hpp"
#include "hal/sim/sim_host_port.hpp"
#include "hal/sim/sim_world.hpp"
#include "tests/swarm/faulty_hardware.hpp"
#include "tests/swarm/rules.hpp"
#include "tests/swarm/stack.hpp"
#include "tests/swarm/story.hpp"
#include "tests/swarm/tally.hpp"
#include "tests/swarm/two_paths.hpp"

namespace bondbox::swarm {

/// Breaks something on purpose, to see that a rule notices.
struct Sabotage {
  bool deliver_twice = false;   ///< a host is given each frame once more
  bool echo = false;            ///< a host is given what it has sent
  bool eat = false;             ///< nothing arrives any more once all is calm
  bool wrong_card = false;      ///< what is sent on one card is seen on another one
  bool hide_frame = false;      ///< a NIC gives a frame and does not count it
  bool send_twice = false;      ///< a NIC is seen to be given each frame twice
  bool keep_from_host = false;  ///< the host gets less than is counted
  bool restless = false;        ///< a step is always followed by another
  bool late = false;            ///< the program sleeps longer than it asked to
  bool deaf = false;            ///< no host ever hears an answer
  bool half_refuse = false;     ///< what is refused has been done
  bool misremember = false;     ///< the record of it is altered
  bool forget = false;          ///< who takes over has another option
  bool other_plan = false;      ///< the programs in the kernel have another plan than the forwarder
  std::function<void(BondStatus&)> status = {};
  std::function<void(std::string& json, std::string& proc, std::string& text)> texts = {};
};

class Play final : private Witness {
 public:
  struct Settings {
    bool timeline = false;
    bool stays = false;  ///< nobody takes over
    Sabotage sabotage = {};
  };
  Play(const Story& story, Settings settings);
  ~Play() override;
  Play(const Play&) = delete;
  Play& operator=(const Play&) = delete;

  Played run();

 private:
  /// Somebody who sends and receives: a bond's host, or a station.
  struct Host {
    std::string name;
    bool is_bond = false;
    Stack stack;
    std::vector<std::string> cards;  ///< of a station
    std::size_t card = 0;            ///< the one that it uses
  };
  struct Flow {
    std::size_t from = 0;
    std::size_t to = 0;
    FrameKind kind = FrameKind::udp;
    Ticks period{};
    Tick next{};
    Tick next_question{};
    bool expected = true;
    std::uint64_t judged = 0;  ///< frames after the bound
  };
  struct Entry {
    std::size_t flow = 0;
    Tick sent{};
    std::uint32_t delivered = 0;
    bool excused = false;
  };

  // --- Witness ---
  void nic_was_read(const std::string& card, bool up) override;
  void nic_gave(const std::string& card, wire::Bytes frame) override;
  void nic_was_given(const std::string& card, wire::Bytes frame, int error) override;
  void host_gave(const std::string& bond, wire::Bytes frame) override;
  void host_was_given(const std::string& bond, wire::Bytes frame, int error) override;

  const Bond* bond_of(const std::string& name) const;

  // play.cpp
  bool build();
  void build_cards();
  void begin_process();
  bool build_bond(const Words& words);
  void build_host(Host host);
  void build_flows();
  bool step(const Scheduler::Command* command);
  void settle();
  bool hear_stations();
  void traffic();
  void send(Flow& flow);
  bool put(Host& host, wire::Bytes frame);
  void arrived(std::size_t host, wire::Bytes frame);
  bool may_double(const Flow& flow) const;
  void digest(wire::Bytes bytes);
  void come_to_calm();
  void judge_recovery();
  void make_checkpoint();
  void judge_replay();
  bool are_partners(const Flow& flow) const;
  Tick next_wake() const;
  std::optional<std::size_t> host_index(std::string_view name) const;
  const std::string* owner_of(const std::string& card) const;

  // steps.cpp
  void perform(const Words& words);
  bool perform_on_card(const Words& words);
  bool perform_on_bond(const Words& words);
  bool perform_on_host(const Words& words);
  void command(const std::string& bond, const std::function<Outcome(Bond&)>& change);
  void kill(Ticks gap);
  void take_over(Ticks gap);  // takeover.cpp
  std::size_t port_count() const;
  void go_on_from(const std::vector<std::uint8_t>& bytes);
  void heal();
  void move(Host& host, std::size_t card);

  const Story& story_;
  Settings settings_;
  sim::SimClock clock_;
  sim::SimWorld world_{clock_};
  FaultyHardware hardware_;
  EventLog events_;
  Rules rules_;
  TwoPaths paths_;
  /// What is recorded of one process.
  struct Recording {
    explicit Recording(Hardware& below) : hardware(tape, &below) {}
    trace::Store store = trace::Store::ring(1, std::size_t{32} << 20);
    trace::Tape tape;
    trace::TapedHardware hardware;
  };
  std::unique_ptr<Recording> recording_;
  std::unique_ptr<Scheduler> scheduler_;
  std::vector<std::unique_ptr<Host>> hosts_;
  std::vector<Flow> flows_;
  std::vector<Entry> entries_;
  std::map<std::string, std::string> owners_;  ///< of cards: bonds
  std::map<std::string, std::vector<std::string>> ports_of_;
  std::map<std::string, Words> card_words_;
  std::map<std::string, bool> frames_passed_;  ///< of a bond, within this step
  bool spoke_ = false;                         ///< a host answered within a step
  bool bonds_end_ = false;                     ///< the program's are being destroyed
  std::optional<Tick> judged_from_;
  std::optional<Tick> end_;
  Played result_;
};

/// With all rules, also those that take the story to be played twice.
Played play(const Story& story, const Play::Settings& settings = {});

/// Within how many ms after the last fault a bond carries again, by its options; see bounds.cpp.
std::int64_t recovery_bound_ms(const BondOptions& options, std::size_t ports);
/// Whether learning frames are sent when a port changes its address, and never again (observed kernel behaviour).
bool teaches_once(const BondOptions& options);
/// Whether frames between these two hosts can be expected to arrive, by the options of those that are bonds.
/// `switched`: there is a switch between them, and no partner.
bool is_to_carry(Scheduler& scheduler, const std::string& from, const std::string& to, bool switched);

}  // namespace bondbox::swarm
