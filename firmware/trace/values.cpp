#include "firmware/trace/values.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace bondbox::trace {

void fields(auto& with, PortOptions& options) {
  with(options.prio);
  with(options.queue_id);
  with(options.actor_port_prio);
}

void fields(auto& with, BondOptions& options) {
  with.choice(options.mode, Mode::balance_alb);
  with(options.unmonitored);
  with(options.miimon_ms);
  with(options.updelay_ms);
  with(options.downdelay_ms);
  with(options.peer_notif_delay_ms);
  with(options.use_carrier);
  with(options.num_peer_notif);
  with(options.resend_igmp);
  with(options.arp_interval_ms);
  with(options.arp_ip_targets);
  with(options.ns_ip6_targets);
  with.choice(options.arp_validate, ArpValidate::filter_backup);
  with.choice(options.arp_all_targets, ArpAllTargets::all);
  with(options.arp_missed_max);
  with(options.primary);
  with.choice(options.primary_reselect, PrimaryReselect::failure);
  with.choice(options.fail_over_mac, FailOverMac::follow);
  with(options.all_slaves_active);
  with.choice(options.xmit_hash_policy, HashPolicy::vlan_srcmac);
  with(options.packets_per_slave);
  with(options.tlb_dynamic_lb);
  with.choice(options.rebalance, Rebalance::bounded);
  with(options.xmit_hash_resilient);
  with(options.nd_balance);
  with.choice(options.offload, OffloadUse::off);
  with(options.busy_poll_us);
  with(options.lp_interval_s);
  with(options.min_links);
  with.choice(options.lacp_rate, LacpRate::fast);
  with(options.lacp_active);
  with.choice(options.ad_select, AdSelect::actor_port_prio);
  with(options.ad_actor_sys_prio);
  with(options.ad_actor_system);
  with(options.ad_user_port_key);
  with(options.coupled_control);
  with(options.lacp_strict);
  with(options.lacp_fallback);
  with(options.broadcast_neighbor);
  with.choice(options.monitor, MonitorRule::quorum);
  with(options.monitor_quorum);
  with(options.revert_delay_ms);
  with(options.flap_damping_ms);
  with(options.flap_suppress);
  with(options.flap_reuse);
  with(options.flap_hold_max_ms);
}

void fields(auto& with, BondConfig& config) {
  with(config.name);
  with(config.ports);
  with(config.options);
  with(config.port_options);
  with(config.active_slave);
  with(config.addresses);
  with(config.gateway);
  with(config.mtu);
  with(config.mac);
}

void put_config(Writer& writer, const BondConfig& config) noexcept {
  Put put(writer);
  put(config);
}

void put_memory(Writer& writer, const BondMemory* memory) noexcept {
  writer.byte(memory != nullptr ? 1 : 0);
  if (memory == nullptr) return;
  Put put(writer);
  put(memory->then);
  put(memory->alive);
  writer.number(memory->bytes.size());
  writer.bytes(memory->bytes);
}

std::optional<BondMemory> get_memory(Reader& reader) noexcept {
  if (reader.number_to(1) == 0) return std::nullopt;
  BondMemory memory;
  Get get(reader);
  get(memory.then);
  get(memory.alive);
  memory.bytes = reader.bytes(static_cast<std::size_t>(reader.number_to(reader.rest().size())));
  return memory;
}

BondConfig get_config(Reader& reader) {
  BondConfig config;
  Get get(reader);
  get(config);
  return config;
}

namespace {

/// Up to here every Linux counts alike.
constexpr int last_common_error = 34;

struct NamedError {
  int here;
  std::uint64_t portable;
};
constexpr NamedError named_errors[] = {
    {EOPNOTSUPP, 95},   {EADDRINUSE, 98},  {EADDRNOTAVAIL, 99}, {ENETDOWN, 100}, {ENETUNREACH, 101}, {ENOBUFS, 105},
    {ETIMEDOUT, 110},   {EALREADY, 114},   {EHOSTUNREACH, 113}, {ENOSYS, 38},    {EMSGSIZE, 90},     {EPROTO, 71},
    {EAFNOSUPPORT, 97}, {ENOPROTOOPT, 92}, {EOVERFLOW, 75},     {ELOOP, 40},     {ENAMETOOLONG, 36}, {ENODATA, 61},
};

}  // namespace

std::uint64_t portable_error(int error) noexcept {
  if (error >= 0 && error <= last_common_error) return static_cast<std::uint64_t>(error);
  for (const NamedError& named : named_errors)
    if (named.here == error) return named.portable;
  return EIO;
}

