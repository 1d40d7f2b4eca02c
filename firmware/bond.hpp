// A bond: ports, the link monitor over them, the policy that decides, the plan that forwarding executes, and the one
// interface the host sees. The scheduler calls the four parts of a step in order; commands come in between observe and
// forward, within a step.
#pragma once

#include <array>
#include <cstdarg>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/arp_monitor.hpp"
#include "firmware/bond_loops.hpp"
#include "firmware/bond_offload.hpp"
#include "firmware/bond_status.hpp"
#include "firmware/changeover.hpp"
#include "firmware/config/bond_config.hpp"
#include "firmware/config/config_diff.hpp"
#include "firmware/event_log.hpp"
#include "firmware/flap_damper.hpp"
#include "firmware/forwarder.hpp"
#include "firmware/frame_watcher.hpp"
#include "firmware/link_monitor.hpp"
#include "firmware/link_watch.hpp"
#include "firmware/loop_watch.hpp"
#include "firmware/option_table.hpp"
#include "firmware/port_voices.hpp"
#include "hal/hardware.hpp"
#include "policies/modes.hpp"

namespace bondbox {

class Archive;
class Foresight;

/// What a bond knew, as Bond::save has written it.
struct BondMemory {
  std::span<const std::uint8_t> bytes;
  Tick then{};  ///< when that was, by the clock of the bond that goes on; in the past where one had to be started first
  std::optional<Tick> alive{};  ///< when that bond was last seen; none: then
};

namespace trace {
class Tape;
class TapedHardware;
}  // namespace trace

class Bond final : public OptionTarget {
 public:
  /// What it decides by, and what it decides, passes `tape`; `number` tells it from other bonds there. `loops`: further
  /// loops that forward for it; null: none.
  Bond(std::string name, Hardware& hardware, EventLog& events, trace::Tape& tape, std::uint32_t number,
       LoopHost* loops = nullptr);
  /// What is left to say on its ports leaves before they are given back.
  ~Bond() override;

  /// Makes the host's interface and enslaves the configured ports. A port whose interface does not exist (yet) is
  /// awaited. On failure nothing is left behind.
  /// With `before` it goes on where a bond of that memory stood; `config` is what that one ran with. A port that cannot
  /// be had is awaited. EBADMSG: the memory is not to be understood, and nothing was touched.
  Outcome create(const BondConfig& config, Tick now, const BondMemory* before = nullptr);
  /// Appends all that it knows and that decides what it does next: BondMemory. To be called between two steps.
  void save(std::vector<std::uint8_t>& bytes, Tick now) const;
  /// Of which layout those bytes, and those of a checkpoint, are: another bondbox understands them if its own is the
  /// same.
  static std::uint64_t memory_layout();
  /// Its part of a checkpoint, between two steps: all that what it decides hangs on, and nothing of frames. One that
  /// was just made for a replay has then been there all the time.
  void archive_checkpoint(Archive& archive, trace::TapedHardware& hardware);
  /// Nothing waits for the end of a step.
  bool is_at_rest() const noexcept { return actions_.empty() && probe_ports_.empty(); }
  std::uint32_t number() const noexcept { return number_; }
  /// One step of a changed configuration (firmware/config/config_diff.hpp).
  Outcome change(const Change& change);
  /// After the steps back to `before`: what they leave open is as it was, the order of the ports, the active one
  /// (`active`; empty: none), the host's addresses and gateway.
  Outcome restore(const BondConfig& before, std::string_view active);
  /// What runs now, in the form of a configuration.
  BondConfig running_config() const;

  // --- the parts of a step, in this order ---
  void observe(std::span<const HardwareEvent> events, Tick now);
  void decide(Tick now);
  /// True when frames may be left over: the budget of the step was used up.
  bool forward(PacketBatch& batch);
  void speak(Tick now);

  /// When the next step is due, if nothing else happens first.
  std::optional<Tick> next_deadline() const;
  /// When links are to be looked at between polls. A step that comes later is not late: the look is an extra.
  std::optional<Tick> next_look() const noexcept { return watch_.due(); }
  /// Punted frames, or a doubt about a link, wait for the next step: it should come at once.
  bool has_pending_work() const {
    return !forwarder_.punted().empty() || forwarder_.has_link_doubt() || arp_pass_is_next();
  }

