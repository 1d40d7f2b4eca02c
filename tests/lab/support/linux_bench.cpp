#include "tests/lab/support/linux_bench.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

namespace bondbox::lab {

Frame make_frame(MacAddress destination, const std::vector<std::uint8_t>& after_addresses, std::size_t size) {
  Frame frame(size, 0x5a);
  destination.store(frame.data());
  MacAddress{{0x02, 0, 0, 0, 0x0b, 0x01}}.store(frame.data() + 6);
  std::copy(after_addresses.begin(), after_addresses.end(), frame.begin() + 12);
  return frame;
}

Bench::Bench() {
  lay_cable(host, "p0", peer, "q0", 10);
  peer.must("ip link set q0 up");
}

std::string Bench::portrait(const std::string& name) const {
  // ip prints state and qdisc of the moment; flags come from the driver, MAC, MTU from the claim. The far end's
  // namespace it cannot always name while others make or delete some, and complains.
  return host.must("ip -o link show " + name +
                   " 2> /dev/null | sed 's/,LOWER_UP//; s/,M-DOWN//; s/NO-CARRIER,//; s/state [A-Z]*//; "
                   "s/qdisc [a-z]*//; s/link-netns[^ ]* [^ ]*//'") +
         host.must("tc qdisc show dev " + name + " | grep -v noqueue; tc filter show dev " + name +
                   " ingress 2>&1 | grep -v 'Parent Qdisc'; cat /proc/sys/net/ipv6/conf/" + name +
                   "/disable_ipv6 /proc/sys/net/ipv4/conf/" + name + "/arp_ignore /proc/sys/net/ipv4/conf/" + name +
                   "/rp_filter; ip -o -6 addr show dev " + name + " scope global | sed 's/tentative//'") +
         host.must("ls -A " + run.path() + "/state/ports 2>/dev/null; true");
}

std::unique_ptr<Nic> open_p0(LinuxHardware& hardware) {
  Result<std::unique_ptr<Nic>> nic = hardware.open_nic("p0", LinkSource::carrier);
  BOOST_REQUIRE_MESSAGE(nic.ok(), (nic.ok() ? "" : nic.failure().reason));
  return std::move(nic.value());
}

std::unique_ptr<HostPort> open_bond0(LinuxHardware& hardware) {
  Result<std::unique_ptr<HostPort>> port = hardware.open_host_port("bond0");
  BOOST_REQUIRE_MESSAGE(port.ok(), (port.ok() ? "" : port.failure().reason));
  return std::move(port.value());
}

bool comes_up(Nic& nic) {
  return wait_until([&] { return nic.link().up; }, patience_ms);
}

bool carries(const Bench& bench, Nic& nic) {
  if (!comes_up(nic)) return false;
  Wiretap tap(bench.peer, "q0");
  Frame frame = make_frame(broadcast_mac, {0x88, 0xb5});
  frame.back() = 0xe1;
  const bool in =
      wait_until([&] { return tap.send(frame) == 0 && !receive_marked(nic, 0xe1, 10).empty(); }, patience_ms);
  frame.back() = 0xe2;
  const OnePacket packet(frame);
  const auto is_ours = [](std::span<const std::uint8_t> seen) { return seen.back() == 0xe2; };
  return in && wait_until([&] { return nic.transmit(packet.span()).accepted == 1 && !tap.expect(is_ours, 10).empty(); },
                          patience_ms);
}

Frame receive_marked(Nic& nic, std::uint8_t marker, int limit_ms) {
  PacketBatch batch(16);
  Frame found;
  (void)wait_until(
      [&] {
        batch.clear();
        (void)nic.receive(batch);
        for (std::size_t i = 0; i < batch.size(); ++i) {
          const wire::Bytes frame = std::as_const(batch[i]).frame();
          if (frame.size() > 60 && frame.back() == marker) found.assign(frame.begin(), frame.end());
        }
        return !found.empty();
      },
      limit_ms);
  return found;
}

template <class From, class To>
void Pump::move(From& from, To& to, Side& side) {
  batch_.clear();
  (void)from.receive(batch_);
  std::array<const Packet*, PacketBatch::frames_max> packets{};
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    packets[i] = &batch_[i];
    const OffloadHeader offload = batch_[i].offload();
    side.longest = std::max(side.longest, batch_[i].frame().size());
    if (offload.gso_type != 0) ++side.gso_frames;
    if ((offload.flags & OffloadHeader::needs_checksum) != 0) ++side.partial_checksums;
  }
  std::size_t at = 0;
  while (at < batch_.size()) {
    const TransmitResult result = to.transmit(std::span(packets).subspan(at, batch_.size() - at));
    at += result.accepted;
    if (result.error == 0) continue;
    ++side.refused;
    side.last_error = result.error;
    ++at;
  }
}
void Pump::work() {
  while (!stopping_) {
    std::vector<int> handles;
    host_.append_wait_handles(handles);
    nic_.append_wait_handles(handles);
    std::vector<pollfd> waiting;
    for (const int handle : handles) waiting.push_back({handle, POLLIN, 0});
    (void)::poll(waiting.data(), waiting.size(), 20);
    move(host_, nic_, out);
    move(nic_, host_, in);
  }
}

