#include "hal/sim/sim_host_port.hpp"

#include <algorithm>
#include <cerrno>

#include "hal/wire/ethernet.hpp"

namespace bondbox::sim {

namespace {

constexpr std::uint32_t mtu_min = 68;  // RFC 791: what every module must be able to forward
constexpr std::uint32_t mtu_max = 65'535;

/// A locally administered address for the n-th host port of a world.
MacAddress made_up_mac(std::uint64_t n) {
  MacAddress mac{{0x02, 0x00, 0x00, 0xff, 0x00, 0x00}};
  wire::store_be16(&mac.octets[4], static_cast<std::uint16_t>(n));
  return mac;
}

}  // namespace

SimHostPort::SimHostPort(SimWorld& world, std::string_view name)
    : world_(world), name_(name), interface_name_(name), mac_(made_up_mac(world.count_host_port())) {
  world_.host_ports_.emplace(name_, this);
}

SimHostPort::SimHostPort(SimHostPort& killed)
    : world_(killed.world_),
      name_(killed.name_),
      interface_name_(killed.interface_name_),
      mac_(killed.mac_),
      mtu_(killed.mtu_),
      taken_over_(true),
      up_(killed.up_),
      carrier_(true),  // as the kernel shows one to whoever attaches to a TAP device
      promiscuous_(killed.promiscuous_),
      queueing_(killed.queueing_),
      addresses_(killed.addresses_),
      vlans_(killed.vlans_),
      groups_(killed.groups_),
      paths_(killed.paths_),
      from_host_(std::move(killed.from_host_)),
      to_host_(std::move(killed.to_host_)),
      delivered_count_(killed.delivered_count_) {
  gateways_[0] = killed.gateways_[0];
  gateways_[1] = killed.gateways_[1];
  killed.present_ = false;
  world_.host_ports_[name_] = this;
}

SimHostPort::~SimHostPort() {
  if (present_) world_.host_ports_.erase(name_);
}

void SimHostPort::vanish() {
  if (!present_) return;
  present_ = false;
  up_ = false;
  carrier_ = false;
  world_.host_ports_.erase(name_);
  tell();
}

Outcome SimHostPort::set_mac(MacAddress mac) {
  if (!mac.is_station()) return Outcome::failed(EADDRNOTAVAIL, mac.text() + " is not a station's address");
  if (mac == mac_) return Outcome::done();
  for (HostAddress& address : addresses_)
    if (address.mac == mac_) address.mac = mac;
  mac_ = mac;
  tell();
  return Outcome::done();
}

Outcome SimHostPort::set_mtu(std::uint32_t mtu) {
  if (mtu < mtu_min || mtu > mtu_max) return Outcome::failed(EINVAL, "an MTU is from 68 to 65535");
  if (mtu == mtu_) return Outcome::done();
  mtu_ = mtu;
  tell();
  return Outcome::done();
}

Outcome SimHostPort::set_carrier(bool on) {
  carrier_ = on;
  return Outcome::done();
}

Outcome SimHostPort::add_address(const IpPrefix& prefix) {
  const bool known = std::any_of(addresses_.begin(), addresses_.end(), [&prefix](const HostAddress& existing) {
    return existing.address == prefix.address && !existing.vlan.tagged();
  });
  if (known) return Outcome::done();
  auto place = addresses_.end();
  if (prefix.address.is_v4()) {
    place = std::find_if(addresses_.begin(), addresses_.end(),
                         [](const HostAddress& existing) { return !existing.address.is_v4(); });
  }
  addresses_.insert(place, HostAddress{prefix.address, VlanId{}, mac_, false});
  tell();
  return Outcome::done();
}

Outcome SimHostPort::remove_address(const IpPrefix& prefix) {
  const std::size_t removed = std::erase_if(addresses_, [&prefix](const HostAddress& existing) {
    return existing.address == prefix.address && !existing.vlan.tagged();
  });
  if (removed == 0) return Outcome::failed(EADDRNOTAVAIL, name_ + " does not have " + prefix.text());
  tell();
  return Outcome::done();
}

Outcome SimHostPort::set_gateway(const IpAddress& gateway) {
  gateways_[gateway.is_v4() ? 0 : 1] = gateway;
  return Outcome::done();
}

Outcome SimHostPort::remove_gateway(const IpAddress& gateway) {
  std::optional<IpAddress>& kept = gateways_[gateway.is_v4() ? 0 : 1];
  if (kept != gateway) return Outcome::failed(ESRCH, "there is no default route by " + gateway.text());
  kept.reset();
  return Outcome::done();
}

Outcome SimHostPort::set_queues(std::size_t count) {
  if (count == 0) return Outcome::failed(EINVAL, "a host port has at least one queue");
  queues_ = count;
  return Outcome::done();
}

Outcome SimHostPort::set_up(bool up) {
  if (up == up_) return Outcome::done();
  up_ = up;
  if (!up) from_host_.clear();
  tell();
  return Outcome::done();
}

std::size_t SimHostPort::receive(PacketBatch& batch) {
  const std::size_t before = batch.size();
  while (batch.has_room() && !from_host_.empty()) {
    from_host_.pop(batch.prepare());
    batch.commit();
  }
  return batch.size() - before;
}

TransmitResult SimHostPort::transmit(std::span<const Packet* const> packets) {
  TransmitResult result;
  for (const Packet* const packet : packets) {
    const wire::Bytes frame = packet->frame();
    if (!up_) {
      result.error = ENETDOWN;
    } else if (frame.size() < wire::ethernet_header_size) {
      result.error = EINVAL;
    }
    if (result.error != 0) break;
    to_host_.push_over_oldest(frame);
    ++delivered_count_;
    ++result.accepted;
  }
  return result;
}

bool SimHostPort::inject(wire::Bytes frame, const OffloadHeader& offload, std::uint16_t queue) {
  const std::size_t tag_room = 2 * wire::vlan_tag_size;
  if (!up_ || frame.size() < wire::ethernet_header_size || frame.size() > Packet::frame_size_max) return false;
  if (offload.gso_type == 0 && frame.size() > mtu_ + wire::ethernet_header_size + tag_room) return false;
  if (from_host_.push(frame, offload, queue < queues_ ? queue : std::uint16_t{0})) return true;
  ++counters_.receive_lost;
  return false;
}

Frames SimHostPort::take_delivered() {
  Frames frames = to_host_.frames();
  to_host_.clear();
  return frames;
}

void SimHostPort::host_rename(std::string_view name) {
  if (interface_name_ == name) return;
  interface_name_ = name;
  tell();
}

void SimHostPort::host_set_promiscuous(bool on) {
  if (promiscuous_ == on) return;
  promiscuous_ = on;
  tell();
}

void SimHostPort::host_set_queueing(bool on) {
  if (std::exchange(queueing_, on) != on) tell();
}

void SimHostPort::set_vlans(std::vector<VlanId> vlans) {
  vlans_ = std::move(vlans);
  tell();
}

void SimHostPort::set_path(const IpAddress& target, const HostPath& path) {
  std::erase_if(paths_, [&target](const auto& known) { return known.first == target; });
  paths_.emplace_back(target, path);
}

Result<HostPath> SimHostPort::path_to(const IpAddress& target) const {
  for (const auto& [known, path] : paths_)
    if (known == target) return path;
  HostPath path{true, VlanId{}, IpAddress{}, mac_};
  path.source.family = target.family;
  for (const HostAddress& own : addresses_) {
    if (own.address.family != target.family || own.vlan.tagged()) continue;
    path.source = own.address;
    break;
  }
  return path;
}

void SimHostPort::append_groups(FixedVector<HostGroup, 64>& groups) const {
  for (const HostGroup& group : groups_) groups.push_back(group);
}

void SimHostPort::set_addresses(std::vector<HostAddress> addresses) {
  addresses_ = std::move(addresses);
  tell();
}

}  // namespace bondbox::sim