  void seed(std::uint32_t value) noexcept { forwarder_.seed(value); }
  /// For frames that are read while a plan changes, which may be amid another batch. Without it none are.
  void lend(PacketBatch& spare) noexcept { spare_ = &spare; }

  const std::string& name() const noexcept { return name_; }
  /// What the host calls it: its name, unless somebody has renamed the interface.
  const std::string& interface_name() const noexcept { return interface_; }
  const ForwardingPlan& plan() const noexcept { return plan_; }
  BondStatus status(Tick now) const;
  /// Changes whenever the kernel-format status text may have changed.
  std::uint64_t status_version() const noexcept { return status_version_; }
  /// Changes whenever wait handles were opened or closed.
  std::uint64_t handles_version() const noexcept { return handles_version_; }
  void append_wait_handles(std::vector<int>& handles) const;

  // --- commands ---
  Outcome write(std::string_view option, std::string_view value);
  /// Takes back a port that was to leave.
  Outcome enslave(std::string_view port) override;
  Outcome release(std::string_view port) override;
  Outcome activate(std::optional<std::string_view> port) override;
  /// Releases the port after `delay`, unless it is enslaved again before. Until then nothing changes, and the host may
  /// set bond0 down and up without the policy being told: an `ifdown` that an `ifup` follows costs no port its place.
  Outcome release_later(std::string_view port, Ticks delay);
  /// The same for the whole bond, which the scheduler then removes.
  void leave_later(Ticks delay);
  /// Nothing of it is to leave any more.
  void stay();
  /// Another process is about to carry it: everything is the main thread's, and the daemon's unless what carries it
  /// below goes on under that process.
  void stand_still(bool keep_below);
  /// It does not, after all; or this is the process that carries it now.
  void go_on();
  /// It does: nothing is said or given back when this object ends.
  void let_go() noexcept { let_go_ = true; }
  bool has_left(Tick now) const noexcept { return leaves_at_ && now >= *leaves_at_; }

  // --- a drill, to be asked for in a step before decide(); none of it is saved, or recorded but for what comes of it
  // ---
  /// Keeps the port off its cable for `span`, or until give_back(). EINVAL: it is no port of this bond; EBUSY: a port
  /// is away already; or what the NIC says.
  Outcome take_away(std::string_view port, Away how, Ticks span);
  /// Nothing where no port is away. What cannot be given back is tried each second.
  void give_back(std::string_view why);
  /// The port that is away.
  std::optional<PortId> away() const noexcept { return away_ ? std::optional(away_->port) : std::nullopt; }
  /// Sees what ports receive, from now on: of what is carried below only ARP and neighbour discovery. nullptr: nobody.
  void set_watcher(FrameWatcher* watcher);
  /// Sends a frame as the plan sends one of the host that is of no flow; where flows share the ports, as one of a flow
  /// that has `preferred` as long as the plan uses it. The ports that took it.
  PortList send_probe(wire::Bytes frame, PortId preferred);
  /// As HostPort::path_to.
  Result<HostPath> path_to(const IpAddress& target) const;
  std::optional<PortId> port_id(std::string_view port) const noexcept { return find(port); }
  MacAddress mac() const noexcept { return mac_; }

  // --- OptionTarget ---
  BondOptions& options() override { return options_; }
  const BondOptions& options() const override { return options_; }
  bool is_up() const override { return host_ != nullptr && host_->is_up(); }
  bool interface_exists(std::string_view name) const override;
  std::size_t port_count() const override { return order_.size(); }
  std::string_view port_name(std::size_t index) const override { return slot(order_[index]).name.view(); }
  PortOptions* port_options(std::string_view name) override;
  const PortOptions* port_options(std::string_view name) const override;
  std::string active_port_name() const override;
  bool port_has_link(std::string_view name) const override;
  Outcome change_mode(Mode mode) override;
  Outcome change_offload(OffloadUse wanted) override;
  /// What there would be without this port, if its link were lost now. Nothing changes. To be used before the next
  /// step.
  std::unique_ptr<Foresight> foresee_without(PortId port) const;
  void note(std::string text) override;
  std::string attribute(std::string_view name) const override;