Appliance::Appliance(std::uint32_t mtu) {
  const std::string text = std::to_string(mtu);
  bench.peer.must("ip link set q0 mtu " + text +
                  "; ip addr add 10.9.0.2/24 dev q0; ip addr add fd09::2/64 dev q0 nodad");
  BOOST_REQUIRE(nic->set_mac(station).ok());
  BOOST_REQUIRE(nic->set_mtu(mtu).ok());
  BOOST_REQUIRE(bond0->set_mac(station).ok());
  BOOST_REQUIRE(bond0->set_mtu(mtu).ok());
  bench.host.must("echo 0 > /proc/sys/net/ipv6/conf/bond0/accept_dad");
  BOOST_REQUIRE(bond0->set_up(true).ok());
  BOOST_REQUIRE(bond0->set_carrier(true).ok());
  BOOST_REQUIRE(bond0->add_address(*IpPrefix::parse("10.9.0.1/24")).ok());
  BOOST_REQUIRE(bond0->add_address(*IpPrefix::parse("fd09::1/64")).ok());
  BOOST_REQUIRE(carries(bench, *nic));
  // Duplicate detection cannot end while bond0 shows no carrier; only then the address may be used.
  BOOST_REQUIRE(
      wait_until([&] { return bench.host.must("ip -6 addr show dev bond0 tentative").empty(); }, patience_ms));
}

bool stream(const Namespace& from, const Namespace& to, const char* address, std::size_t total) {
  sockaddr_in there{};
  there.sin_family = AF_INET;
  there.sin_port = htons(5001);
  ::inet_pton(AF_INET, address, &there.sin_addr);
  const timeval patience{10, 0};
  const auto open_in = [&](const Namespace& space) {
    const Namespace::Stay inside(space);
    lnx::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO})
      (void)::setsockopt(fd.get(), SOL_SOCKET, option, &patience, sizeof patience);
    return fd;
  };
  lnx::UniqueFd listener = open_in(to);
  lnx::UniqueFd sender = open_in(from);
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&there), sizeof there) != 0) return false;
  if (::listen(listener.get(), 1) != 0) return false;
  std::vector<std::uint8_t> pattern(251 * 1024);
  for (std::size_t i = 0; i < pattern.size(); ++i) pattern[i] = static_cast<std::uint8_t>(i % 251);
  std::thread writer([&] {
    if (::connect(sender.get(), reinterpret_cast<const sockaddr*>(&there), sizeof there) != 0) return;
    for (std::size_t sent = 0; sent < total;) {
      const std::size_t at = sent % pattern.size();
      const ssize_t done =
          ::send(sender.get(), pattern.data() + at, std::min(pattern.size() - at, total - sent), MSG_NOSIGNAL);
      if (done <= 0) return;
      sent += static_cast<std::size_t>(done);
    }
    ::shutdown(sender.get(), SHUT_WR);
  });
  const lnx::UniqueFd receiver(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  (void)::setsockopt(receiver.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  std::vector<std::uint8_t> buffer(256 * 1024);
  std::size_t received = 0;
  bool intact = true;
  while (received <= total) {
    const ssize_t got = ::recv(receiver.get(), buffer.data(), buffer.size(), 0);
    if (got <= 0) break;
    for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) intact &= buffer[i] == (received + i) % 251;
    received += static_cast<std::size_t>(got);
  }
  writer.join();
  return intact && received == total;
}

}  // namespace bondbox::lab
