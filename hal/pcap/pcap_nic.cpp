#include "hal/pcap/pcap_nic.hpp"

#include <pcap/pcap.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "hal/pcap/link_address.hpp"
#include "hal/pcap/software_offload.hpp"
#include "hal/wire/ethernet.hpp"

namespace bondbox::pcapio {

namespace {

// With offloads on, libpcap makes each slot of its ring as long as the longest frame: this is 127 of them.
constexpr int ring_bytes = 8 << 20;
constexpr std::uint32_t assumed_mtu = 1500;
// Frames for others count as work too: a step stays bounded on a busy wire.
constexpr std::size_t looked_at_max = 1024;

struct CloseHandle {
  void operator()(pcap_t* handle) const noexcept { pcap_close(handle); }
};
using PcapHandle = std::unique_ptr<pcap_t, CloseHandle>;

/// What libpcap lists of one interface.
struct Listed {
  bool up = false;  ///< administratively up, and a cable with link in it
  std::optional<MacAddress> mac;
};

std::optional<MacAddress> mac_of(const pcap_addr_t* address) {
  for (; address != nullptr; address = address->next) {
    if (address->addr == nullptr) continue;
    [[maybe_unused]] const auto* const bytes = reinterpret_cast<const std::uint8_t*>(address->addr);
#if defined(AF_PACKET)
    if (address->addr->sa_family == AF_PACKET) return mac_in_sockaddr_ll({bytes, 18});
#elif defined(AF_LINK)
    if (address->addr->sa_family == AF_LINK) return mac_in_sockaddr_dl({bytes, bytes[0]});
#endif
  }
  return std::nullopt;
}

bool shows_link(bpf_u_int32 flags) {
  if ((flags & PCAP_IF_UP) == 0) return false;
  switch (flags & PCAP_IF_CONNECTION_STATUS) {
    case PCAP_IF_CONNECTION_STATUS_CONNECTED:
      return true;
    case PCAP_IF_CONNECTION_STATUS_DISCONNECTED:
      return false;
    default:  // the driver does not say
      return (flags & PCAP_IF_RUNNING) != 0;
  }
}

/// None when the interface is not there, or the list cannot be had.
std::optional<Listed> list(std::string_view name) {
  char reason[PCAP_ERRBUF_SIZE] = "";
  pcap_if_t* all = nullptr;
  if (pcap_findalldevs(&all, reason) != 0) return std::nullopt;
  std::optional<Listed> found;
  for (const pcap_if_t* device = all; device != nullptr && !found; device = device->next) {
    if (name == device->name) found = Listed{shows_link(device->flags), mac_of(device->addresses)};
  }
  pcap_freealldevs(all);
  return found;
}

class PcapNic final : public Nic {
 public:
  PcapNic(std::string name, PcapHandle handle, MacAddress mac, std::shared_ptr<PcapNics::Claims> claims)
      : name_(std::move(name)),
        handle_(std::move(handle)),
        mac_(mac),
        claims_(std::move(claims)),
        scratch_(std::make_unique_for_overwrite<std::uint8_t[]>(Packet::frame_size_max)) {}
  ~PcapNic() override { claims_->erase(name_); }

  std::string_view name() const noexcept override { return name_; }
  MacAddress permanent_mac() const noexcept override { return mac_; }
  MacAddress mac() const noexcept override { return mac_; }
  Outcome set_mac(MacAddress) override { return unsupported("address"); }
  std::uint32_t mtu() const noexcept override { return assumed_mtu; }
  Outcome set_mtu(std::uint32_t) override { return unsupported("MTU"); }
  Outcome set_promiscuous(bool on) override;
  LinkSample link() override;
  std::size_t receive(PacketBatch& batch) override;
  TransmitResult transmit(std::span<const Packet* const> packets) override;
  int wait_handle() const noexcept override { return pcap_get_selectable_fd(handle_.get()); }
  const NicCounters& counters() const noexcept override { return counters_; }

 private:
  Outcome unsupported(const char* what) const {
    return Outcome::failed(EOPNOTSUPP, "libpcap cannot set the " + std::string(what) + " of " + name_);
  }
  bool wanted(const std::uint8_t* frame) const noexcept {
    const MacAddress destination = MacAddress::load(frame);
    return promiscuous_ || destination.is_multicast() || destination == mac_;
  }
  /// 0 or an errno.
  int send(const Packet& packet);
  int send_segments(const Packet& packet);
  int inject(wire::Bytes frame);

