#include "tests/image/support/far_side.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "hal/wire/arp.hpp"
#include "hal/wire/checksum.hpp"
#include "hal/wire/ethernet.hpp"
#include "hal/wire/ip.hpp"
#include "tests/lab/support/namespace.hpp"
#include "tests/support/socket_address.hpp"

namespace bondbox::image {
namespace {

constexpr std::chrono::milliseconds ping_gap{20};
constexpr std::chrono::milliseconds question_gap{500};
constexpr MacAddress own_mac{{0x02, 0, 0, 0, 0x0b, 0xfe}};
constexpr std::uint8_t echo_reply = 0;
constexpr std::uint8_t echo_request = 8;
constexpr std::uint16_t ping_identifier = 0x1dea;
constexpr std::size_t icmp_offset = 14 + 20;

IpAddress own_address() {
  return IpAddress::parse("192.168.10.254").value();
}
IpAddress machine_address() {
  return IpAddress::parse("192.168.10.52").value();
}

/// The numbers are the ping's own, in identifier (high half, beside what marks ours) and sequence number.
wire::SmallFrame echo(const MacAddress& to, std::size_t number) {
  wire::FrameBuilder builder;
  builder.put_header(to, own_mac, VlanId{}, wire::ethertype::ipv4);
  builder.put16(0x4500).put16(20 + 8 + 4).put16(0).put16(0x4000).put8(64).put8(1).put16(0);
  builder.put(own_address().bytes()).put(machine_address().bytes());
  builder.patch16(14 + 10, wire::internet_checksum(builder.bytes(14)));
  builder.put8(echo_request).put8(0).put16(0).put16(ping_identifier).put16(0);
  builder.put32(static_cast<std::uint32_t>(number));
  builder.patch16(icmp_offset + 2, wire::internet_checksum(builder.bytes(icmp_offset)));
  return builder.frame();
}

}  // namespace

FarSide::FarSide(const std::string& directory) : directory_(directory) {
  for (std::size_t cable = 0; cable < cables; ++cable) {
    const sockaddr_un here = test::socket_address(directory_ + "/far" + std::to_string(cable));
    sockets_[cable] = lnx::UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (::bind(sockets_[cable].get(), reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0)
      throw std::runtime_error("cannot make a socket in " + directory_);
  }
  thread_ = std::thread([this] { work(); });
}

FarSide::~FarSide() {
  stopping_ = true;
  thread_.join();
}

std::vector<std::string> FarSide::qemu_words() const {
  std::vector<std::string> words;
  for (std::size_t cable = 0; cable < cables; ++cable) {
    const std::string number = std::to_string(cable);
    words.insert(words.end(),
                 {"-netdev", "dgram,id=net" + number + ",local.type=unix,local.path=" + directory_ + "/near" + number +
                                 ",remote.type=unix,remote.path=" + directory_ + "/far" + number});
  }
  return words;
}

std::size_t FarSide::next_ping() const {
  const std::lock_guard lock(mutex_);
  return pings_.size();
}

std::size_t FarSide::unanswered(std::size_t from, std::size_t to) const {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (std::size_t number = from; number < std::min(to, pings_.size()); ++number)
    count += pings_[number].answered ? 0 : 1;
  return count;
}

bool FarSide::is_answered(std::size_t from, int limit_ms) const {
  return is_answered_by(0, from, limit_ms / 2) || is_answered_by(1, from, limit_ms / 2);
}

bool FarSide::is_answered_by(std::size_t cable, std::size_t from, int limit_ms) const {
  return lab::wait_until(
      [&] {
        const std::lock_guard lock(mutex_);
        return std::any_of(pings_.begin() + static_cast<std::ptrdiff_t>(std::min(from, pings_.size())), pings_.end(),
                           [&](const Ping& ping) { return ping.answered && ping.cable == cable; });
      },
      limit_ms);
}

std::string FarSide::fetch(const std::string& path, int limit_ms) {
  {
    const std::lock_guard lock(mutex_);
    client_.emplace(WebClient::End{own_mac, own_address(), static_cast<std::uint16_t>(40'000 + fetches_++)},
                    WebClient::End{machine_, machine_address(), 80},
                    "GET " + path + " HTTP/1.0\r\nHost: 192.168.10.52\r\n\r\n");
  }
  const auto is_over = [&] {
    const std::lock_guard lock(mutex_);
    return client_->is_over();
  };
  const bool came = lab::wait_until(is_over, limit_ms);
  const std::lock_guard lock(mutex_);
  return came ? client_->answer() : std::string();
}

void FarSide::speak_to_server() {
  std::vector<std::uint8_t> frame;
  {
    const std::lock_guard lock(mutex_);
    if (client_) frame = client_->next_frame(Clock::now());
  }
  if (!frame.empty()) send(frame);
}

void FarSide::work() {
  Clock::time_point next = Clock::now();
  std::array<std::uint8_t, 65536> buffer;
  while (!stopping_) {
    std::array<pollfd, cables> waiting{};
    for (std::size_t cable = 0; cable < cables; ++cable) waiting[cable] = {sockets_[cable].get(), POLLIN, 0};
    ::poll(waiting.data(), waiting.size(), 5);
    for (std::size_t cable = 0; cable < cables; ++cable) {
      for (;;) {
        const ssize_t length = ::recv(sockets_[cable].get(), buffer.data(), buffer.size(), 0);
        if (length <= 0) break;
        take(cable, wire::Bytes(buffer.data(), static_cast<std::size_t>(length)));
        speak_to_server();
      }
    }
    speak_to_server();
    if (!pinging_ || Clock::now() < next) continue;
    ping();
    next = std::max(next, Clock::now() - ping_gap) + (knows_machine_ ? ping_gap : question_gap);
  }
}

void FarSide::ping() {
  if (!knows_machine_) {
    send(wire::build_arp({wire::ArpOperation::request, own_mac, own_address(), MacAddress{}, machine_address()},
                         broadcast_mac, VlanId{}));
    return;
  }
  std::size_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = pings_.size();
    pings_.emplace_back();
  }
  send(echo(machine_, number));
}

/// As a switch does: the sender's place is learned, what is for another cable or for all goes there, what is for the
/// host behind the switch is answered.
void FarSide::take(std::size_t cable, wire::Bytes frame) {
  const auto ethernet = wire::EthernetView::parse(frame);
  if (!ethernet) return;
  learned_[ethernet->source().octets] = cable;
  if (ethernet->destination().octets[0] & 1) send_by(1 - cable, frame);
  if (ethernet->ethertype() == wire::ethertype::arp) take_arp(ethernet->payload());
  if (ethernet->ethertype() == wire::ethertype::ipv4 && ethernet->destination() == own_mac)
    take_ip(cable, frame, ethernet->payload());
}

void FarSide::take_arp(wire::Bytes payload) {
  const auto arp = wire::ArpView::parse(payload);
  if (!arp) return;
  if (arp->sender_ip() == machine_address()) {
    const std::lock_guard lock(mutex_);
    machine_ = arp->sender_mac();
    knows_machine_ = true;
  }
  if (!arp->is_request() || !(arp->target_ip() == own_address())) return;
  send(wire::build_arp({wire::ArpOperation::reply, own_mac, own_address(), arp->sender_mac(), arp->sender_ip()},
                       arp->sender_mac(), VlanId{}));
}

void FarSide::take_ip(std::size_t cable, wire::Bytes frame, wire::Bytes payload) {
  const auto ip = wire::Ipv4View::parse(payload);
  if (!ip || ip->header_length() != 20 || !(ip->destination() == own_address())) return;
  if (ip->protocol() == 6) {
    const std::lock_guard lock(mutex_);
    if (client_) client_->take(ip->payload());
  }
  if (ip->protocol() != 1) return;
  const wire::Bytes icmp = ip->payload();
  if (icmp.size() < 8) return;
  if (icmp[0] == echo_request) {
    std::vector<std::uint8_t> answer(frame.begin(), frame.end());
    std::copy_n(frame.begin() + 6, 6, answer.begin());
    std::copy_n(own_mac.octets.begin(), 6, answer.begin() + 6);
    std::copy_n(frame.begin() + 26, 4, answer.begin() + 30);
    std::copy_n(frame.begin() + 30, 4, answer.begin() + 26);
    answer[icmp_offset] = echo_reply;
    answer[icmp_offset + 2] = answer[icmp_offset + 3] = 0;
    const std::uint16_t sum = wire::internet_checksum(wire::Bytes(answer).subspan(icmp_offset, icmp.size()));
    answer[icmp_offset + 2] = static_cast<std::uint8_t>(sum >> 8);
    answer[icmp_offset + 3] = static_cast<std::uint8_t>(sum & 0xff);
    send(answer);
  } else if (icmp[0] == echo_reply && icmp.size() >= 12 && wire::load_be16(icmp.data() + 4) == ping_identifier) {
    const std::lock_guard lock(mutex_);
    const std::size_t number = wire::load_be32(icmp.data() + 8);
    if (number < pings_.size()) pings_[number] = {true, cable};
  }
}

void FarSide::send(wire::Bytes frame) {
  const auto ethernet = wire::EthernetView::parse(frame);
  const auto place = ethernet ? learned_.find(ethernet->destination().octets) : learned_.end();
  for (std::size_t cable = 0; cable < cables; ++cable)
    if (place == learned_.end() || place->second == cable) send_by(cable, frame);
}

/// A cable that nobody holds at the other end loses what is sent, as cables do.
void FarSide::send_by(std::size_t cable, wire::Bytes frame) {
  const sockaddr_un there = test::socket_address(directory_ + "/near" + std::to_string(cable));
  (void)::sendto(sockets_[cable].get(), frame.data(), frame.size(), MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&there), sizeof there);
}

}  // namespace bondbox::image
