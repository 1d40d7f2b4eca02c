#include "hal/linux/tap_host_port.hpp"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <cerrno>
#include <cstring>
#include <functional>
#include <utility>

#include "hal/linux/bpf_offload.hpp"
#include "hal/linux/bpf_programs.hpp"
#include "hal/linux/fence.hpp"
#include "hal/linux/joined_groups.hpp"
#include "hal/linux/monotonic_clock.hpp"
#include "hal/linux/tap_channel.hpp"
#include "hal/linux/tap_frames.hpp"
#include "hal/linux/unanswered.hpp"

namespace bondbox::lnx {
namespace {

constexpr std::uint32_t transmit_queue_length = 1'000;  // frames; the driver's own default of 500 drops bursts

/// What everything of a host port is called in a handover begins so; the queues follow by their numbers.
std::string handed_host(std::string_view name) {
  return "host/" + std::string(name) + "/";
}

Outcome no_device(const std::string& name, int error) {
  if (error == EPERM || error == EACCES)
    return Outcome::failed(EPERM, "no right to make " + name + " with /dev/net/tun: run as root or with CAP_NET_ADMIN");
  return Outcome::failed(ENOENT, "no TAP driver to make " + name +
                                     " with: load it (modprobe tun), and make the device where it is missing (mkdir -p "
                                     "/dev/net; mknod /dev/net/tun c 10 200)");
}

}  // namespace

Result<std::unique_ptr<HostPort>> TapHostPort::open(std::shared_ptr<Context> context, std::string_view name,
                                                    std::size_t queues, std::size_t channels) {
  const std::string text(name);
  if (!is_interface_name(name) || name.find('%') != std::string_view::npos)
    return Outcome::failed(EINVAL,
                           "\"" + text + "\" cannot name an interface: 1 to 15 characters without / : % or space");
  InterfaceInfo info;
  const std::string handed = handed_host(name);
  if (context->handed.has(handed + "0") &&
      context->interfaces.find(static_cast<int>(context->handed.number(handed + "index")), info) == 0)
    return take_from_handover(context, name, info.index, channels);
  std::vector<Adoption::Host>& left = context->adoption.hosts;
  for (auto host = left.begin(); host != left.end(); ++host) {
    if (host->bond != name || context->interfaces.find(host->record.index, info) != 0) continue;
    Adoption::Host taken = std::move(*host);
    left.erase(host);
    return take_over(std::move(context), info, std::move(taken), queues, channels);
  }
  const bool exists = context->interfaces.find(name, info) == 0;
  const std::string hint = exists && info.kind == "tun" ? "; if nobody uses it: ip link del " + text : "";
  if (exists) return Outcome::failed(EEXIST, "there is an interface named " + text + " already" + hint);
  if (::access("/dev/net/tun", F_OK) != 0) return no_device(text, errno);
  TapQueues made;
  if (const int error = made.make(name, queues, channels); error == EBUSY || error == EEXIST) {
    return Outcome::failed(EEXIST, "there is an interface named " + text + " already");
  } else if (error == EPERM || error == EACCES || error == ENODEV || error == ENXIO || error == ENOENT) {
    return no_device(text, error);
  } else if (error != 0) {
    return Outcome::failed(error, text + " cannot be made: " + std::strerror(error));
  }
  if (const int error = context->interfaces.find(name, info); error != 0)
    return Outcome::failed(error, text + " cannot be looked up: " + std::strerror(error));
  std::unique_ptr<TapHostPort> port(new TapHostPort(std::move(context), name, std::move(made), info.index));
  (void)port->set_carrier(false);
  (void)port->context_->interfaces.set_transmit_queue_length(info.index, transmit_queue_length);
  // While no frames flow. Where there is no such qdisc, there is another way to attach programs.
  if (!program_code(BpfRole::egress).empty())
    (void)make_room_for_filters(port->context_->interfaces.netlink(), info.index);
  port->learn();
  if (const Outcome outcome = port->set_persistent(true); !outcome.ok()) port->context_->say(outcome.reason);
  return std::unique_ptr<HostPort>(std::move(port));
}

TapHostPort::TapHostPort(std::shared_ptr<Context> context, std::string_view name, TapQueues queues, int index)
    : context_(std::move(context)), name_(name), queues_(std::move(queues)), index_(index) {
  state_.name = name_;
  context_->host_ports.push_back(this);
}

Result<std::unique_ptr<HostPort>> TapHostPort::take_over(std::shared_ptr<Context> context, const InterfaceInfo& info,
                                                         Adoption::Host host, std::size_t queues,
                                                         std::size_t channels) {
  TapQueues made;
  if (const int error = made.take_over(info.name, host.record.several_queues, queues, channels); error != 0) {
    return Outcome::failed(error, info.name + " was left by a bondbox that was killed and cannot be taken over: " +
                                      std::strerror(error) + "; \"ip link del " + info.name + "\" removes it");
  }
  std::unique_ptr<TapHostPort> port(new TapHostPort(std::move(context), host.bond, std::move(made), info.index));
  port->adopted_ = true;
  port->journal_ = std::move(host.journal);
  port->learn();
  return std::unique_ptr<HostPort>(std::move(port));
}

Result<std::unique_ptr<HostPort>> TapHostPort::take_from_handover(std::shared_ptr<Context> context,
                                                                  std::string_view name, int index,
                                                                  std::size_t channels) {
  const std::string key = handed_host(name);
  Handover& handed = context->handed;
  std::vector<UniqueFd> queues;
  for (std::size_t i = 0; i < TapQueues::queues_max && handed.has(key + std::to_string(i)); ++i)
    queues.push_back(handed.take(key + std::to_string(i)));
  const auto wanted = static_cast<std::size_t>(
      std::clamp<std::int64_t>(handed.number(key + "wanted"), 1, static_cast<std::int64_t>(queues.size())));
  TapQueues made;
  made.take_over(std::move(queues), handed.number(key + "several") != 0, wanted, channels);
  HostJournal journal;
  journal.take_over(context->run_dir, name, context->namespace_inode, handed.take(key + "journal"));
  const bool carrier = handed.number(key + "carrier") != 0;
  std::unique_ptr<TapHostPort> port(new TapHostPort(std::move(context), name, std::move(made), index));
  port->handed_ = true;
  port->carrier_ = carrier;
  port->journal_ = std::move(journal);
  port->learn();
  return std::unique_ptr<HostPort>(std::move(port));
}

void TapHostPort::give(Handover& handover) const {
  const std::string key = handed_host(name_);
  for (std::size_t i = 0; i < queues_.size(); ++i) handover.lend(key + std::to_string(i), queues_.fd(i));
  handover.lend(key + "journal", journal_.handle());
  handover.note(key + "index", index_);
  handover.note(key + "several", queues_.several() ? 1 : 0);
  handover.note(key + "wanted", static_cast<std::int64_t>(queues_.wanted()));
  handover.note(key + "carrier", carrier_ ? 1 : 0);
}

int TapHostPort::write_journal() {
  return journal_.write(
      to_text(HostRecord{state_.name, context_->namespace_inode, context_->boot_id, index_, queues_.several()}));
}

/// Noted before it is so: or nobody would know whose it is.
Outcome TapHostPort::set_persistent(bool on) {
  int error = 0;
  if (on && !journal_.is_open()) error = journal_.open(context_->run_dir, name_, context_->namespace_inode);
  if (on && error == 0) error = write_journal();
  if (error == 0 && !gone_ && ::ioctl(queues_.fd(0), TUNSETPERSIST, on ? 1UL : 0UL) != 0) error = errno;
  if (!on || error != 0) journal_.remove();
  return error == 0 ? Outcome::done()
                    : Outcome::failed(error, name_ + " would go with this process: " + std::strerror(error));
}

void TapHostPort::end_adoption() {
  if (!adopted_) return;
  if (!offloaded_) remove_leftover_egress(*context_, index_);
  forget_questions();
  looks_left_ = 3;
}

/// The kernel asks again after a second only, and the first question after a start may be lost as those before it were:
/// it can leave before the kernel has started bond0's queue again, or before a port's.
void TapHostPort::look_after_questions() {
  constexpr std::int64_t interval_ms = 100;
  if (looks_left_ == 0 || gone_) return;
  const std::int64_t now_ms = monotonic_ms();
  if (next_look_ms_ == 0) next_look_ms_ = now_ms + interval_ms;
  if (now_ms < next_look_ms_) return;
  next_look_ms_ = now_ms + interval_ms;
  --looks_left_;
  forget_questions();
}

void TapHostPort::forget_questions() {
  for (const Holder& holder : holders_) forget_unanswered_questions(context_->interfaces.netlink(), holder.index);
}

TapHostPort::~TapHostPort() {
  if (journal_.is_open() && !context_->let_go) (void)set_persistent(false);
  std::erase(context_->host_ports, this);
}

void TapHostPort::vanish() {
  if (gone_) return;
  // It may be in another network namespace, where nobody would take it away; and who is made in its place has the note.
  if (journal_.is_open() && !context_->let_go) (void)set_persistent(false);
  gone_ = true;
  changed_ = true;
  state_.up = false;
  state_.addresses.clear();
  holders_.clear();
  queues_.silence();
}

Outcome TapHostPort::finish(int error, const std::string& what) {
  if (error == ENODEV) vanish();
  if (error != 0) return Outcome::failed(error, name_ + " refuses " + what + ": " + std::strerror(error));
  learn();
  return Outcome::done();
}

Outcome TapHostPort::set_mac(MacAddress mac) {
  if (!mac.is_station())
    return Outcome::failed(EADDRNOTAVAIL,
                           mac.text() + " is not the address of a station, so " + name_ + " cannot have it");
  return finish(gone_ ? ENODEV : context_->interfaces.set_mac(index_, mac), "the MAC " + mac.text());
}

Outcome TapHostPort::set_mtu(std::uint32_t mtu) {
  return finish(gone_ ? ENODEV : context_->interfaces.set_mtu(index_, mtu), "the MTU " + std::to_string(mtu));
}

Outcome TapHostPort::set_carrier(bool on) {
  int value = on ? 1 : 0;
  if (::ioctl(queues_.fd(0), TUNSETCARRIER, &value) == 0) {
    carrier_ = on;
    return Outcome::done();
  }
  const int error = gone_ ? ENODEV : tap_refusal(errno);
  return Outcome::failed(error, name_ + " cannot show or hide its cable: " + std::strerror(error));
}

Outcome TapHostPort::set_queues(std::size_t count) {
  InterfaceInfo info;
  if (gone_ || context_->interfaces.find(index_, info) != 0) return Outcome::failed(ENODEV, name_ + " is gone");
  const std::size_t before = queues_.size();
  Outcome outcome = queues_.set_count(count, info.name);
  if (queues_.size() > before && !carrier_) (void)set_carrier(false);
  if (!outcome.ok()) outcome.reason = name_ + " has no queue " + std::to_string(count - 1) + ": " + outcome.reason;
  return outcome;
}

void TapHostPort::append_wait_handles(std::vector<int>& handles) const {
  for (std::size_t queue = 0; queue < queues_.size(); ++queue) handles.push_back(queues_.fd(queue));
}

Outcome TapHostPort::add_address(const IpPrefix& prefix) {
  const int error = gone_ ? ENODEV : context_->interfaces.add_address(index_, prefix);
  return finish(error == EEXIST ? 0 : error, "the address " + prefix.text());
}

Outcome TapHostPort::remove_address(const IpPrefix& prefix) {
  return finish(gone_ ? ENODEV : context_->interfaces.remove_address(index_, prefix), "to give up " + prefix.text());
}

Outcome TapHostPort::set_gateway(const IpAddress& gateway) {
  if (gone_) return finish(ENODEV, "a gateway");
  Interfaces& interfaces = context_->interfaces;
  std::optional<IpAddress>& known = gateway.is_v4() ? gateway_v4_ : gateway_v6_;
  const int removed = interfaces.remove_default_routes(index_, gateway.family, nullptr);
  if (removed != 0 && removed != ESRCH) return finish(removed, "to give up its old gateway");
  const int error = interfaces.add_default_route(index_, gateway);
  if (error == 0) {
    known = gateway;
    return Outcome::done();
  }
  // A gateway that cannot be had must not cost the one that could.
  if (known && removed == 0) (void)interfaces.add_default_route(index_, *known);
  if (error == EEXIST) return Outcome::failed(EEXIST, "there is a default route through another interface already");
  return Outcome::failed(error, name_ + " cannot route through " + gateway.text() + ": " + std::strerror(error));
}

Outcome TapHostPort::remove_gateway(const IpAddress& gateway) {
  if (gone_) return finish(ENODEV, "to give up its gateway");
  const int error = context_->interfaces.remove_default_routes(index_, gateway.family, &gateway);
  std::optional<IpAddress>& known = gateway.is_v4() ? gateway_v4_ : gateway_v6_;
  if (known == gateway) known.reset();
  if (error != 0)
    return Outcome::failed(error, name_ + " has no default route through " + gateway.text() + " that could be removed");
  return Outcome::done();
}

Outcome TapHostPort::set_up(bool up) {
  return finish(gone_ ? ENODEV : context_->interfaces.set_flags(index_, up ? IFF_UP : 0, IFF_UP),
                up ? "to be set up" : "to be set down");
}

bool TapHostPort::concerns(int index) const noexcept {
  if (index == index_) return true;
  return std::any_of(holders_.begin(), holders_.end(), [index](const Holder& holder) { return holder.index == index; });
}

bool TapHostPort::concerns(const InterfaceInfo& info) const noexcept {
  return concerns(info.index) || (info.lower != 0 && concerns(info.lower));
}

void TapHostPort::learn() {
  if (!gone_ && context_->dump() == 0) learn(context_->interface_list, context_->address_list);
}

void TapHostPort::learn(std::span<const InterfaceInfo> all, std::span<const InterfaceAddress> addresses) {
  if (gone_) return;
  const auto own =
      std::find_if(all.begin(), all.end(), [this](const InterfaceInfo& info) { return info.index == index_; });
  if (own == all.end()) return vanish();
  State state;
  state.name = own->name;
  state.mac = own->mac;
  state.mtu = own->mtu;
  state.up = (own->flags & IFF_UP) != 0;
  state.promiscuous = own->promiscuity > 0;
  if (std::exchange(queueing_due_, false)) queueing_ = has_own_qdisc(context_->interfaces.netlink(), index_);
  state.queueing = queueing_;
  learn_holders(*own, all);
  // There may be as many as there are numbers, each with an interface and an address: nothing here looks at each of
  // them for each of them.
  std::bitset<4096> known;
  for (const Holder& holder : holders_) {
    const std::size_t number = holder.vlan.value & 0xfffU;
    if (holder.vlan.tagged() && !known[number]) state.vlans.push_back(holder.vlan);
    known.set(number);
  }
  learn_addresses(addresses, state);
  tell_too_many(state);
  changed_ = changed_ || !(state == state_);
  const bool renamed = state.name != state_.name;
  state_ = state;
  if (renamed && journal_.is_open()) (void)write_journal();
}

void TapHostPort::learn_holders(const InterfaceInfo& own, std::span<const InterfaceInfo> all) {
  holders_.clear();
  holders_.push_back({own.index, {}, own.mac, own.ipv6_router});
  for (const InterfaceInfo& info : all)
    if (info.index == own.master)
      holders_.push_back({info.index, {}, info.mac, info.ipv6_router, info.kind == "bridge"});
  for (const InterfaceInfo& info : all) {
    if (info.kind != "vlan" || info.lower == 0 || holders_.size() == holders_max) continue;
    if (info.lower == own.index || info.lower == own.master)
      holders_.push_back({info.index, info.vlan, info.mac, info.ipv6_router});
  }
}

void TapHostPort::learn_addresses(std::span<const InterfaceAddress> all, State& state) const {
  std::vector<std::pair<int, std::size_t>> places;  // of holders, by index
  for (std::size_t i = 0; i < holders_.size(); ++i) places.emplace_back(holders_[i].index, i);
  std::sort(places.begin(), places.end());
  // By family, then as the holders stand.
  std::vector<std::pair<std::size_t, const InterfaceAddress*>> found;
  for (const InterfaceAddress& address : all) {
    const auto place = std::lower_bound(places.begin(), places.end(), std::pair(address.index, std::size_t{0}));
    if (!address.usable || place == places.end() || place->first != address.index) continue;
    const std::size_t after = address.prefix.address.is_v4() ? 0 : holders_.size();
    found.emplace_back(after + place->second, &address);
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [place, address] : found) {
    if (state.addresses.size() == addresses_max) break;
    const Holder& holder = holders_[place % holders_.size()];
    state.addresses.push_back({address->prefix.address, holder.vlan, holder.mac, holder.router, holder.bridge});
  }
}

/// Neighbours are not told of what is not learned.
void TapHostPort::tell_too_many(const State& state) {
  const bool too_many = holders_.size() == holders_max || state.addresses.size() == addresses_max;
  if (too_many && !std::exchange(told_too_many_, too_many))
    context_->say(name_ + " has more VLAN interfaces or addresses than are looked after: " +
                  std::to_string(holders_max) + " and " + std::to_string(addresses_max));
}

const TapHostPort::Holder* TapHostPort::holder(int index) const noexcept {
  for (const Holder& known : holders_)
    if (known.index == index) return &known;
  return nullptr;
}

IpAddress TapHostPort::first_address(const Holder& holder, IpAddress::Family family) const noexcept {
  for (const HostAddress& own : state_.addresses) {
    const bool held = own.vlan == holder.vlan && own.on_bridge == holder.bridge && own.mac == holder.mac;
    if (held && own.address.family == family) return own.address;
  }
  IpAddress none;
  none.family = family;
  return none;
}

Result<HostPath> TapHostPort::path_to(const IpAddress& target) const {
  if (gone_) return Outcome::failed(ENODEV, "bond is gone");
  RouteInfo route;
  if (const int error = context_->interfaces.find_route(target, route); error != 0)
    return Outcome::failed(error, "no route");
  const Holder* const way = holder(route.output);
  if (way == nullptr) return HostPath{};
  return HostPath{true, way->vlan, route.source ? *route.source : first_address(*way, target.family), way->mac};
}

void TapHostPort::append_groups(FixedVector<HostGroup, 64>& groups) const {
  if (gone_) return;
  const bool local_too = reports_local_network_groups();
  const auto take = [&](const JoinedGroup& joined) {
    const Holder* const member = holder(joined.index);
    if (member == nullptr || is_all_hosts(joined.group)) return;
    if (!local_too && is_local_network_group(joined.group)) return;
    const IpAddress source = first_address(*member, IpAddress::Family::v4);
    groups.push_back({joined.group, member->vlan, source, member->mac, joined.version});
  };
  (void)read_joined_groups(std::cref(take));  // as a reference, so that std::function needs no memory
}

bool TapHostPort::take_changed() noexcept {
  const bool changed = changed_;
  changed_ = false;
  return changed;
}

std::size_t TapHostPort::receive(PacketBatch& batch) {
  const std::size_t before = batch.size();
  // Each time begins with another queue, so that one that is always full does not keep the others waiting.
  if (++turn_ >= queues_.size()) turn_ = 0;
  for (std::size_t i = queues_.size(); i > 0; --i) receive_from((turn_ + i) % queues_.size(), batch);
  return batch.size() - before;
}

void TapHostPort::receive_from(std::size_t queue, PacketBatch& batch) {
  if (gone_) return;
  const int ended = read_tap_frames(queues_.fd(queue), static_cast<std::uint16_t>(queue), batch, counters_);
  if (ended == EBADFD) return vanish();
  if (ended == EAGAIN) queues_.found_empty(queue);
}

TransmitResult TapHostPort::transmit(std::span<const Packet* const> packets) {
  if (gone_) return {0, packets.empty() ? 0 : ENODEV};
  const TransmitResult result = write_tap_frames(queues_.fd(0), packets, joins_);
  if (result.error == ENODEV) vanish();
  return result;
}

/// As set_queues: opening shows the host a cable.
Result<std::unique_ptr<Channel>> TapHostPort::open_channel() {
  InterfaceInfo info;
  if (gone_ || context_->interfaces.find(index_, info) != 0) return Outcome::failed(ENODEV, name_ + " is gone");
  auto queue = queues_.open_channel(info.name);
  if (!carrier_) (void)set_carrier(false);
  if (!queue.ok()) {
    return Outcome::failed(queue.failure().error, name_ + " has no queue for another loop: " + queue.failure().reason);
  }
  return std::unique_ptr<Channel>(std::make_unique<TapChannel>(std::move(queue.value())));
}

Outcome TapHostPort::spread_flows(bool on) {
  return queues_.spread_flows(on);
}

}  // namespace bondbox::lnx