int native_error(std::uint64_t portable) noexcept {
  if (portable <= last_common_error) return static_cast<int>(portable);
  for (const NamedError& named : named_errors)
    if (named.portable == portable) return named.here;
  return EIO;
}

void put_outcome(Writer& writer, const Outcome& outcome) noexcept {
  writer.number(portable_error(outcome.error));
  if (!outcome.ok()) writer.text(outcome.reason);
}

Outcome get_outcome(Reader& reader) {
  Outcome outcome;
  outcome.error = native_error(reader.number());
  if (!outcome.ok()) outcome.reason = reader.text();
  return outcome;
}

namespace {

struct PutAction {
  Put& put;
  void operator()(const AnnouncePeers&) noexcept {}
  void operator()(const RejoinGroups&) noexcept {}
  void operator()(const SetPortMac& action) noexcept {
    put(action.port);
    put(action.mac);
  }
  void operator()(const SetPortPromiscuous& action) noexcept {
    put(action.port);
    put(action.on);
  }
  void operator()(const SetBondMac& action) noexcept { put(action.mac); }
  void operator()(const SendFrame& action) noexcept {
    put(action.port);
    put(action.bytes);
  }
  void operator()(const ActiveChanged& action) noexcept {
    put(action.from);
    put(action.to);
  }
  void operator()(const Tell& action) noexcept {
    put(action.port);
    put(action.text);
  }
};

/// Both directions of a plan; `buckets(with, table)` takes the table.
template <class With, class Plan, class Buckets>
void plan_fields(With& with, Plan& plan, Buckets buckets) noexcept {
  auto& rule = plan.transmit;
  with(plan.generation);
  with.choice(rule.spread, Spread::copy_to_all);
  with(rule.usable);
  with(rule.fallback);
  with(rule.packets_per_port);
  with.choice(rule.hash_policy, HashPolicy::vlan_srcmac);
  with.choice(rule.bucket_key, BucketKey::every_frame);
  buckets(rule.bucket_port);
  with(rule.rest_port);
  with(rule.igmp_port);
  with(rule.copy_neighbours);
  for (auto& port : plan.ports) {
    with(port.deliver);
    with(port.source_mac);
    with(port.own_mac);
    with(port.queue_id);
  }
  with(plan.punt);
  with(plan.carrier);
}

}  // namespace

void put_action(Writer& writer, const Action& action) noexcept {
  writer.byte(static_cast<std::uint8_t>(action.index()));
  Put put(writer);
  std::visit(PutAction{put}, action);
}

/// The table of buckets is written as runs: most modes have none.
void put_plan(Writer& writer, const ForwardingPlan& plan) noexcept {
  Put put(writer);
  plan_fields(put, plan, [&writer](const std::array<PortId, bucket_count>& table) {
    for (std::size_t i = 0; i < table.size();) {
      std::size_t end = i + 1;
      while (end < table.size() && table[end] == table[i]) ++end;
      writer.number(end - i);
      writer.byte(table[i].index);
      i = end;
    }
  });
}

ForwardingPlan get_plan(Reader& reader) noexcept {
  ForwardingPlan plan;
  Get get(reader);
  plan_fields(get, plan, [&reader](std::array<PortId, bucket_count>& table) {
    for (std::size_t i = 0; i < table.size() && reader.ok();) {
      const auto run = static_cast<std::size_t>(reader.number_to(table.size() - i));
      const std::uint8_t port = reader.byte();
      if (run == 0) reader.refuse();
      for (std::size_t end = i + run; i < end; ++i) table[i].index = port;
    }
  });
  return plan;
}

void put_traffic(Writer& writer, const BucketTraffic& traffic, const BucketTraffic& before) noexcept {
  writer.number(traffic.other - before.other);
  std::size_t next = 0;
  for (std::size_t i = 0; i < bucket_count; ++i) {
    if (traffic.bytes[i] == before.bytes[i]) continue;
    writer.number(i - next + 1);
    writer.number(traffic.bytes[i] - before.bytes[i]);
    next = i + 1;
  }
  writer.number(0);
}

void get_traffic(Reader& reader, BucketTraffic& traffic) noexcept {
  traffic.other += reader.number();
  for (std::size_t next = 0;;) {
    const auto ahead = static_cast<std::size_t>(reader.number_to(bucket_count - next));
    if (ahead == 0) return;
    next += ahead;
    traffic.bytes[next - 1] += reader.number();
  }
}

}  // namespace bondbox::trace
