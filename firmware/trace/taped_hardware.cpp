#include "firmware/trace/taped_hardware.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "firmware/trace/taped_list.hpp"

namespace bondbox::trace {
namespace {

constexpr NicCounters nothing_counted{};

std::uint64_t number_of(const MacAddress& mac) noexcept {
  return std::uint64_t{wire::load_be16(mac.octets.data())} << 32 | wire::load_be32(mac.octets.data() + 2);
}

MacAddress mac_of(std::uint64_t number) noexcept {
  MacAddress mac;
  wire::store_be16(mac.octets.data(), static_cast<std::uint16_t>(number >> 32 & 0xffff));
  wire::store_be32(mac.octets.data() + 2, static_cast<std::uint32_t>(number));
  return mac;
}

std::uint64_t number_of(const LinkSample& sample) noexcept {
  return std::uint64_t{sample.speed_mbps} << 4 | static_cast<std::uint64_t>(sample.duplex) << 2 |
         (sample.up ? 2U : 0U) | (sample.present ? 1U : 0U);
}

LinkSample link_of(std::uint64_t number) noexcept {
  const auto duplex = static_cast<Duplex>(std::min<std::uint64_t>(number >> 2 & 3, 2));
  return {(number & 1) != 0, (number & 2) != 0, static_cast<std::uint32_t>(number >> 4), duplex};
}

wire::Bytes bytes_of(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string_view text_of(const std::vector<std::uint8_t>& bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// What every channel has: frames pass by the tape.
template <class Base>
class Taped : public Base {
 public:
  Taped(Tape& tape, std::uint64_t id, std::string_view name, std::unique_ptr<Base> below)
      : tape_(tape), id_(id), name_(name), below_(std::move(below)) {}

  Base* below() const noexcept { return below_.get(); }
  std::string_view name() const noexcept override { return name_; }

  std::size_t receive(PacketBatch& batch) override { return below_ != nullptr ? below_->receive(batch) : 0; }
  TransmitResult transmit(std::span<const Packet* const> packets) override {
    return below_ != nullptr ? below_->transmit(packets) : TransmitResult{packets.size(), 0};
  }
  bool has_link() override { return below_ == nullptr || below_->has_link(); }
  bool has_lost_link() override { return below_ != nullptr && below_->has_lost_link(); }
  int wait_handle() const noexcept override { return below_ != nullptr ? below_->wait_handle() : -1; }
  void append_wait_handles(std::vector<int>& handles) const override {
    if (below_ != nullptr) below_->append_wait_handles(handles);
  }
  const NicCounters& counters() const noexcept override {
    return below_ != nullptr ? below_->counters() : nothing_counted;
  }
  bool has_waiting() const noexcept override { return below_ != nullptr && below_->has_waiting(); }
  std::uint64_t lost_below() override { return below_ != nullptr ? below_->lost_below() : 0; }
  Result<std::unique_ptr<Channel>> open_channel() override {
    return below_ != nullptr ? below_->open_channel() : Base::open_channel();
  }
  Outcome spread_flows(bool on) override { return below_ != nullptr ? below_->spread_flows(on) : Outcome::done(); }

  MacAddress mac() const noexcept override {
    return mac_of(tape_.property(Point::mac, id_, mac_, [this] { return number_of(below_->mac()); }));
  }
  Outcome set_mac(MacAddress mac) override {
    const std::uint64_t number = number_of(mac);
    return tape_.replaying() ? tape_.take_act(Point::set_mac, id_, number)
                             : tape_.keep_act(Point::set_mac, id_, number, below_->set_mac(mac));
  }
  std::uint32_t mtu() const noexcept override {
    return static_cast<std::uint32_t>(tape_.property(Point::mtu, id_, mtu_, [this] { return below_->mtu(); }));
  }
  Outcome set_mtu(std::uint32_t mtu) override {
    return tape_.replaying() ? tape_.take_act(Point::set_mtu, id_, mtu)
                             : tape_.keep_act(Point::set_mtu, id_, mtu, below_->set_mtu(mtu));
  }
  bool was_handed_over() const noexcept override {
    return tape_.property(Point::handed_over, id_, handed_over_, [this] { return below_->was_handed_over(); }) != 0;
  }

  void archive(Archive& a) { a(id_, mac_, mtu_, handed_over_); }

 protected:
  Tape& tape_;
  std::uint64_t id_;
  std::string name_;
  std::unique_ptr<Base> below_;

 private:
  mutable Tape::Known mac_;
  mutable Tape::Known mtu_;
  mutable Tape::Known handed_over_;
};

class TapedNic final : public Taped<Nic> {
 public:
  using Taped::Taped;

  MacAddress permanent_mac() const noexcept override {
    return mac_of(tape_.property(Point::nic_permanent_mac, id_, permanent_mac_,
                                 [this] { return number_of(below_->permanent_mac()); }));
  }
  Outcome set_promiscuous(bool on) override {
    return tape_.replaying() ? tape_.take_act(Point::nic_set_promiscuous, id_, on)
                             : tape_.keep_act(Point::nic_set_promiscuous, id_, on, below_->set_promiscuous(on));
  }
  LinkSample link() override {
    return link_of(tape_.property(Point::nic_link, id_, link_, [this] { return number_of(below_->link()); }));
  }
  bool is_set_up() const override { return below_ == nullptr || below_->is_set_up(); }
  void set_link_source(LinkSource source) override {
    if (below_ != nullptr) below_->set_link_source(source);
  }
  /// Not recorded: what comes of it is, as what the NIC says of its link.
  Outcome set_away(Away how) override { return below_ != nullptr ? below_->set_away(how) : Outcome::done(); }

  void archive(Archive& a) {
    Taped::archive(a);
    a(permanent_mac_, link_);
  }

 private:
  mutable Tape::Known permanent_mac_;
  Tape::Known link_;
};

constexpr std::size_t paths_max = 64;

class TapedHostPort final : public Taped<HostPort> {
 public:
  TapedHostPort(Tape& tape, std::uint64_t id, std::string_view name, std::unique_ptr<HostPort> below)
      : Taped(tape, id, name, std::move(below)) {
    groups_.reserve(room_for_groups);
    paths_.reserve(paths_max);
  }

  Outcome set_carrier(bool on) override {
    return tape_.replaying() ? tape_.take_act(Point::host_set_carrier, id_, on)
                             : tape_.keep_act(Point::host_set_carrier, id_, on, below_->set_carrier(on));
  }
  Outcome set_queues(std::size_t count) override {
    return tape_.replaying() ? tape_.take_act(Point::host_set_queues, id_, count)
                             : tape_.keep_act(Point::host_set_queues, id_, count, below_->set_queues(count));
  }
  Outcome set_up(bool up) override {
    return tape_.replaying() ? tape_.take_act(Point::host_set_up, id_, up)
                             : tape_.keep_act(Point::host_set_up, id_, up, below_->set_up(up));
  }
  Outcome add_address(const IpPrefix& prefix) override {
    return tape_.replaying() ? tape_.take_act(Point::host_add_address, id_, prefix.text())
                             : tape_.keep_act(Point::host_add_address, id_, prefix.text(), below_->add_address(prefix));
  }
  Outcome remove_address(const IpPrefix& prefix) override {
    return tape_.replaying()
               ? tape_.take_act(Point::host_remove_address, id_, prefix.text())
               : tape_.keep_act(Point::host_remove_address, id_, prefix.text(), below_->remove_address(prefix));
  }
  Outcome set_gateway(const IpAddress& gateway) override {
    return tape_.replaying()
               ? tape_.take_act(Point::host_set_gateway, id_, gateway.text())
               : tape_.keep_act(Point::host_set_gateway, id_, gateway.text(), below_->set_gateway(gateway));
  }
  Outcome remove_gateway(const IpAddress& gateway) override {
    return tape_.replaying()
               ? tape_.take_act(Point::host_remove_gateway, id_, gateway.text())
               : tape_.keep_act(Point::host_remove_gateway, id_, gateway.text(), below_->remove_gateway(gateway));
  }

  // One reading for all that is yes or no: fewer of them, and they change together.
  bool is_present() const noexcept override { return is(Truth::present); }
  bool was_taken_over() const noexcept override { return is(Truth::taken_over); }
  bool shows_carrier() const noexcept override { return is(Truth::shows_carrier); }
  bool is_up() const noexcept override { return is(Truth::up); }
  bool is_promiscuous() const noexcept override { return is(Truth::promiscuous); }
  bool has_queueing() const noexcept override { return is(Truth::queueing); }

  std::string_view interface_name() const noexcept override {
    if (tape_.replaying()) {
      tape_.take_property(Point::host_interface, id_, interface_);
      return interface_.empty() ? std::string_view(name_) : text_of(interface_);
    }
    const std::string_view now = below_->interface_name();
    if (!tape_.is_open()) return now;
    tape_.payload().bytes(bytes_of(now));
    tape_.keep_property(Point::host_interface, id_, interface_);
    return now;
  }
  std::span<const HostAddress> addresses() const noexcept override {
    return tape_.replaying() ? addresses_.take(tape_, Point::host_addresses, id_)
                             : addresses_.keep(tape_, Point::host_addresses, id_, below_->addresses());
  }
  std::span<const VlanId> vlans() const noexcept override {
    return tape_.replaying() ? vlans_.take(tape_, Point::host_vlans, id_)
                             : vlans_.keep(tape_, Point::host_vlans, id_, below_->vlans());
  }
  Result<HostPath> path_to(const IpAddress& target) const override;
  void append_groups(FixedVector<HostGroup, 64>& groups) const override;

  void archive(Archive& a) {
    Taped::archive(a);
    a(truths_, addresses_, vlans_, paths_);
    a.blob(interface_);
    a.blob(groups_);
  }

 private:
  enum class Truth : std::uint8_t { present, taken_over, shows_carrier, up, promiscuous, queueing };
  static constexpr std::size_t truths = 6;
  static constexpr std::size_t room_for_groups = 1024;

  bool is(Truth truth) const noexcept {
    const auto index = static_cast<std::size_t>(truth);
    const auto point = static_cast<Point>(static_cast<std::size_t>(Point::host_present) + index);
    if (!tape_.replaying()) return tape_.property(point, id_, truths_[index], [&] { return ask(truth); }) != 0;
    // What a replay has not been told of is there.
    Tape::Known& known = truths_[index];
    const bool value = tape_.property(point, id_, known, [] { return false; }) != 0;
    return known.is_set ? value : truth == Truth::present;
  }
  bool ask(Truth truth) const noexcept {
    switch (truth) {
      case Truth::present:
        return below_->is_present();
      case Truth::taken_over:
        return below_->was_taken_over();
      case Truth::shows_carrier:
        return below_->shows_carrier();
      case Truth::up:
        return below_->is_up();
      case Truth::promiscuous:
        return below_->is_promiscuous();
      case Truth::queueing:
        return below_->has_queueing();
    }
    return false;
  }

  struct KnownPath {
    IpAddress target;
    std::vector<std::uint8_t> bytes;

    void archive(Archive& a) {
      a(target);
      a.blob(bytes);
    }
  };

  mutable std::array<Tape::Known, truths> truths_{};
  mutable std::vector<std::uint8_t> interface_;
  mutable TapedList<HostAddress> addresses_;
  mutable TapedList<VlanId> vlans_;
  mutable std::vector<std::uint8_t> groups_;
  mutable std::vector<KnownPath> paths_;
};

/// Targets are few (the ARP monitor's), and where they are reached hardly ever changes.
Result<HostPath> TapedHostPort::path_to(const IpAddress& target) const {
  if (!tape_.is_open()) {
    if (below_ != nullptr) return below_->path_to(target);
    return Outcome::failed(ENETUNREACH, "this is a replay");
  }
  auto known = std::find_if(paths_.begin(), paths_.end(), [&](const KnownPath& one) { return one.target == target; });
  if (known == paths_.end()) {
    if (paths_.size() == paths_max) paths_.erase(paths_.begin());
    known = paths_.insert(paths_.end(), KnownPath{target, {}});
  }
  if (!tape_.replaying()) {
    Result<HostPath> asked = below_->path_to(target);
    Writer& writer = tape_.payload();
    put_outcome(writer, asked.ok() ? Outcome::done() : asked.failure());
    Put put(writer);
    if (asked.ok()) put(asked.value());
    tape_.keep_property(Point::host_path, id_, known->bytes);
    return asked;
  }
  tape_.take_property(Point::host_path, id_, known->bytes);
  Reader reader(known->bytes);
  Outcome outcome = get_outcome(reader);
  if (!outcome.ok()) return outcome;
  HostPath path;
  Get get(reader);
  get(path);
  return path;
}

void TapedHostPort::append_groups(FixedVector<HostGroup, 64>& groups) const {
  if (!tape_.replaying()) {
    below_->append_groups(groups);
    if (!tape_.is_open()) return;
    Put put(tape_.payload());
    put(groups);
    tape_.keep_property(Point::host_groups, id_, groups_);
    return;
  }
  tape_.take_property(Point::host_groups, id_, groups_);
  Reader reader(groups_);
  Get get(reader);
  get(groups);
}

class TapedOffload final : public Offload {
 public:
  TapedOffload(Tape& tape, std::uint64_t id, std::string_view, std::unique_ptr<Offload> below)
      : tape_(tape), id_(id), below_(std::move(below)) {}

  std::string_view kind() const noexcept override { return below_ != nullptr ? below_->kind() : "replayed"; }
  Outcome add_port(PortId port, Nic& nic) override {
    if (tape_.replaying()) return tape_.take_outcome(Point::below_add_port, id_);
    return tape_.keep_outcome(Point::below_add_port, id_, below_->add_port(port, *static_cast<TapedNic&>(nic).below()));
  }
  void remove_port(PortId port) override {
    if (below_ != nullptr) below_->remove_port(port);
  }
  Outcome publish(const wire::FastPlan& plan) override {
    return tape_.replaying() ? tape_.take_outcome(Point::below_publish, id_)
                             : tape_.keep_outcome(Point::below_publish, id_, below_->publish(plan));
  }
  Outcome keep_up() override {
    return tape_.replaying() ? tape_.take_outcome(Point::below_keep_up, id_)
                             : tape_.keep_outcome(Point::below_keep_up, id_, below_->keep_up());
  }
  Outcome finish() override {
    return tape_.replaying() ? tape_.take_outcome(Point::below_finish, id_)
                             : tape_.keep_outcome(Point::below_finish, id_, below_->finish());
  }
  std::string_view pending() const noexcept override {
    const bool waits = tape_.property(Point::below_pending, id_, pending_,
                                      [this] { return below_->pending().empty() ? 0U : 1U; }) != 0;
    return below_ != nullptr ? below_->pending() : waits ? "it waits" : "";
  }
  void renew_lease() override {
    if (below_ != nullptr) below_->renew_lease();
  }
  Outcome read(OffloadCounters& counters) override {
    return below_ != nullptr ? below_->read(counters) : Outcome::done();
  }
  bool take_link_doubt() override { return below_ != nullptr && below_->take_link_doubt(); }
  int wait_handle() const noexcept override { return below_ != nullptr ? below_->wait_handle() : -1; }
  int progress_handle() const noexcept override { return below_ != nullptr ? below_->progress_handle() : -1; }

  void archive(Archive& a) { a(id_, pending_); }

 private:
  Tape& tape_;
  std::uint64_t id_;
  std::unique_ptr<Offload> below_;
  mutable Tape::Known pending_;
};

/// Opens something: only a refusal is written.
template <class Thing, class Wrapper, class F>
Result<std::unique_ptr<Thing>> opened(Tape& tape, Point point, std::uint64_t id, std::string_view name, F open) {
  std::unique_ptr<Thing> below;
  Outcome outcome;
  if (tape.replaying()) {
    outcome = tape.take_outcome(point, id);
  } else {
    Result<std::unique_ptr<Thing>> result = open();
    outcome = tape.keep_outcome(point, id, result.ok() ? Outcome::done() : result.failure());
    if (result.ok()) below = std::move(result.value());
  }
  if (!outcome.ok()) return outcome;
  return std::unique_ptr<Thing>(std::make_unique<Wrapper>(tape, id, name, std::move(below)));
}

template <class Wrapper, class Thing>
void archive_thing(Tape& tape, Archive& a, std::unique_ptr<Thing>& thing, std::string_view name) {
  if (a.reads()) thing = std::make_unique<Wrapper>(tape, 0, name, nullptr);
  if (!a.describes()) static_cast<Wrapper&>(*thing).archive(a);
}

}  // namespace

void TapedHardware::archive(Archive& a, std::unique_ptr<Nic>& nic, std::string_view name) {
  archive_thing<TapedNic>(tape_, a, nic, name);
}

void TapedHardware::archive(Archive& a, std::unique_ptr<HostPort>& host, std::string_view name) {
  archive_thing<TapedHostPort>(tape_, a, host, name);
}

void TapedHardware::archive(Archive& a, std::unique_ptr<Offload>& offload) {
  archive_thing<TapedOffload>(tape_, a, offload, {});
}

Result<std::unique_ptr<Nic>> TapedHardware::open_nic(std::string_view name, LinkSource source) {
  return opened<Nic, TapedNic>(tape_, Point::nic_open, ++opened_, name, [&] { return below_->open_nic(name, source); });
}

bool TapedHardware::has_interface(std::string_view name) {
  return tape_.flag(Point::has_interface, [&] { return below_->has_interface(name); });
}

Result<std::unique_ptr<HostPort>> TapedHardware::open_host_port(std::string_view name, std::size_t queues,
                                                                std::size_t channels) {
  return opened<HostPort, TapedHostPort>(tape_, Point::host_open, ++opened_, name,
                                         [&] { return below_->open_host_port(name, queues, channels); });
}

Result<std::unique_ptr<Offload>> TapedHardware::open_offload(HostPort& host) {
  return opened<Offload, TapedOffload>(tape_, Point::below_open, ++opened_, host.name(), [&] {
    return below_->open_offload(*static_cast<TapedHostPort&>(host).below());
  });
}

void TapedHardware::poll_events(FixedVector<HardwareEvent, 64>& events) {
  if (!tape_.replaying()) {
    below_->poll_events(events);
    if (tape_.is_open() && !events.empty()) tape_.note(Point::events, events);
    return;
  }
  if (auto reader = tape_.take_note(Point::events)) {
    Get get(*reader);
    get(events);
    tape_.finish(*reader);
  }
}

}  // namespace bondbox::trace
