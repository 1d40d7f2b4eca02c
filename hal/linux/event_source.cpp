#include "hal/linux/event_source.hpp"

#include <linux/netconf.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "hal/linux/bpf_offload.hpp"
#include "hal/linux/monotonic_clock.hpp"
#include "hal/linux/packet_nic.hpp"
#include "hal/linux/tap_host_port.hpp"

namespace bondbox::lnx {
namespace {

constexpr std::int64_t look_interval_ms = 1'000;
constexpr std::int64_t longest_pause_ms = 1'000;
/// Kept for host_changed, so that neither kind of event keeps out the other.
constexpr std::size_t room_for_hosts = 8;
static_assert(room_for_hosts < EventSource::Events::capacity());

void add(EventSource::Events& events, HardwareEvent::Kind kind, std::string_view name) {
  if (!events.empty()) {
    const HardwareEvent& last = events[events.size() - 1];
    if (last.kind == kind && last.name == name) return;
  }
  (void)events.push_back({kind, std::string(name)});
}

/// What this thread has had of a CPU.
std::int64_t cpu_ms() noexcept {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<std::int64_t>(used.tv_sec) * 1'000 + used.tv_nsec / 1'000'000;
}

}  // namespace

int EventSource::open() {
  constexpr std::array groups{static_cast<int>(RTNLGRP_LINK), static_cast<int>(RTNLGRP_IPV4_IFADDR),
                              static_cast<int>(RTNLGRP_IPV6_IFADDR), static_cast<int>(RTNLGRP_IPV6_NETCONF),
                              static_cast<int>(RTNLGRP_TC)};
  if (const int error = socket_.open_listening(groups); error != 0) return error;
  // Listening first: an interface that appears between the two is in both, and is reported once too often at most.
  std::vector<InterfaceInfo>& all = context_->interface_list;
  if (const int error = context_->interfaces.list(all); error != 0) return error;
  for (const InterfaceInfo& info : all) (void)remember(info);
  return 0;
}

bool EventSource::remember(const InterfaceInfo& info) {
  Known fresh;
  fresh.index = info.index;
  std::copy_n(info.name.data(), std::min(info.name.size(), fresh.name.size() - 1), fresh.name.data());
  for (Known& known : known_) {
    if (known.index != info.index) continue;
    if (known.is(info.name)) return false;
    known = fresh;
    return true;
  }
  (void)known_.push_back(fresh);
  return true;
}

void EventSource::forget(int index) {
  for (std::size_t i = known_.size(); i > 0; --i)
    if (known_[i - 1].index == index) known_.erase_at(i - 1);
}

const Context::ClaimedNic* EventSource::claimed(int index) const {
  for (const Context::ClaimedNic& nic : context_->nics)
    if (nic.index == index) return &nic;
  return nullptr;
}

void EventSource::take_link(const InterfaceInfo& info, bool removed, Events& events) {
  bool is_host_port = false;
  for (const TapHostPort* port : context_->host_ports) {
    if (port->concerns(info)) hosts_concerned_ = true;
    if (port->index() == info.index) is_host_port = true;
  }
  const Context::ClaimedNic* nic = claimed(info.index);
  if (removed) {
    forget(info.index);
    // The news may be older than the NIC: another interface had its index before. Looking at it also makes a NIC whose
    // interface has gone leave the list.
    const std::string name = nic != nullptr ? nic->name : info.name;
    const bool stale = nic != nullptr && nic->nic->link().present;
    // Not before: a NIC that is found to be gone leaves the list that `nic` points into.
    for (LinuxOffload* offload : context_->offloads) offload->interface_removed(info.index);
    add(events, stale ? HardwareEvent::Kind::link_changed : HardwareEvent::Kind::nic_vanished, name);
    return;
  }
  const bool is_new = remember(info);
  if (nic != nullptr) {
    nic->nic->may_be_changed();
    add(events, HardwareEvent::Kind::link_changed, nic->name);
  } else if (is_new && !is_host_port) {
    add(events, HardwareEvent::Kind::nic_appeared, info.name);
  }
}

/// What keeps the stack off a port makes its own addresses unreachable, and who gave it one may not know.
void EventSource::tell_of_address(const InterfaceAddress& address) const {
  const Context::ClaimedNic* nic = claimed(address.index);
  if (nic != nullptr && !address.link_scope)
    context_->say(nic->name + " was given the address " + address.prefix.text() +
                  " by somebody else, which cannot be reached while it is a port; give it to the bond instead");
}

void EventSource::take_address_of(int index) {
  for (const TapHostPort* port : context_->host_ports)
    if (port->concerns(index)) hosts_concerned_ = true;
}

/// Somebody's `tc` on an interface of ours: a shaper on bond0, or a filter of ours that is gone.
void EventSource::take_queueing(const nlmsghdr& message) {
  tcmsg header{};
  if (!read_family(message, header)) return;
  const bool qdisc = message.nlmsg_type == RTM_NEWQDISC || message.nlmsg_type == RTM_DELQDISC;
  for (TapHostPort* port : context_->host_ports) {
    if (!qdisc || port->index() != header.tcm_ifindex) continue;
    port->queueing_may_have_changed();
    hosts_concerned_ = true;
  }
  if (message.nlmsg_type != RTM_DELQDISC && message.nlmsg_type != RTM_DELTFILTER) return;
  if (const Context::ClaimedNic* nic = claimed(header.tcm_ifindex); nic != nullptr) nic->nic->raise_fence_again();
  for (LinuxOffload* offload : context_->offloads) offload->filters_removed(header.tcm_ifindex);
}

void EventSource::take_message(const nlmsghdr& message, Events& events) {
  InterfaceInfo info;
  InterfaceAddress address;
  if (message.nlmsg_type >= RTM_NEWQDISC && message.nlmsg_type <= RTM_GETTFILTER) {
    take_queueing(message);
  } else if (parse_interface(message, info)) {
    take_link(info, message.nlmsg_type == RTM_DELLINK, events);
  } else if (parse_address(message, address)) {
    if (message.nlmsg_type == RTM_NEWADDR) tell_of_address(address);
    take_address_of(address.index);
  } else if (message.nlmsg_type == RTM_NEWNETCONF) {
    take_address_of(static_cast<int>(Attributes(message, sizeof(netconfmsg)).u32(NETCONFA_IFINDEX)));
  }
}

void EventSource::look_again(Events& events) {
  hosts_concerned_ = true;
  for (TapHostPort* port : context_->host_ports) {
    port->queueing_may_have_changed();
    for (LinuxOffload* offload : context_->offloads) offload->filters_removed(port->index());
  }
  // News of filters may be among what was lost. A copy: a NIC that is found to be gone leaves the list.
  const std::vector<Context::ClaimedNic> nics = context_->nics;
  for (const Context::ClaimedNic& nic : nics) {
    nic.nic->raise_fence_again();
    nic.nic->may_be_changed();
    for (LinuxOffload* offload : context_->offloads) offload->filters_removed(nic.index);
  }
  (void)events.push_back({HardwareEvent::Kind::link_changed, {}});
  known_.clear();
  std::vector<InterfaceInfo>& all = context_->interface_list;
  if (context_->interfaces.list(all) != 0) return;
  for (const InterfaceInfo& info : all) (void)remember(info);
}

/// Observed on Linux 6.18: a macvlan that is set up in another network namespace makes the host port promiscuous, and
/// no event tells of it.
void EventSource::notice_untold_changes() {
  const std::int64_t now_ms = monotonic_ms();
  if (now_ms - looked_ms_ < look_interval_ms) return;
  looked_ms_ = now_ms;
  InterfaceInfo info;
  for (const TapHostPort* port : context_->host_ports)
    if (context_->interfaces.find(port->index(), info) == 0 && (info.promiscuity > 0) != port->is_promiscuous())
      hosts_concerned_ = true;
}

/// One dump serves all host ports. When it fails, the next poll tries again. Where there are thousands of interfaces a
/// dump takes many ticks: while one change follows the other such dumps stay apart, and take a tenth of the time. What
/// others had of the CPU meanwhile does not count: a command that follows a change is to find it known.
void EventSource::teach_hosts() {
  constexpr std::int64_t long_ms = 4;
  constexpr std::int64_t apart = 10;
  if (!hosts_concerned_ || monotonic_ms() < next_dump_ms_) return;
  const std::int64_t began_ms = cpu_ms();
  if (context_->dump() != 0) return;
  hosts_concerned_ = false;
  for (TapHostPort* port : context_->host_ports) port->learn(context_->interface_list, context_->address_list);
  const std::int64_t took_ms = cpu_ms() - began_ms;
  if (took_ms >= long_ms) next_dump_ms_ = monotonic_ms() + std::min(apart * took_ms, longest_pause_ms);
}

void EventSource::poll(Events& events) {
  for (TapHostPort* const port : context_->host_ports) port->look_after_questions();
  // A datagram carries one notification, which makes one event at most. Notifications that make none are bounded too;
  // what stays unread keeps the descriptor readable.
  constexpr int datagrams_max = 256;
  for (int i = 0; i < datagrams_max && events.size() + room_for_hosts < Events::capacity(); ++i) {
    const int error = socket_.receive([&](const nlmsghdr& message) { take_message(message, events); });
    if (error == ENOBUFS) {
      look_again(events);
    } else if (error != 0) {
      break;
    }
  }
  notice_untold_changes();
  teach_hosts();
  // A change that finds no room is not taken; a caller that was given a full list asks again.
  for (TapHostPort* port : context_->host_ports) {
    if (events.full()) break;
    if (port->take_changed()) add(events, HardwareEvent::Kind::host_changed, port->name());
  }
}

}  // namespace bondbox::lnx
