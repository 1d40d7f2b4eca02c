#include "hal/linux/packet_nic.hpp"

#include <net/if.h>
#include <net/if_arp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "hal/linux/bpf_handover.hpp"
#include "hal/linux/bpf_offload.hpp"
#include "hal/linux/flow_spread.hpp"
#include "hal/linux/monotonic_clock.hpp"
#include "hal/linux/packet_channel.hpp"
#include "hal/linux/tap_host_port.hpp"

namespace bondbox::lnx {
namespace {

constexpr std::int64_t carrier_interval_us = 100;
constexpr std::int64_t mtu_interval_ms = 1'000;
constexpr std::int64_t keep_off_interval_ms = 500;
constexpr std::int64_t queue_start_max_ms = 2'000;  // the kernel takes a second at most
constexpr std::int64_t divide_after_ms = 10'000;    // by then a takeover has succeeded or ended this process
constexpr std::uint32_t flag_dormant = 1U << 17;    // IFF_DORMANT; <net/if.h> does not have it

/// Whether the interface can be a port at all.
Outcome judge(Context& context, const InterfaceInfo& info) {
  if ((info.flags & IFF_LOOPBACK) != 0)
    return Outcome::failed(EINVAL, info.name + " is a loopback interface, which cannot be a port");
  if (info.type != ARPHRD_ETHER) return Outcome::failed(EINVAL, info.name + " is not an Ethernet interface");
  if ((info.flags & IFF_MASTER) != 0 || info.kind == "bond")
    return Outcome::failed(EBUSY, info.name + " is itself a bond");
  if (info.master != 0)
    return Outcome::failed(EBUSY, info.name + " is already a port of " + context.driver.current_name(info.master));
  // A NIC whose interface was deleted unseen still holds the name's journal; looking at it makes it let go.
  const std::vector<Context::ClaimedNic> claimed = context.nics;
  for (const Context::ClaimedNic& other : claimed)
    if (other.nic->link().present && other.index == info.index)
      return Outcome::failed(EBUSY, info.name + " is already a port of a bond here");
  for (const TapHostPort* port : context.host_ports)
    if (port->index() == info.index) return Outcome::failed(EBUSY, info.name + " is itself a bond");
  return Outcome::done();
}

}  // namespace

Result<std::unique_ptr<Nic>> PacketNic::open(std::shared_ptr<Context> context, std::string_view name,
                                             LinkSource source) {
  const std::string text(name);
  InterfaceInfo info;
  if (const int error = context->interfaces.find(name, info); error == ENODEV) {
    return Outcome::failed(ENODEV, "there is no interface named \"" + text + "\"");
  } else if (error != 0) {
    return Outcome::failed(error, text + " cannot be looked up: " + std::strerror(error));
  }
  if (Outcome outcome = judge(*context, info); !outcome.ok()) return outcome;
  std::unique_ptr<PacketNic> nic(new PacketNic(std::move(context), info, source));
  const bool handed = nic->context_->handed.has(handed_port(info.index) + "data");
  if (Outcome outcome = handed ? nic->take_over(info) : nic->start(info); !outcome.ok()) return outcome;
  return std::unique_ptr<Nic>(std::move(nic));
}

PacketNic::PacketNic(std::shared_ptr<Context> context, const InterfaceInfo& info, LinkSource source)
    : context_(std::move(context)),
      name_(info.name),
      current_name_(info.name),
      index_(info.index),
      mac_(info.mac),
      mtu_(info.mtu),
      reader_(probes(), source),
      source_(source) {}

PacketNic::~PacketNic() {
  // Notices a deletion that nobody has looked at since.
  (void)is_there();
  leave_list();
}

void PacketNic::leave_list() {
  std::erase_if(context_->nics, [this](const Context::ClaimedNic& nic) { return nic.nic == this; });
}

Outcome PacketNic::start(InterfaceInfo& info) {
  int failed = socket_.open();
  control_.share_memory(socket_);
  neighbours_.share_memory(socket_);
  if (failed == 0) failed = control_.open(Hears::lacpdus);
  if (failed == 0) failed = neighbours_.open(Hears::neighbours);
  if (const int error = failed; error == EPERM || error == EACCES) {
    return Outcome::failed(EPERM,
                           "no right to open a packet socket for " + name_ + ": run as root or with CAP_NET_RAW");
  } else if (error != 0) {
    // A socket filter is charged to the memory that this bounds.
    const char* const hint = error == ENOMEM ? " (net.core.optmem_max may be too small)" : "";
    return Outcome::failed(error, "a packet socket for " + name_ + " cannot be opened: " + std::strerror(error) + hint);
  }
  if (Outcome outcome = claim_.take(context_, info); !outcome.ok()) return outcome;
  mac_ = info.mac;
  mtu_ = info.mtu;
  permanent_mac_ = context_->driver.permanent_mac(name_);
  if (permanent_mac_.is_zero())
    permanent_mac_ = info.permanent_mac.is_station() ? info.permanent_mac : claim_.found_mac();
  for (PacketSocket* const socket : sockets())
    if (const int error = socket->bind(index_); error != 0) return refused(error, "cannot be listened to");
  if (const int error = context_->interfaces.set_flags(index_, IFF_UP, IFF_UP); error != 0)
    return refused(error, "cannot be set up");
  (void)claim_.note_set_down(false);
  (void)losses_.open(name_, index_, mac_);
  carried_ = claim_.is_adopted();
  context_->nics.push_back({index_, name_, this});
  return Outcome::done();
}

Outcome PacketNic::take_over(const InterfaceInfo& info) {
  const std::string key = handed_port(index_);
  Handover& handed = context_->handed;
  if (Outcome outcome = claim_.take_over(context_, index_); !outcome.ok()) return outcome;
  handed_ = true;
  promiscuous_ = handed.number(key + "promiscuous") != 0;
  shares_ = handed.number(key + "shares") != 0;
  if (handed.number(key + "programmed") != 0) program_ = handed.take(key + "program");
  const bool programmed = program_.valid();
  socket_.take_over(handed.take(key + "data"), Hears::data, index_, promiscuous_, programmed);
  control_.share_memory(socket_);
  neighbours_.share_memory(socket_);
  control_.take_over(handed.take(key + "control"), Hears::lacpdus, index_, promiscuous_, false);
  if (divided_ = handed.has(key + "neighbours"); divided_) {
    neighbours_.take_over(handed.take(key + "neighbours"), programmed ? Hears::other_slow : Hears::neighbours, index_,
                          promiscuous_, false);
  } else {
    int error = neighbours_.open(Hears::nothing);
    if (error == 0) error = neighbours_.bind(index_);
    if (error != 0) return refused(error, "cannot be listened to by one socket more");
    divide_ms_ = monotonic_ms() + divide_after_ms;
  }
  (void)from_bytes(handed.fact(key + "heard"), also_heard_);
  permanent_mac_ = context_->driver.permanent_mac(name_);
  if (permanent_mac_.is_zero())
    permanent_mac_ = info.permanent_mac.is_station() ? info.permanent_mac : claim_.found_mac();
  (void)losses_.open(name_, index_, mac_);
  context_->nics.push_back({index_, name_, this});
  return is_there() ? Outcome::done() : gone();
}

void PacketNic::divide() {
  if (divided_ || gone_) return;
  divided_ = true;
  // In this order: for a moment two sockets may hear a frame, but never none.
  (void)neighbours_.admit(promiscuous_);
  (void)neighbours_.set_hears(program_.valid() ? Hears::other_slow : Hears::neighbours);
  for (PacketChannel* const channel : channels_) (void)channel->socket().set_own_system(own_system_);
  (void)socket_.set_own_system(own_system_);
  (void)control_.set_own_system(own_system_);
}

/// What comes back of what we say, or is forged to look so, must not take the room of what partners say.
void PacketNic::learn_own_system(wire::Bytes frame) {
  const std::optional<MacAddress> actor = actor_of(frame);
  if (!actor || *actor == own_system_ || !divided_) return;
  own_system_ = *actor;
  for (PacketSocket* const socket : sockets()) (void)socket->set_own_system(own_system_);
  for (PacketChannel* const channel : channels_) (void)channel->socket().set_own_system(own_system_);
}

void PacketNic::give(Handover& handover) const {
  const std::string key = handed_port(index_);
  claim_.give(handover);
  handover.lend(key + "data", socket_.fd());
  handover.lend(key + "control", control_.fd());
  handover.lend(key + "neighbours", neighbours_.fd());
  handover.note(key + "promiscuous", promiscuous_ ? 1 : 0);
  handover.note(key + "shares", shares_ ? 1 : 0);
  handover.lend(key + "program", program_.get());
  handover.note(key + "programmed", program_.valid() ? 1 : 0);
  handover.note(key + "heard", as_bytes(also_heard_));
}

LinkProbes PacketNic::probes() {
  return {
      [this] { return context_->driver.ethtool_link(current_name_); },
      [this] { return context_->driver.mii_link(current_name_); },
      [this] {
        InterfaceInfo info;
        const int error = context_->interfaces.find(index_, info);
        if (error != 0) return -error;
        return info.carrier && (info.flags & IFF_UP) != 0 ? 1 : 0;
      },
      [this] { return context_->driver.speed(current_name_, link_mode_words_); },
      [this] { return losses_.read(); },
  };
}

void PacketNic::raise_fence_again() {
  if (is_there() && claim_.fence() == FenceKind::filter) (void)raise_filter(context_->interfaces.netlink(), index_);
}

bool PacketNic::is_there() {
  if (gone_) return false;
  if (socket_.read_address(mac_)) return true;
  take_lost();
  gone_ = true;
  last_.present = false;
  last_.up = false;
  claim_.abandon();
  leave_list();
  return false;
}

Outcome PacketNic::gone() const {
  return Outcome::failed(ENODEV, name_ + " is not there any more");
}

Outcome PacketNic::refused(int error, const char* what) const {
  return Outcome::failed(error, name_ + " " + what + ": " + std::strerror(error));
}

Outcome PacketNic::set_promiscuous(bool on) {
  if (!is_there()) return gone();
  if (on == promiscuous_) return Outcome::done();
  if (const int error = socket_.set_promiscuous(on); error != 0) return refused(error, "refuses promiscuous mode");
  divide();
  (void)control_.admit(on);
  (void)neighbours_.admit(on);
  promiscuous_ = on;
  if (program_.valid()) make_hearing_last();
  for (PacketChannel* const channel : channels_) (void)channel->socket().admit(on);
  return Outcome::done();
}

int PacketNic::use_program(int program) {
  if (gone_) return ENODEV;
  // Kept for channels that are opened later.
  UniqueFd kept(program < 0 ? -1 : ::fcntl(program, F_DUPFD_CLOEXEC, 0));
  if (program >= 0 && !kept.valid()) return errno;
  divide();
  // In this order: for a moment two sockets may hear an ARP frame, but never none.
  const auto use_everywhere = [this](int wanted) {
    if (wanted < 0) (void)neighbours_.set_hears(Hears::neighbours);
    int error = socket_.use_program(wanted);
    for (PacketChannel* const channel : channels_)
      if (error == 0) error = channel->socket().use_program(wanted);
    if (error == 0 && wanted >= 0) (void)neighbours_.set_hears(Hears::other_slow);
    return error;
  };
  const int error = use_everywhere(program);
  if (error != 0) {
    (void)use_everywhere(program_.get());
    return error;
  }
  program_ = std::move(kept);
  if (promiscuous_) make_hearing_last();
  return 0;
}

void PacketNic::hear_also(const AlsoHeard& macs) {
  if (gone_) return;
  const auto has = [](const AlsoHeard& list, MacAddress mac) {
    return std::find(list.begin(), list.end(), mac) != list.end();
  };
  // What an interface refuses is heard when it has been made promiscuous, or told to peers: later, but heard.
  for (const MacAddress mac : macs)
    if (!has(also_heard_, mac)) (void)socket_.hear_also(mac, true);
  for (const MacAddress mac : also_heard_)
    if (!has(macs, mac)) (void)socket_.hear_also(mac, false);
  also_heard_ = macs;
}

int PacketNic::begin_sharing() {
  if (shares_) return 0;
  if (const int error = socket_.share(nullptr); error != 0) return error;
  if (const Outcome outcome = spread_flows(false); !outcome.ok()) return outcome.error;
  shares_ = true;
  return 0;
}

Result<std::unique_ptr<Channel>> PacketNic::open_channel() {
  if (!is_there()) return gone();
  PacketSocket socket;
  int error = begin_sharing();
  if (error == 0) error = socket.open();
  if (error == 0) error = socket.set_own_system(own_system_);
  if (error == 0) error = socket.admit(promiscuous_);
  if (error == 0 && program_.valid()) error = socket.use_program(program_.get());
  if (error == 0) error = socket.bind(index_);
  // Until it shares, it receives all that the first one does, and must not keep it.
  if (error == 0) error = socket.share(&socket_);
  if (error != 0) return refused(error, "cannot be shared between loops (bpf(2) and PACKET_FANOUT)");
  socket.drop_waiting();
  CarrierLosses losses;
  (void)losses.open(current_name_, index_, mac_);
  return std::unique_ptr<Channel>(
      std::make_unique<PacketChannel>(context_, index_, source_, std::move(socket), std::move(losses), channels_));
}

Outcome PacketNic::spread_flows(bool on) {
  UniqueFd program;
  int error = load_spread(on ? FlowSpread::by_flow : FlowSpread::first, program);
  if (error == 0) error = socket_.spread(program.get());
  return error == 0 ? Outcome::done() : refused(error, "does not spread flows");
}

LinkSample PacketNic::link() {
  if (!is_there()) return last_;
  // By index, because the name may be another interface's by now.
  std::string now_named = context_->driver.current_name(index_);
  if (!now_named.empty()) current_name_ = std::move(now_named);
  const std::int64_t now_ms = monotonic_ms();
  if (!divided_ && now_ms >= divide_ms_) divide();
  if (now_ms - mtu_read_ms_ >= mtu_interval_ms) {
    mtu_read_ms_ = now_ms;
    if (const std::uint32_t mtu = context_->driver.mtu(current_name_); mtu != 0) mtu_ = mtu;
  }
  // Apart, for somebody may insist.
  if (changed_ && now_ms - kept_off_ms_ >= keep_off_interval_ms) {
    changed_ = false;
    kept_off_ms_ = now_ms;
    claim_.keep_host_off();
  }
  const bool was_up = last_.up || !link_read_;
  last_ = reader_.read(now_ms);
  if (away_ == Away::pretend) last_.up = false;
  carrier_seen_ = last_.up;
  if (last_.up && !was_up) last_.up = queue_has_started(now_ms);
  if (last_.up || !carrier_seen_) starting_since_ms_ = 0;
  link_read_ = true;
  return last_;
}

bool PacketNic::has_lost_link() {
  if (away_ == Away::pretend) return last_.up;
  if (gone_ || !last_.up || !reader_.is_cheap()) return false;
  carrier_seen_ = reader_.has_link();
  carrier_read_us_ = monotonic_us();
  return !carrier_seen_;
}

void PacketNic::set_link_source(LinkSource source) {
  reader_.set_source(source);
  source_ = source;
  for (PacketChannel* const channel : channels_) channel->set_link_source(source);
  // Asked now, because transmit() looks at the cable by a probe that has answered before.
  if (!gone_) carrier_seen_ = reader_.has_link();
}

bool PacketNic::queue_has_started(std::int64_t now_ms) {
  if (starting_since_ms_ == 0) starting_since_ms_ = now_ms;
  if (now_ms - starting_since_ms_ >= queue_start_max_ms) return true;
  InterfaceInfo info;
  return context_->interfaces.find(index_, info) == 0 && (info.flags & (IFF_RUNNING | flag_dormant)) != 0;
}

void PacketNic::drop_carried() const {
  if (!carried_ || gone_) return;
  for (const PacketSocket* const socket : {&neighbours_, &socket_}) socket->drop_waiting();
}

void PacketNic::forget_carried() {
  drop_carried();
  carried_ = false;
}

void PacketNic::end_adoption() {
  if (!carried_ || gone_) return;
  drop_carried();
  remove_leftover_ingress(index_);
  if (claim_.fence() == FenceKind::filter) (void)put_back_fence(context_->interfaces.netlink(), index_);
  forget_carried();
}

std::size_t PacketNic::receive(PacketBatch& batch) {
  if (empty_) return 0;
  if (away_ == Away::pretend && !gone_) {
    for (const PacketSocket* const socket : sockets()) counters_.receive_lost += socket->drop_waiting();
    return 0;
  }
  std::size_t got = 0;
  for (PacketSocket* const socket : sockets()) got += socket->receive(batch, counters_);
  // The kernel keeps what had come when the interface went, and reports errors for ever once that is read.
  if (gone_ && got == 0) {
    empty_ = true;
    for (PacketSocket* const socket : sockets()) socket->silence();
  }
  return got;
}

void PacketNic::append_wait_handles(std::vector<int>& handles) const {
  for (const PacketSocket* const socket : {&control_, &neighbours_, &socket_})
    if (socket->fd() >= 0) handles.push_back(socket->fd());
}

TransmitResult PacketNic::transmit(std::span<const Packet* const> packets) {
  if (gone_) return {0, packets.empty() ? 0 : ENODEV};
  if (packets.empty()) return {};
  if (away_ == Away::pretend) return {0, ENETDOWN};
  if (reader_.is_cheap()) {
    const std::int64_t now_us = monotonic_us();
    if (!carrier_seen_ || now_us - carrier_read_us_ >= carrier_interval_us) {
      carrier_seen_ = reader_.has_link();
      carrier_read_us_ = now_us;
    }
    if (!carrier_seen_) return {0, is_there() ? ENETDOWN : ENODEV};
  }
  return transmit_ahead(packets);
}

/// Frames that go ahead leave by the socket that has a priority and a buffer of its own, each where it stands in the
/// list, so that a refusal tells how many were taken before it.
TransmitResult PacketNic::transmit_ahead(std::span<const Packet* const> packets) {
  TransmitResult result;
  while (result.accepted < packets.size()) {
    const std::span<const Packet* const> rest = packets.subspan(result.accepted);
    const bool ahead = goes_ahead(rest.front()->frame());
    if (ahead) learn_own_system(rest.front()->frame());
    std::size_t count = 1;
    while (count < rest.size() && goes_ahead(rest[count]->frame()) == ahead) ++count;
    const TransmitResult part = (ahead ? control_ : socket_).transmit(rest.first(count));
    result.accepted += part.accepted;
    result.error = part.error;
    if (part.accepted < count) break;
  }
  return result;
}

void PacketNic::take_lost() const noexcept {
  for (const PacketSocket* const socket : {&control_, &neighbours_, &socket_})
    counters_.receive_lost += socket->take_lost();
}

const NicCounters& PacketNic::counters() const noexcept {
  if (!gone_) take_lost();
  return counters_;
}

}  // namespace bondbox::lnx