 private:
  struct Port {
    Port() noexcept {}  // clang knows none that is implied before Bond ends, and keeps std::optional from making one
    FixedText<15> name;
    std::unique_ptr<Nic> nic;
    PortOptions options;
    LinkMonitor monitor;
    MacAddress mac;  ///< that the bond gave it, or left it
    LinkSample sample;
    bool promiscuous_asked = false;  ///< by the policy
    bool mtu_refused = false;        ///< it does not take the bond's MTU; told already
    std::optional<Tick> leaves_at;   ///< to be released then
    PortVoices voices;               ///< while monitors decide together
    bool held = false;               ///< mode 4: kept out of use by them, though it has link
    bool held_told = false;
    FlapDamper damper;

    template <class A>
    void archive(A& a) {
      a(name, options, monitor, mac, sample, promiscuous_asked, mtu_refused, leaves_at, voices, held, held_told,
        damper);
    }
  };
  struct AwayPort {
    PortId port;
    Away how = Away::no;
    Tick until;
    bool refused = false;  ///< it could not be given back; told already
  };
  struct Awaited {
    std::string name;
    PortOptions options;
    std::string reason;
    Tick next_try{};  ///< when taking it was refused: tried ever more seldom, up to once a minute
    Ticks interval{};
    FlapDamper damper;

    template <class A>
    void archive(A& a) {
      a(name, options, reason, next_try, interval, damper);
    }
  };

  Port& slot(PortId id) { return *slots_[id.index]; }
  const Port& slot(PortId id) const { return *slots_[id.index]; }
  std::optional<PortId> find(std::string_view port) const noexcept;
  NicTable nics() const noexcept;
  BondFacts facts() const;

  // bond.cpp
  void observe_host();
  void observe_host_mac();
  bool remake_host();
  void keep_settings(Port& port);
  void show_carrier();
  void show_queues();
  void observe_links(bool scheduled);
  void look_between_polls(bool scheduled, Ticks interval);
  bool has_lost_link();
  void look_for_loop();  // bond_view.cpp
  void apply(const PolicyEvent& event);
  void republish(PortId leaving = no_port, Nic* its_nic = nullptr);
  void set_promiscuous(Port& port);
  void assign_buckets(const PacketBatch& batch);
  void decide_buckets(const Forwarder::BucketList& wanted);
  void look_and_decide();
  void pass_punted();
  void replay_frames();
  bool forward_from_host(PacketBatch& batch);
  bool forward_from_port(PortId id, PacketBatch& batch);
  void note_lacp();  // bond_options.cpp
  void open_loops();
  void close_loops(PortId port);
  void begin_load();  // bond_view.cpp
  LoadStatus load(const OffloadCounters& below) const;
  std::array<std::uint64_t, bucket_count> bucket_bytes(const OffloadCounters& below) const;
  std::optional<ArpPortStatus> arp_status(const ArpMonitor::Scene& scene, PortId id, Tick now) const;
  EventCause cause_of(const ActiveChanged& action) const;  // bond_actions.cpp
  EventCause carrier_cause() const;
  Tick last_carried() const;
  void tell_loops();

  Outcome open_offload();  // bond_below.cpp
  Outcome begin_below();
  Outcome begin_below_in_time();
  void add_below(PortId id);
  void publish_below();
  void tell_offload_ended(const Outcome& outcome);
  std::string_view obstacle_below() const;
  bool gathers_traffic() const noexcept;
  void gather_traffic(const PolicyEvent& event);
  void hear_below(Tick when);
  PortCounters counters_of(PortId id, const OffloadCounters& below) const;

  void perform(const AnnouncePeers&);  // bond_actions.cpp
  void perform(const RejoinGroups&);
  void perform(const SetPortMac& action);
  void perform(const SetPortPromiscuous& action);
  void perform(const SetBondMac& action);
  void perform(const SendFrame& action);
  void perform(const ActiveChanged& action);
  void perform(const Tell& action);