  std::string name_;
  PcapHandle handle_;
  MacAddress mac_;
  std::shared_ptr<PcapNics::Claims> claims_;
  std::unique_ptr<std::uint8_t[]> scratch_;
  bool promiscuous_ = false;
  bool gone_ = false;
  /// By the last reading. Linux takes a frame for an interface without carrier and drops it without a word.
  bool link_down_ = false;
  NicCounters counters_;
};

Outcome PcapNic::set_promiscuous(bool on) {
  if (gone_) return Outcome::failed(ENODEV, name_ + " has gone");
  promiscuous_ = on;
  return Outcome::done();
}

LinkSample PcapNic::link() {
  const std::optional<Listed> listed = gone_ ? std::nullopt : list(name_);
  if (!listed) {
    gone_ = true;
    return {.present = false};
  }
  pcap_stat stat{};
  if (pcap_stats(handle_.get(), &stat) == 0) counters_.receive_lost = stat.ps_drop;
  link_down_ = !listed->up;
  return {.present = true, .up = listed->up};
}

std::size_t PcapNic::receive(PacketBatch& batch) {
  const std::size_t before = batch.size();
  for (std::size_t looked_at = 0; looked_at < looked_at_max; ++looked_at) {
    if (gone_ || !batch.has_room()) break;
    pcap_pkthdr* header = nullptr;
    const u_char* data = nullptr;
    const int answer = pcap_next_ex(handle_.get(), &header, &data);
    if (answer == 0) break;
    if (answer != 1) {
      // Seen on Linux: setting the interface down is no error, but once it was deleted every read fails, and goes on
      // failing when another of its name has come.
      ++counters_.receive_errors;
      gone_ = true;
      break;
    }
    if (header->caplen < wire::ethernet_header_size || !wanted(data)) continue;
    if (header->caplen < header->len || !batch.prepare().assign({data, header->caplen})) {
      ++counters_.receive_truncated;
      continue;
    }
    batch.commit();
  }
  return batch.size() - before;
}

TransmitResult PcapNic::transmit(std::span<const Packet* const> packets) {
  TransmitResult result;
  for (const Packet* const packet : packets) {
    result.error = gone_ ? ENODEV : send(*packet);
    if (result.error != 0) break;
    ++result.accepted;
  }
  return result;
}

int PcapNic::send(const Packet& packet) {
  const wire::Bytes frame = packet.frame();
  const OffloadHeader offload = packet.offload();
  if (frame.size() < wire::ethernet_header_size) return EINVAL;
  if (link_down_) return ENETDOWN;
  if (offload.gso_type != 0) return send_segments(packet);
  if ((offload.flags & OffloadHeader::needs_checksum) == 0) return inject(frame);
  const wire::MutableBytes copy(scratch_.get(), frame.size());
  std::memcpy(copy.data(), frame.data(), frame.size());
  return complete_checksum(copy, offload) ? inject(copy) : EINVAL;
}

int PcapNic::send_segments(const Packet& packet) {
  Segmenter segmenter(packet.frame(), packet.offload(), {scratch_.get(), Packet::frame_size_max});
  if (!segmenter.valid()) return EINVAL;
  bool some_left = false;
  for (wire::Bytes segment = segmenter.next(); !segment.empty(); segment = segmenter.next()) {
    const int error = inject(segment);
    // Once a part is on the wire the frame counts as sent, or it would be sent twice on another port.
    if (error != 0) return some_left ? 0 : error;
    some_left = true;
  }
  return 0;
}

int PcapNic::inject(wire::Bytes frame) {
  errno = 0;
  if (pcap_inject(handle_.get(), frame.data(), frame.size()) >= 0) return 0;
  return errno == 0 ? EIO : errno;
}

Outcome activation_failure(int status, std::string_view name, pcap_t* handle) {
  const std::string who(name);
  switch (status) {
    case PCAP_ERROR_NO_SUCH_DEVICE:
      return Outcome::failed(ENODEV, "there is no interface " + who);
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
      return Outcome::failed(EPERM, "no right to capture on " + who);
    case PCAP_ERROR_IFACE_NOT_UP:
      return Outcome::failed(ENETDOWN, who + " is down, and libpcap cannot set it up");
    default:
      return Outcome::failed(EIO, who + ": " + pcap_geterr(handle));
  }
}

}  // namespace

Result<std::unique_ptr<Nic>> PcapNics::open_nic(std::string_view name) {
  const std::string who(name);
  const std::optional<Listed> listed = list(name);
  if (!listed) return Outcome::failed(ENODEV, "there is no interface " + who);
  if (claims_->contains(name)) return Outcome::failed(EBUSY, who + " is a port of a bond already");
  if (!listed->mac || !listed->mac->is_station()) return Outcome::failed(EINVAL, who + " has no Ethernet address");

  char reason[PCAP_ERRBUF_SIZE] = "";
  PcapHandle handle(pcap_create(who.c_str(), reason));
  if (!handle) return Outcome::failed(EIO, who + ": " + reason);
  pcap_set_snaplen(handle.get(), static_cast<int>(Packet::frame_size_max));
  pcap_set_promisc(handle.get(), 1);
  pcap_set_immediate_mode(handle.get(), 1);
  pcap_set_buffer_size(handle.get(), ring_bytes);
  const int status = pcap_activate(handle.get());
  if (status < 0) return activation_failure(status, name, handle.get());
  if (pcap_datalink(handle.get()) != DLT_EN10MB) return Outcome::failed(EINVAL, who + " is not Ethernet");
  if (pcap_setnonblock(handle.get(), 1, reason) != 0) return Outcome::failed(EIO, who + ": " + reason);
  if (pcap_setdirection(handle.get(), PCAP_D_IN) != 0) {
    return Outcome::failed(EOPNOTSUPP, who + ": libpcap cannot leave out sent frames here");
  }
  claims_->insert(who);
  return std::unique_ptr<Nic>(std::make_unique<PcapNic>(who, std::move(handle), *listed->mac, claims_));
}

}  // namespace bondbox::pcapio
