#include "hal/linux/port_claim.hpp"

#include <net/if.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "hal/linux/bpf_offload.hpp"
#include "hal/linux/sysctl.hpp"

namespace bondbox::lnx {
namespace {

constexpr int arp_ignore_all = 8;    // net.ipv4.conf.*.arp_ignore: reply to nothing
constexpr int rp_filter_strict = 1;  // net.ipv4.conf.*.rp_filter: RFC 3704 strict mode
constexpr std::string_view ipv4 = "ipv4";
constexpr std::string_view ipv6 = "ipv6";

bool is_no_right(int error) {
  return error == EPERM || error == EACCES;
}

/// Gives back a setting that still has the value we gave it.
void restore_setting(std::string_view family, std::string_view name, std::string_view key, std::optional<int> found,
                     int ours) {
  if (!found || *found == ours || read_interface_sysctl(family, name, key) != ours) return;
  (void)write_interface_sysctl(family, name, key, *found);
}

template <class Value>
bool is_ours(const std::vector<Value>& set, Value now, Value found) {
  return now != found && std::find(set.begin(), set.end(), now) != set.end();
}

/// What stands there once need not be written again: ports that swap addresses with every failover wait for no disk
/// then. True: something is new.
template <class Value>
bool add(std::vector<Value>& noted, Value from, Value to) {
  constexpr std::size_t noted_max = 24;  // each address of a full bond, and some
  bool news = false;
  for (const Value& one : {from, to}) {
    news = std::erase(noted, one) == 0 || news;
    noted.push_back(one);
  }
  while (noted.size() > noted_max) noted.erase(noted.begin());
  return news;
}

constexpr std::size_t departed_max = 32;

std::string nothing_to_restore(const PortRecord& record) {
  return record.name + ": the interface of then is gone, nothing to give back";
}

/// Whether what has the index of then is the interface of then: the kernel gives the numbers of namespaces and
/// interfaces anew. It is by its own MAC. Without that, a bond's MAC may be another port's own and a name or a flag
/// anybody's, so two of the three are wanted.
bool is_same_interface(Context& context, const PortRecord& record) {
  InterfaceInfo info;
  const bool same_boot = record.boot_id.empty() || context.boot_id.empty() || record.boot_id == context.boot_id;
  if (!same_boot || context.interfaces.find(record.index, info) != 0) return false;
  if (info.mac == record.mac) return true;
  const bool mac_we_gave = std::find(record.set_macs.begin(), record.set_macs.end(), info.mac) != record.set_macs.end();
  const bool same_name = info.name == record.name;
  const bool claimed = !record.noarp && (info.flags & IFF_NOARP) != 0;
  return int{mac_we_gave} + int{same_name} + int{claimed} >= 2;
}

/// What each port is given of flags that it had not. All multicast must come in also when this process is dead and
/// programs go on: a packet socket's membership ends with it.
std::uint32_t flags_of_ports(const PortRecord& record) {
  return (record.noarp ? 0U : static_cast<std::uint32_t>(IFF_NOARP)) |
         (record.allmulti ? 0U : static_cast<std::uint32_t>(IFF_ALLMULTI));
}

/// Puts the port back and says so.
std::string restore_port(Context& context, const PortRecord& record) {
  InterfaceInfo info;
  if (context.interfaces.find(record.index, info) != 0) return nothing_to_restore(record);
  std::string text = record.name + ": given back as it was found";
  const auto note = [&text](int error, const char* what) {
    if (error == 0) return;
    text.append(", except ").append(what).append(" (").append(std::strerror(error)).append(")");
  };
  // Down first: every driver lets its address be changed then, and the stack says nothing by itself meanwhile.
  if (!record.up && (info.flags & IFF_UP) != 0) note(context.interfaces.set_flags(record.index, 0, IFF_UP), "down");
  if (is_ours(record.set_macs, info.mac, record.mac))
    note(context.interfaces.set_mac(record.index, record.mac), "its MAC");
  if (is_ours(record.set_mtus, info.mtu, record.mtu))
    note(context.interfaces.set_mtu(record.index, record.mtu), "its MTU");
  remove_leftover_ingress(record.index);
  if (record.fence == FenceKind::filter)
    remove_filter(context.interfaces.netlink(), record.index, !record.ingress_qdisc);
  restore_setting(ipv4, info.name, "arp_ignore", record.arp_ignore, arp_ignore_all);
  restore_setting(ipv4, info.name, "rp_filter", record.rp_filter, rp_filter_strict);
  if (const std::uint32_t ours =
          flags_of_ports(record) | (record.promiscuous ? 0U : static_cast<std::uint32_t>(IFF_PROMISC));
      ours != 0)
    note(context.interfaces.set_flags(record.index, 0, ours), "its flags");
  restore_setting(ipv6, info.name, "disable_ipv6", record.disable_ipv6, 1);
  if (record.up && record.set_down) note(context.interfaces.set_flags(record.index, IFF_UP, IFF_UP), "up");
  for (const IpPrefix& prefix : record.ipv6_addresses) {
    const int error = context.interfaces.add_address(record.index, prefix);
    note(error == EEXIST ? 0 : error, prefix.text().c_str());
  }
  return text;
}

/// Restores what the journal tells, if it tells anything.
std::optional<std::string> restore_from(Context& context, const PortJournal& journal) {
  const std::string text = journal.read();
  if (text.empty()) return std::nullopt;
  const std::optional<PortRecord> record = parse_port_record(text);
  if (!record) return std::string("a port's journal is damaged and was dropped");
  return is_same_interface(context, *record) ? restore_port(context, *record) : nothing_to_restore(*record);
}

/// An interface that was moved to another network namespace, and is back, has kept what it was given as a port; its
/// index may be another one.
void put_right_returned(Context& context, InterfaceInfo& info) {
  std::vector<PortRecord>& departed = context.departed;
  const auto known = std::find_if(departed.begin(), departed.end(),
                                  [&info](const PortRecord& record) { return record.name == info.name; });
  if (known == departed.end()) return;
  PortRecord record = std::move(*known);
  departed.erase(known);
  const std::uint32_t given = flags_of_ports(record);
  const std::vector<MacAddress>& macs = record.set_macs;
  const bool has_our_mac = info.mac == record.mac || std::find(macs.begin(), macs.end(), info.mac) != macs.end();
  if (given == 0 || (info.flags & given) != given || !has_our_mac) return;
  record.index = info.index;
  (void)restore_port(context, record);
  (void)context.interfaces.find(info.index, info);
}

PortRecord record_of(Context& context, const InterfaceInfo& info) {
  PortRecord record;
  record.name = info.name;
  record.namespace_inode = context.namespace_inode;
  record.boot_id = context.boot_id;
  record.index = info.index;
  record.mac = info.mac;
  record.mtu = info.mtu;
  record.up = (info.flags & IFF_UP) != 0;
  record.noarp = (info.flags & IFF_NOARP) != 0;
  record.allmulti = (info.flags & IFF_ALLMULTI) != 0;
  record.promiscuous = (info.flags & IFF_PROMISC) != 0;
  record.ingress_qdisc = has_ingress_qdisc(context.interfaces.netlink(), info.index);
  record.disable_ipv6 = read_interface_sysctl(ipv6, info.name, "disable_ipv6");
  return record;
}

/// Whether the interface of the note has the name still: names may be swapped, and then it is put right before another
/// one is claimed by that name.
bool is_called(Context& context, const std::string& name, const PortJournal& journal) {
  const std::optional<PortRecord> record = parse_port_record(journal.read());
  InterfaceInfo info;
  return record && context.interfaces.find(name, info) == 0 && info.index == record->index;
}

/// Notes the IPv6 addresses that the fence will remove, and warns of addresses in general.
void look_at_addresses(Context& context, const InterfaceInfo& info, PortRecord& record) {
  std::vector<InterfaceAddress> all;
  if (context.interfaces.list_addresses(all) != 0) return;
  for (const InterfaceAddress& address : all) {
    const bool is_v4 = address.prefix.address.is_v4();
    if (address.index != info.index || (!is_v4 && address.link_scope)) continue;
    if (!is_v4 && address.permanent) record.ipv6_addresses.push_back(address.prefix);
    context.say(info.name + " has the address " + address.prefix.text() +
                " of its own, which cannot be reached while it is a port; give it to the bond instead");
  }
}

}  // namespace

void PortClaim::release() {
  if (context_ == nullptr || context_->let_go) return;
  (void)restore_port(*context_, record_);
  end();
}

void PortClaim::abandon() {
  if (context_ == nullptr) return;
  std::vector<PortRecord>& departed = context_->departed;
  std::erase_if(departed, [this](const PortRecord& record) { return record.name == record_.name; });
  if (departed.size() == departed_max) departed.erase(departed.begin());
  departed.push_back(record_);
  end();
}

void PortClaim::end() {
  journal_.remove();
  owner_.reset();
  context_ = nullptr;
}

Outcome PortClaim::become_owner(const InterfaceInfo& info) {
  owner_ = UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!owner_.valid()) return Outcome::done();  // the journal's lock has to do
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // An abstract name (unix(7)): it begins with a zero byte and belongs to the network namespace.
  const std::string name = "bondbox/port/" + std::to_string(info.index);
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  const bool bound = ::bind(owner_.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0;
  if (bound || errno != EADDRINUSE) return Outcome::done();
  owner_.reset();
  return Outcome::failed(EBUSY, info.name + " is a port of another bondbox that is running");
}

void PortClaim::write_journal() {
  if (!journal_.is_open()) return;
  const int error = journal_.write(record_);
  unwritten_ = error != 0;
  if (unwritten_) context_->say(record_.name + ": its journal cannot be written: " + std::strerror(error));
}

void PortClaim::before_change(MacAddress from, MacAddress to) {
  const bool news = add(record_.set_macs, from, to);
  if (news || unwritten_) write_journal();
}

void PortClaim::before_change(std::uint32_t from_mtu, std::uint32_t to_mtu) {
  const bool news = add(record_.set_mtus, from_mtu, to_mtu);
  if (news || unwritten_) write_journal();
}

int PortClaim::note_set_down(bool down) {
  if (record_.set_down == down) return 0;
  if (!journal_.is_open()) return down ? ENOENT : 0;
  record_.set_down = down;
  return journal_.write(record_);
}

Outcome PortClaim::take(std::shared_ptr<Context> context, InterfaceInfo& info, FenceKind wanted) {
  if (Outcome outcome = become_owner(info); !outcome.ok()) return outcome;
  const int locked = PortJournal::open(context->run_dir, info.name, context->namespace_inode, journal_);
  if (locked == EBUSY) return Outcome::failed(EBUSY, info.name + " is claimed by another bondbox that is running");
  if (locked != 0) {
    context->say(info.name + " has no journal in " + context->run_dir + " (" + std::strerror(locked) +
                 "): after a kill -9 it would stay as it is");
  } else if (context->adoption.expects(info.name) && adopt(*context, info)) {
    context_ = std::move(context);
    return Outcome::done();
  } else if (std::optional<std::string> restored = restore_from(*context, journal_); restored) {
    context->say(std::move(*restored));
    if (const int error = context->interfaces.find(info.index, info); error != 0) {
      journal_.remove();
      return Outcome::failed(ENODEV, "the interface vanished");
    }
  } else {
    put_right_returned(*context, info);
  }
  record_ = record_of(*context, info);
  look_at_addresses(*context, info, record_);
  context_ = std::move(context);
  Outcome outcome = raise_fence(wanted);
  if (!outcome.ok()) release();
  return outcome;
}

Outcome PortClaim::take_over(std::shared_ptr<Context> context, int index) {
  const std::string key = handed_port(index);
  const std::optional<PortRecord> record = parse_port_record(context->handed.fact(key + "record"));
  if (!record || record->index != index) return Outcome::failed(EBADMSG, "what was noted of a port is not understood");
  record_ = *record;
  journal_.take_over(context->run_dir, record_.name, context->namespace_inode, context->handed.take(key + "journal"));
  owner_ = context->handed.take(key + "owner");
  context_ = std::move(context);
  return Outcome::done();
}

void PortClaim::give(Handover& handover) const {
  const std::string key = handed_port(record_.index);
  handover.note(key + "record", to_text(record_));
  handover.lend(key + "journal", journal_.handle());
  handover.lend(key + "owner", owner_.get());
}

/// The fence stands, or what the killed process put in its place: it stays until the new owner replaces it.
bool PortClaim::adopt(Context& context, const InterfaceInfo& info) {
  const std::optional<PortRecord> record = parse_port_record(journal_.read());
  if (!record || record->index != info.index || !is_same_interface(context, *record)) return false;
  if (record->fence == FenceKind::filter && raise_filter(context.interfaces.netlink(), info.index) != 0) return false;
  record_ = *record;
  adopted_ = true;
  // Whoever gave the port ARP or IPv6 back meanwhile took the process's death for its end.
  if (const Outcome outcome = keep_stack_off(context); !outcome.ok()) context.say(outcome.reason);
  return true;
}

/// Before the port comes up, or the stack would announce itself on it (MLD, router solicitation, duplicate detection).
Outcome PortClaim::keep_stack_off(Context& context) const {
  if (!record_.disable_ipv6 && !read_interface_sysctl(ipv4, record_.name, "arp_ignore"))
    context.say(record_.name + ": IPv6 cannot be switched off, as far as there is any: /proc is not mounted");
  if (record_.disable_ipv6 == 0) {
    if (const int error = write_interface_sysctl(ipv6, record_.name, "disable_ipv6", 1); error != 0)
      context.say(record_.name + ": IPv6 cannot be switched off: " + std::strerror(error));
  }
  const std::uint32_t flags = flags_of_ports(record_);
  const int error = flags != 0 ? context.interfaces.set_flags(record_.index, flags, flags) : 0;
  if (is_no_right(error)) return no_right();
  if (error != 0) return Outcome::failed(error, record_.name + " refuses its flags: " + std::strerror(error));
  return Outcome::done();
}

void PortClaim::keep_host_off() {
  InterfaceInfo info;
  if (!is_held() || context_->let_go || context_->interfaces.find(record_.index, info) != 0) return;
  const auto told = [this](int error, std::string what, const char* done) {
    context_->say(record_.name + " was " + std::move(what) + " by somebody else, " +
                  (error == 0 ? done : std::strerror(error)));
  };
  if (info.master != 0) {
    const std::string master = context_->driver.current_name(info.master);
    told(context_->interfaces.leave_master(record_.index), "made a port of " + master, "taken out of it again");
  }
  const std::uint32_t missing = flags_of_ports(record_) & ~info.flags;
  if (missing != 0) {
    const bool arp = (missing & IFF_NOARP) != 0;
    told(context_->interfaces.set_flags(record_.index, missing, missing),
         arp ? "given ARP back" : "kept from multicast", "put back");
  }
}

Outcome PortClaim::no_right() const {
  return Outcome::failed(EPERM, "no right to change " + record_.name + ": run as root or with CAP_NET_ADMIN");
}

int PortClaim::stay_promiscuous(bool on) {
  if (record_.promiscuous || !is_held()) return 0;
  return context_->interfaces.set_flags(record_.index, on ? static_cast<std::uint32_t>(IFF_PROMISC) : 0U, IFF_PROMISC);
}

Outcome PortClaim::raise_fence(FenceKind wanted) {
  record_.fence = wanted;
  write_journal();
  if (Outcome outcome = keep_stack_off(*context_); !outcome.ok()) return outcome;
  int refused = 0;
  if (wanted == FenceKind::filter) {
    refused = raise_filter(context_->interfaces.netlink(), record_.index);
    if (refused == 0) return Outcome::done();
    if (is_no_right(refused)) return no_right();
  }
  record_.fence = FenceKind::settings;
  record_.arp_ignore = read_interface_sysctl(ipv4, record_.name, "arp_ignore");
  record_.rp_filter = read_interface_sysctl(ipv4, record_.name, "rp_filter");
  write_journal();
  (void)write_interface_sysctl(ipv4, record_.name, "arp_ignore", arp_ignore_all);
  (void)write_interface_sysctl(ipv4, record_.name, "rp_filter", rp_filter_strict);
  if (refused != 0)
    context_->say(record_.name + ": this kernel takes no ingress filter (" + std::strerror(refused) +
                  "); fenced by arp_ignore and rp_filter instead");
  return Outcome::done();
}

std::vector<std::string> restore_leftovers(Context& context) {
  std::vector<std::string> lines;
  for (const std::string& name : PortJournal::list(context.run_dir, context.namespace_inode)) {
    PortJournal journal;
    if (PortJournal::open(context.run_dir, name, context.namespace_inode, journal) != 0) continue;
    if (context.adoption.expects(name) && is_called(context, name, journal)) continue;
    if (std::optional<std::string> line = restore_from(context, journal); line) lines.push_back(std::move(*line));
    journal.remove();
  }
  return lines;
}

}  // namespace bondbox::lnx