  // bond_arp.cpp
  bool has_arp_probes() const noexcept { return options_.arp_interval_ms != 0; }
  bool arp_pass_is_next() const noexcept { return options_.is_judged_by_arp() && frames_read_ && now_ >= next_poll_; }
  ArpMonitor::Scene arp_scene() const;
  void begin_arp_monitor();
  void arp_pass();
  void move_links(const ArpMonitor::Verdicts& verdicts, bool before_choice);
  void listen(PortId id, const PacketBatch& batch);
  void send_probes();
  void send_probes(const IpAddress& target, const char* option, std::uint32_t told_bit);

  // bond_monitors.cpp: several monitors that decide together, and ports that flap
  using Readings = std::array<bool, max_ports>;  ///< by PortId::index: what calls the port up says so
  bool asks_beside_polls() const noexcept { return has_arp_probes() && options_.combines_monitors() && is_up(); }
  void begin_voices();
  void hear_voices(Readings& works);
  void hear_probes();
  void hear_lacp(std::span<const PortId> lost);
  void hold(Port& port, bool held);
  void ask_targets();
  void damp(Readings& works);
  bool is_ready(PortId id) const;
  bool keeps_out(Port& port, bool another_is_up);
  void note_loss(Port& port);
  void add_monitors(PortStatus& status, const Port& port, Tick now) const;

  Outcome open_host(const BondConfig& config);  // bond_ports.cpp
  Outcome take(std::unique_ptr<Nic> nic, const PortOptions& options, const FlapDamper& damper = {});
  Outcome adopt_mac(Nic& nic);
  Outcome give_mac(Nic& nic);
  void note_lender(PortId id);
  void remove(PortId id, std::string_view why);
  void farewell(PortId id);
  void drop_frames(PortId id);
  void note_vanished();
  void await(std::string_view port, const PortOptions& options, std::string reason, const FlapDamper& damper = {});
  void retry_awaited(bool appeared);
  bool sort_ports();
  Outcome apply_host_config();

  void archive(Archive& archive);  // bond_memory.cpp
  void archive_decided(Archive& archive);
  bool is_consistent() const;
  Forwarder::Memory counted() const;
  Outcome resume(const BondConfig& config, Tick now, const BondMemory& before);
  Outcome resume_host();
  Outcome resume_port(Port& port, bool was_away);
  void resume_ports(const PortList& ports, bool was_away);

  void read_before(const ForwardingPlan& next, PortId leaving, Nic* its_nic);  // bond_waiting.cpp
  void read_waiting(PortId id, Nic& nic);
  void look_before_dropping(PortId id);
  void deliver(PortId id, PacketBatch& batch, bool leaves);
  void note_newcomers(const ForwardingPlan& next);
  void settle_newcomer(PortId id);

  bool is_leaving() const noexcept;  // bond_leaving.cpp
  void leave_when_due();
  std::optional<Tick> next_departure() const noexcept;

  // bond_changes.cpp
  Outcome write_while_down(const Change& change);
  Outcome change_active(const Change& change);
  Outcome change_address(const Change& change);
  Outcome change_gateway(const Change& change);
  Outcome restore_host_config();

  void record(EventKind kind, std::string_view port, std::int64_t outage_ms, const char* pattern, ...)
      __attribute__((format(printf, 5, 6)));
  /// The same with what brought it about.
  void record_for(const EventCause& cause, EventKind kind, std::string_view port, std::int64_t outage_ms,
                  const char* pattern, ...) __attribute__((format(printf, 6, 7)));
  void record_list(const EventCause& cause, EventKind kind, std::string_view port, std::int64_t outage_ms,
                   const char* pattern, std::va_list arguments) __attribute__((format(printf, 6, 0)));
  void report_link(const Port& port, const LinkMonitor::Change& change, bool active);
  void report_up(const Port& port, const LinkMonitor::Change& change);

