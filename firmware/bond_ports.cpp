// How ports come into a bond and leave it: enslaving, releasing, vanishing, coming back.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "firmware/bond.hpp"
#include "firmware/trace/tape.hpp"

namespace bondbox {
namespace {

/// How often a port that could not be taken is tried again when no event says that it has appeared.
constexpr Ticks retry_interval = ticks_from_ms(1000);
constexpr Ticks retry_interval_max = ticks_from_ms(60'000);

/// An address that is nobody else's: for a port in fail_over_mac=follow that would start with another one's.
MacAddress derived_mac(MacAddress permanent, std::size_t place) {
  MacAddress mac = permanent;
  mac.octets[0] = static_cast<std::uint8_t>((mac.octets[0] | 0x02) & 0xfe);
  mac.octets[1] = static_cast<std::uint8_t>(mac.octets[1] ^ 0xb0);
  mac.octets[2] = static_cast<std::uint8_t>(mac.octets[2] ^ (place + 1));
  return mac;
}

}  // namespace

Outcome Bond::create(const BondConfig& config, Tick now, const BondMemory* before) {
  if (before != nullptr) return resume(config, now, *before);
  now_ = now;
  (void)offload_.begin_step(now_);  // else its first deadline would be long past
  options_ = config.options;
  policy_ = make_policy(options_.mode);
  config_ = config;
  arp_.set_targets(options_, now_);

  if (Outcome outcome = open_host(config); !outcome.ok()) return outcome;
  if (host_->was_handed_over()) {
    let_go_ = true;  // until go_on()
    carrier_shown_ = host_->shows_carrier();
    mac_adopted_ = true;
    note("taken over from another process");
  } else if (host_->was_taken_over()) {
    carrier_shown_ = true;  // hiding it for a moment would cost the host its neighbours
    mac_adopted_ = true;    // from a port of then, which need not carry it now
    note("taken over as a killed bondbox left it");
  } else {
    carrier_shown_ = !host_->set_carrier(false).ok();  // a kernel that cannot hide the cable shows it from the start
  }
  if (config.mac && *config.mac != host_->mac()) {
    if (Outcome outcome = host_->set_mac(*config.mac); !outcome.ok()) return outcome;
  }
  if (config.mtu) {
    if (Outcome outcome = host_->set_mtu(*config.mtu); !outcome.ok()) return outcome;
  }
  mac_ = host_->mac();
  mtu_ = host_->mtu();
  promiscuous_ = host_->is_promiscuous();
  record(EventKind::bond, {}, -1, "%s is being created...", name_.c_str());

  configured_ = config.ports;
  for (const std::string& port : config.ports) {
    const auto own = config.port_options.find(port);
    const PortOptions options = own != config.port_options.end() ? own->second : PortOptions{};
    auto nic = hardware_.open_nic(port, options_.use_carrier ? LinkSource::carrier : LinkSource::mii);
    if (!nic.ok() && nic.failure().error == ENODEV) {
      await(port, options, nic.failure().reason);
    } else if (!nic.ok()) {
      return nic.failure();
    } else if (Outcome outcome = take(std::move(nic.value()), options); !outcome.ok()) {
      return outcome;
    }
  }
  if (Outcome outcome = begin_below_in_time(); !outcome.ok()) return outcome;
  if (!config.active_slave.empty() && find(config.active_slave) && port_has_link(config.active_slave)) {
    if (Outcome outcome = activate(config.active_slave); !outcome.ok()) return outcome;
  }
  return host_->was_handed_over() ? Outcome::done() : apply_host_config();
}

Outcome Bond::open_host(const BondConfig& config) {
  std::size_t queues = 1;
  for (const auto& [port, own] : config.port_options) queues = std::max<std::size_t>(queues, own.queue_id + 1u);
  auto host = hardware_.open_host_port(name_, queues, loops_.wanted());
  if (!host.ok()) return host.failure();
  host_ = std::move(host.value());
  ++handles_version_;
  if (queues > 1) {
    loops_.close("queue_id tells frames apart by the host's queue");
  } else if (!host_->was_handed_over()) {
    open_loops();
  }
  return Outcome::done();
}

/// Somebody deleted the host's interface: it is made again as it was configured. False while that cannot be.
bool Bond::remake_host() {
  offload_.close(name_ + " is gone");
  if (now_ < next_remake_) return false;
  next_remake_ = now_ + retry_interval;
  if (remake_refusal_.empty()) record(EventKind::fault, {}, -1, "the interface is gone, making it again");
  std::size_t queues = queues_shown_;
  for (const PortId id : order_) queues = std::max<std::size_t>(queues, slot(id).options.queue_id + 1u);
  auto host = hardware_.open_host_port(name_, queues, loops_.wanted());
  ++handles_version_;
  if (!host.ok()) {
    // Tried each second, told once.
    if (std::exchange(remake_refusal_, host.failure().reason) != host.failure().reason)
      record(EventKind::fault, {}, -1, "cannot be made again: %s", host.failure().reason.c_str());
    return false;
  }
  if (!std::exchange(remake_refusal_, {}).empty()) record(EventKind::bond, {}, -1, "the interface is there again");
  host_ = std::move(host.value());
  carrier_shown_ = !host_->set_carrier(false).ok();
  queues_shown_ = 1;
  if (queues == 1) open_loops();
  show_queues();
  promiscuous_ = false;
  for (const Outcome& outcome : {host_->set_mac(mac_), host_->set_mtu(mtu_), apply_host_config()}) {
    if (!outcome.ok()) record(EventKind::fault, {}, -1, "not as before: %s", outcome.reason.c_str());
  }
  (void)open_offload();
  return true;
}

Outcome Bond::apply_host_config() {
  if (Outcome outcome = host_->set_up(true); !outcome.ok()) return outcome;
  return restore_host_config();
}

std::optional<PortId> Bond::find(std::string_view port) const noexcept {
  for (const PortId id : order_)
    if (slot(id).name == port) return id;
  return std::nullopt;
}

NicTable Bond::nics() const noexcept {
  NicTable table{};
  for (const PortId id : order_) table[id.index] = slot(id).nic.get();
  return table;
}

BondFacts Bond::facts() const {
  const BucketTraffic& traffic = gathers_traffic() ? traffic_ : forwarder_.traffic();
  BondFacts facts{options_, mac_, is_up() || held_up_, {}, {}, {}, &traffic};
  if (host_ != nullptr) {
    facts.addresses = host_->addresses();
    facts.vlans = host_->vlans();
  }
  for (const PortId id : order_) {
    const Port& port = slot(id);
    PortFacts known;
    known.id = id;
    known.name = port.name.view();
    known.link = port.monitor.state();
    known.back_left = known.link == LinkState::back ? port.monitor.delay_left(now_) : Ticks{};
    known.up_for = known.link == LinkState::up ? now_ - port.monitor.since() : Ticks{};
    known.held = port.held;
    known.monitored = port.monitor.inspected();
    known.speed_mbps = port.sample.speed_mbps;
    known.duplex = port.sample.duplex;
    known.mac = port.mac;  // what somebody else has set is put back with the next look
    known.permanent_mac = port.nic->permanent_mac();
    known.options = port.options;
    facts.ports.push_back(known);
  }
  return facts;
}

Outcome Bond::enslave(std::string_view port) {
  const trace::Tape::Command command(tape_, trace::CommandKind::enslave, name_, port);
  if (const auto id = find(port)) {
    if (!slot(*id).leaves_at) return Outcome::failed(EBUSY, std::string(port) + " is already a port of " + name_);
    slot(*id).leaves_at.reset();
    record(EventKind::port, port, -1, "stays");
    return Outcome::done();
  }
  if (port == name_) return Outcome::failed(EPERM, name_ + " cannot be a port of itself");
  auto nic = hardware_.open_nic(port, options_.use_carrier ? LinkSource::carrier : LinkSource::mii);
  if (!nic.ok()) return nic.failure();
  PortOptions options;
  FlapDamper damper;
  const auto waiting =
      std::find_if(awaited_.begin(), awaited_.end(), [&](const Awaited& other) { return other.name == port; });
  if (waiting != awaited_.end()) {
    options = waiting->options;
    damper = waiting->damper;
  }
  if (Outcome outcome = take(std::move(nic.value()), options, damper); !outcome.ok()) return outcome;
  if (waiting != awaited_.end()) awaited_.erase(waiting);
  return Outcome::done();
}

Outcome Bond::take(std::unique_ptr<Nic> nic, const PortOptions& options, const FlapDamper& damper) {
  const auto free = std::find_if(slots_.begin(), slots_.end(), [](const auto& slot) { return !slot; });
  if (free == slots_.end()) {
    return Outcome::failed(ENOSPC,
                           name_ + " has " + std::to_string(max_ports) + " ports already, the most it can have");
  }
  if (nic->mtu() != mtu_) {
    if (Outcome outcome = nic->set_mtu(mtu_); !outcome.ok()) return outcome;
  }
  if (Outcome outcome = order_.empty() ? adopt_mac(*nic) : give_mac(*nic); !outcome.ok()) return outcome;
  if (promiscuous_) {
    if (Outcome outcome = nic->set_promiscuous(true); !outcome.ok()) return outcome;
  }

  const PortId id{static_cast<std::uint8_t>(free - slots_.begin())};
  Port port;
  port.name.assign(nic->name());
  port.options = options;
  port.sample = nic->link();
  port.damper = damper;
  LinkSample first = port.sample;
  first.up = first.up && !damper.is_damped();  // which the first look puts right where there is no other port
  port.monitor.start(first, options_, now_);
  port.voices.start(port.sample.up, now_);
  port.mac = nic->mac();
  port.nic = std::move(nic);
  *free = std::move(port);
  forwarder_.forget_port(id);
  offload_.forget_port(id);
  loops_.forget_port(id);
  loop_watch_.forget(id);
  looped_[id.index] = 0;
  if (const Outcome outcome = loops_.open_port(id, *slot(id).nic); !outcome.ok()) {
    const trace::Tape::Gap beside(tape_);
    record(EventKind::fault, {}, -1, "one loop only: %s", outcome.reason.c_str());
  }
  add_below(id);
  const bool answers = options_.combines_monitors() ? slot(id).sample.up : slot(id).monitor.state() == LinkState::up;
  arp_.begin(id, answers, options_, now_);
  const std::string name = slot(id).name.str();
  if (std::find(configured_.begin(), configured_.end(), name) == configured_.end()) configured_.push_back(name);
  order_.push_back(id);
  sort_ports();
  ++handles_version_;
  ++status_version_;

  apply(PortAdded{id});
  // Of which the kernel driver thinks as active: in the modes without an active port all, but with LACP none.
  const bool is_active =
      options_.mode == Mode::active_backup ? active_port_name() == name : options_.mode != Mode::lacp_8023ad;
  record(EventKind::port, name, -1, "Enslaving as %s interface with %s link", is_active ? "an active" : "a backup",
         slot(id).monitor.state() == LinkState::down ? "a down" : "an up");
  return Outcome::done();
}

/// A port that comes back takes its old place: the order of ports is that of the configuration.
/// Whether that changed anything.
bool Bond::sort_ports() {
  const auto comes_first = [this](PortId a, PortId b) {
    const auto place = [this](PortId port) {
      return std::find(configured_.begin(), configured_.end(), slot(port).name.view()) - configured_.begin();
    };
    return place(a) < place(b);
  };
  if (std::is_sorted(order_.begin(), order_.end(), comes_first)) return false;
  std::sort(order_.begin(), order_.end(), comes_first);
  return true;
}

/// The first port gives the bond its address, unless one was configured.
Outcome Bond::adopt_mac(Nic& nic) {
  if (!config_.mac && !mac_adopted_) {
    if (nic.mac() != mac_) {
      if (Outcome outcome = host_->set_mac(nic.mac()); !outcome.ok()) return outcome;
      mac_ = nic.mac();
    }
    mac_adopted_ = true;
  }
  if (options_.fail_over_mac != FailOverMac::none && options_.mode == Mode::active_backup) return Outcome::done();
  Outcome outcome = nic.set_mac(mac_);
  if (outcome.error != EOPNOTSUPP || options_.mode != Mode::active_backup) return outcome;
  // Observed kernel behaviour: a first port that cannot change its MAC turns fail_over_mac=active on.
  options_.fail_over_mac = FailOverMac::active;
  fail_over_mac_forced_ = true;
  record(EventKind::option, nic.name(), -1, "cannot change its MAC: fail_over_mac is now active");
  return Outcome::done();
}

/// Every further port gets the bond's address, as far as fail_over_mac lets it.
Outcome Bond::give_mac(Nic& nic) {
  if (has_distinct_port_macs(options_.mode)) return Outcome::done();
  switch (options_.mode == Mode::active_backup ? options_.fail_over_mac : FailOverMac::none) {
    case FailOverMac::active:
      return Outcome::done();
    case FailOverMac::follow: {
      // Its own address may be with another port, which got it in a swap.
      const auto is_taken = [this](const MacAddress& mac) {
        return mac == mac_ ||
               std::any_of(order_.begin(), order_.end(), [&](PortId id) { return slot(id).nic->mac() == mac; });
      };
      if (find(nic.name()) || !is_taken(nic.mac())) return Outcome::done();
      std::size_t place = order_.size();
      while (is_taken(derived_mac(nic.permanent_mac(), place))) ++place;
      return nic.set_mac(derived_mac(nic.permanent_mac(), place));
    }
    case FailOverMac::none:
      break;
  }
  if (nic.mac() == mac_) return Outcome::done();
  Outcome outcome = nic.set_mac(mac_);
  if (outcome.error == EOPNOTSUPP) outcome.reason += "; fail_over_mac = \"active\" would let it keep its own";
  return outcome;
}

Outcome Bond::release(std::string_view port) {
  const trace::Tape::Command command(tape_, trace::CommandKind::release, name_, port);
  const auto waiting =
      std::find_if(awaited_.begin(), awaited_.end(), [&](const Awaited& other) { return other.name == port; });
  const std::optional<PortId> id = find(port);
  if (!id && waiting == awaited_.end()) {
    return Outcome::failed(EINVAL, std::string(port) + " is not a port of " + name_);
  }
  if (id) {
    remove(*id, has_distinct_port_macs(options_.mode) ? "Releasing active interface" : "Releasing backup interface");
  } else {
    awaited_.erase(waiting);
  }
  std::erase(configured_, std::string(port));
  if (configured_.empty()) mac_adopted_ = false;  // as the kernel driver: the next first port gives the bond its MAC
  return Outcome::done();
}

/// The kernel driver's sentence: from here on two interfaces may have one address.
void Bond::note_lender(PortId id) {
  const Port& port = slot(id);
  const bool keeps = order_.size() > 1 && port.nic->permanent_mac() == mac_ &&
                     (options_.mode != Mode::active_backup || options_.fail_over_mac == FailOverMac::none);
  if (!keeps) return;
  mac_lender_ = {port.name, mac_};
  record(EventKind::port, port.name.view(), -1,
         "the permanent HWaddr of slave - %s - is still in use by bond - set the HWaddr of slave to a different "
         "address to avoid conflicts",
         mac_.text().c_str());
}

void Bond::remove(PortId id, std::string_view why) {
  record(EventKind::port, slot(id).name.view(), -1, "%.*s", static_cast<int>(why.size()), why.data());
  if (slot(id).sample.present) note_lender(id);
  drop_frames(id);
  if (slot(id).sample.present) farewell(id);
  order_.erase_at(static_cast<std::size_t>(std::find(order_.begin(), order_.end(), id) - order_.begin()));
  // Its NIC stays until a plan without it is in force below and beside.
  const std::optional<Port> leaving = std::exchange(slots_[id.index], std::nullopt);
  if (away_ && away_->port == id) away_.reset();  // as it was found, with its NIC
  forwarder_.forget_punted(id);
  arp_.forget(id);
  if (const auto probed = std::find(probe_ports_.begin(), probe_ports_.end(), id); probed != probe_ports_.end())
    probe_ports_.erase_at(static_cast<std::size_t>(probed - probe_ports_.begin()));
  ++handles_version_;
  ++status_version_;
  apply(PortRemoved{id});
  republish(id, leaving->nic.get());
  tell_loops();
  close_loops(id);
  offload_.remove_port(id);
  plan_due_ = true;  // it may have been in the way of the others
}

/// What the policy still has to say on a port that is about to be given back leaves now.
void Bond::farewell(PortId id) {
  apply(PortLeaving{id});
  for (const Action& action : actions_) {
    const auto* const frame = std::get_if<SendFrame>(&action);
    if (frame != nullptr && frame->port == id) perform(*frame);
  }
  drop_frames(id);
}

void Bond::drop_frames(PortId id) {
  forwarder_.drop_punted(id);
  for (std::size_t i = actions_.size(); i > 0; --i) {
    const auto* const frame = std::get_if<SendFrame>(&actions_[i - 1]);
    if (frame != nullptr && frame->port == id) actions_.erase_at(i - 1);  // the slot may be another port's soon
  }
}

void Bond::note_vanished() {
  for (std::size_t i = 0; i < order_.size();) {
    Port& port = slot(order_[i]);
    if (port.sample.present) {
      ++i;
      continue;
    }
    const std::string name = port.name.str();
    const PortOptions options = port.options;
    const FlapDamper damper = port.damper;  // its loss has been counted as that of its link
    remove(order_[i], "the interface is gone");
    await(name, options, "the interface is gone", damper);
  }
}

void Bond::await(std::string_view port, const PortOptions& options, std::string reason, const FlapDamper& damper) {
  record(EventKind::port, port, -1, "waiting for the interface: %s", reason.c_str());
  awaited_.push_back(Awaited{std::string(port), options, std::move(reason), {}, {}, damper});
  next_retry_ = now_ + retry_interval;
  ++status_version_;
}

void Bond::retry_awaited(bool appeared) {
  tape_.touch();
  next_retry_ = now_ + retry_interval;
  for (std::size_t i = 0; i < awaited_.size();) {
    Awaited& waiting = awaited_[i];
    if ((!appeared && now_ < waiting.next_try) || !hardware_.has_interface(waiting.name)) {
      ++i;
      continue;
    }
    auto nic = hardware_.open_nic(waiting.name, options_.use_carrier ? LinkSource::carrier : LinkSource::mii);
    Outcome outcome = nic.ok() ? take(std::move(nic.value()), waiting.options, waiting.damper) : nic.failure();
    if (outcome.ok()) {
      awaited_.erase(awaited_.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      if (outcome.reason != waiting.reason) {
        record(EventKind::fault, waiting.name, -1, "cannot be taken: %s", outcome.reason.c_str());
        waiting.reason = outcome.reason;
        waiting.interval = Ticks{};
      }
      waiting.interval = std::min(retry_interval_max, std::max(retry_interval, waiting.interval + waiting.interval));
      waiting.next_try = now_ + waiting.interval;
      ++i;
    }
  }
}

}  // namespace bondbox