  std::string name_;
  std::string interface_;
  std::uint32_t number_;
  trace::Tape& tape_;
  Hardware& hardware_;
  EventLog& events_;
  BondOptions options_;
  AnyPolicy policy_;
  ForwardingPlan plan_;
  Forwarder forwarder_;
  std::array<std::optional<Port>, max_ports> slots_;
  PortList order_;                       ///< of enslaving
  std::vector<std::string> configured_;  ///< names in the order in which ports belong
  std::vector<Awaited> awaited_;
  Tick now_{};
  Tick next_poll_{};
  Tick next_retry_{};
  Tick next_probe_{};  ///< while monitors decide together
  bool poll_started_ = false;
  LinkWatch watch_;
  LoopWatch loop_watch_;
  std::array<std::uint64_t, max_ports> looped_{};  ///< frames that had come back when it was last looked
  ArpMonitor arp_;
  PortList probe_ports_;                   ///< on which probes are to leave at the end of the step
  std::uint32_t unreachable_targets_ = 0;  ///< that the log was told of: IPv4 targets from bit 0, IPv6 from bit 16
  bool frames_read_ = false;               ///< what had come when the ARP monitor's pass was due
  bool look_now_ = false;                  ///< an event or a refused frame asks for a look before the next poll
  BondConfig config_;  ///< what was configured of the host's side: addresses, gateway, MTU, MAC, first active port
  bool carrier_shown_ = false;
  bool carrier_refused_ = false;
  std::size_t queues_shown_ = 1;
  bool mac_adopted_ = false;           ///< the first port's MAC, or one that somebody set
  bool fail_over_mac_forced_ = false;  ///< turned to active because a port cannot change its MAC
  Tick next_remake_{};
  std::string remake_refusal_;  ///< why it could not be made again last; empty: it could
  bool host_was_up_ = false;
  bool let_go_ = false;
  bool host_doubt_ = false;  ///< nobody has watched it for a while: look at it with the next step
  bool held_up_ = false;     ///< the host has set it down while something of it was about to leave: not told yet
  std::optional<Tick> leaves_at_;
  std::optional<AwayPort> away_;     ///< for a drill
  FrameWatcher* watcher_ = nullptr;  ///< of a drill
  bool promiscuous_ = false;
  MacAddress mac_;  ///< of the bond
  std::uint32_t mtu_ = 0;
  /// Of the last port that was released while the bond had its address.
  struct Lender {
    FixedText<15> port;
    MacAddress mac;

    template <class A>
    void archive(A& a) {
      a(port, mac);
    }
  };
  Lender mac_lender_;
  std::optional<Tick> no_active_since_;   ///< when the last active port was last seen with link
  std::optional<Tick> no_carrier_since_;  ///< the same of all ports
  const PolicyEvent* trigger_ = nullptr;  ///< what the policy is being told
  /// Counts when the ports that carry became these.
  struct Load {
    Tick since{};
    PortList usable;
    std::array<std::uint64_t, max_ports> tx_bytes{};
    std::array<std::uint64_t, bucket_count> bucket_bytes{};
  };
  Load load_;
  ActionList actions_;
  std::uint64_t announcements_ = 0;
  std::uint64_t failovers_ = 0;
  std::uint64_t host_refused_ = 0;
  std::uint64_t status_version_ = 1;
  bool policy_told_ = false;  ///< since note_lacp() last looked
  bool plan_due_ = true;      ///< what the plan is made of may have changed
  std::optional<LacpStatus> lacp_shown_;
  std::uint64_t handles_version_ = 1;
  static constexpr std::size_t speech_size_max = 512;
  std::unique_ptr<std::uint8_t[]> speech_storage_;
  PacketBatch* spare_ = nullptr;
  CopyMemory memory_;
  Newcomers newcomers_;
  Tick newcomers_since_{};
  Packet speech_;  ///< frames of our own are built here; at most speech_size_max bytes
  std::unique_ptr<HostPort> host_;
  BucketTraffic traffic_;                                ///< of all forwarders and of the kernel, as last gathered
  BucketTraffic traffic_told_;                           ///< to the tape
  std::array<std::uint64_t, max_ports> heard_frames_{};  ///< that had come in below when the ARP monitor last asked
  std::optional<Tick> half_time_;                        ///< when it is to ask before its next pass
  bool below_due_ = false;                               ///< the offload is opened in the step after the first
  BondOffload offload_;                                  ///< goes before the ports and the host's interface do
  BondLoops loops_;  ///< the last member: its channels belong to what stands before it
};

}  // namespace bondbox
