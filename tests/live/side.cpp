#include "tests/live/side.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <sstream>
#include <stdexcept>

#include "tests/lab/support/daemon.hpp"

namespace bondbox::live {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

ifreq request(const std::string& interface) {
  ifreq wanted{};
  interface.copy(wanted.ifr_name, IFNAMSIZ - 1);
  return wanted;
}

std::vector<std::uint8_t> without_tag(std::vector<std::uint8_t> frame) {
  frame.erase(frame.begin() + 12, frame.begin() + 16);
  return frame;
}

}  // namespace

Space::Space() {
  const lnx::UniqueFd before(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (::unshare(CLONE_NEWNET) != 0) fail("unshare");
  fd_ = lnx::UniqueFd(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  for (const char* name : {"all", "default"})
    lab::write_text(std::string("/proc/sys/net/ipv6/conf/") + name + "/disable_ipv6", "1");
  if (::setns(before.get(), CLONE_NEWNET) != 0) fail("setns");
}

std::string Space::path() const {
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd());
}

Space::Stay::Stay(const Space& space) : before_(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)) {
  if (::setns(space.fd(), CLONE_NEWNET) != 0) fail("setns");
}

Space::Stay::~Stay() {
  if (::setns(before_.get(), CLONE_NEWNET) != 0) std::abort();
}

void Space::ip(const std::string& lines) const {
  const Stay inside(*this);
  const lab::CommandResult result = lab::run_command("ip -batch - <<'end'\n" + lines + "end\n");
  if (!result.ok()) throw std::runtime_error(lines + result.output);
}

Port::Port(const Space& space, const std::string& interface, bool every_frame) : every_frame_(every_frame) {
  const Space::Stay inside(space);
  fd_ = lnx::UniqueFd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  const int bytes = 4 << 20;
  (void)::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
  (void)::setsockopt(fd_.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  (void)::setsockopt(fd_.get(), SOL_PACKET, PACKET_AUXDATA, &on, sizeof on);
  (void)::setsockopt(fd_.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
  if (address.sll_ifindex == 0 || ::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    fail("cannot tap " + interface);
}

void Port::send(const std::vector<std::uint8_t>& frame) {
  (void)::send(fd_.get(), frame.data(), frame.size(), 0);
}

std::vector<Port::Seen> Port::take() {
  std::vector<Seen> all;
  std::array<std::uint8_t, 4096> buffer{};
  while (true) {
    alignas(cmsghdr) std::array<std::uint8_t, 256> control{};
    iovec part{buffer.data(), buffer.size()};
    sockaddr_ll from{};
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(fd_.get(), &message, 0);
    if (got < 0 && (errno == ENETDOWN || errno == EINTR)) continue;
    if (got < 0) return all;
    // A port's veth takes every frame, where a NIC would filter: what the stack leaves alone is not counted.
    if (!every_frame_ && from.sll_pkttype == PACKET_OTHERHOST) continue;
    Seen seen;
    seen.bytes.assign(buffer.begin(), buffer.begin() + got);
    for (cmsghdr* extra = CMSG_FIRSTHDR(&message); extra != nullptr; extra = CMSG_NXTHDR(&message, extra)) {
      if (extra->cmsg_level == SOL_SOCKET && extra->cmsg_type == SCM_TIMESTAMPNS) {
        timespec time{};
        std::memcpy(&time, CMSG_DATA(extra), sizeof time);
        seen.time_ns = time.tv_sec * 1'000'000'000 + time.tv_nsec;
      } else if (extra->cmsg_level == SOL_PACKET && extra->cmsg_type == PACKET_AUXDATA) {
        tpacket_auxdata aux{};
        std::memcpy(&aux, CMSG_DATA(extra), sizeof aux);
        if ((aux.tp_status & TP_STATUS_VLAN_VALID) == 0 || got < 12) continue;
        const std::array<std::uint8_t, 4> tag{0x81, 0, static_cast<std::uint8_t>(aux.tp_vlan_tci >> 8),
                                              static_cast<std::uint8_t>(aux.tp_vlan_tci & 0xff)};
        seen.bytes.insert(seen.bytes.begin() + 12, tag.begin(), tag.end());
      }
    }
    all.push_back(std::move(seen));
  }
}

Side::Side(const Scenario& scenario) : scenario_(scenario) {
  std::string cables;
  std::string far_ends;
  for (int i = 0; i < scenario.ports; ++i) {
    const std::string n = std::to_string(i);
    cables += "link add e" + n + " address 02:00:00:00:0a:0" + n + " type veth peer name p" + n +
              " address 02:00:00:00:0b:0" + n + " netns " + far_.path() + "\n";
    far_ends += "link set p" + n + " arp off up\n";
  }
  if (scenario.has_arp_monitor()) {
    far_ends = "link add name town type bridge forward_delay 0\n" + far_ends;
    for (int i = 0; i < scenario.ports; ++i) far_ends += "link set p" + std::to_string(i) + " master town\n";
    far_ends += std::string("addr add ") + arp_target + "/24 dev town\nlink set town up\n";
  }
  box_.ip(cables);
  far_.ip(far_ends);
  for (int i = 0; i < scenario.ports; ++i) ports_.emplace_back(far_, "p" + std::to_string(i), true);
  const auto open_control = [](const Space& space) {
    const Space::Stay inside(space);
    return lnx::UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  };
  control_ = open_control(box_);
  far_control_ = open_control(far_);
}

std::vector<std::string> Side::set_up() {
  std::vector<std::string> lines;
  for (const auto& [option, value] : scenario_.options) {
    for (const std::string& line : write_and_read(option, value)) lines.push_back(option + " " + line);
  }
  for (int i = 0; i < scenario_.ports; ++i) {
    const std::string result = change_ports(true, "e" + std::to_string(i));
    if (result != "OK") lines.push_back("enslave e" + std::to_string(i) + " " + result);
  }
  box_.ip(
      "addr add 10.77.0.1/24 dev bond0\nlink set bond0 up\n"
      "link add bond0.5 link bond0 type vlan id 5\nlink set bond0.5 up\n");
  host_.emplace(box_, "bond0", false);
  tagged_.emplace(box_, "bond0.5", false);
  return lines;
}

std::vector<std::string> Side::act(const Step& step) {
  const std::vector<std::string> words = step.words();
  const std::string& what = words.at(0);
  const auto number = [&](std::size_t at) { return std::stoi(words.at(at)); };
  if (what == "wait") return {};
  if (what == "down" || what == "up") {
    far_end(number(1), what == "up");
    return {};
  }
  if (what == "set") {
    const std::size_t begin = step.action.find(words.at(1)) + words[1].size();
    return write_and_read(words[1], begin < step.action.size() ? step.action.substr(begin + 1) : std::string());
  }
  if (what == "enslave" || what == "release") {
    return {"result " + change_ports(what == "enslave", "e" + words.at(1))};
  }
  if (what == "bond") {
    box_.ip("link set bond0 " + words.at(1) + "\n");
    return {};
  }
  if (what == "send") {
    sent_ = make_sent_frames(words.at(1), number(2), static_cast<std::uint32_t>(number(3)), mac_of("bond0"));
    for (const TestFrame& frame : sent_) {
      // Through the VLAN interface, so that the tag reaches the kernel's bond in the way in which tags do.
      const bool tagged = frame.bytes[12] == 0x81 && frame.bytes[13] == 0;
      (tagged ? *tagged_ : *host_).send(tagged ? without_tag(frame.bytes) : frame.bytes);
    }
    return {};
  }
  if (what == "receive") {
    const MacAddress own{{0x02, 0, 0, 0, 0x0a, static_cast<std::uint8_t>(number(1))}};
    received_ = make_received_frames(static_cast<std::uint32_t>(number(2)), mac_of("bond0"), own);
    for (const TestFrame& frame : received_) ports_.at(static_cast<std::size_t>(number(1))).send(frame.bytes);
    return {};
  }
  if (what == "ask") {
    ports_.at(static_cast<std::size_t>(number(1))).send(make_question(number(1)));
    return {};
  }
  throw std::runtime_error("no such step: " + step.action);
}

std::vector<std::string> Side::look() {
  std::vector<std::string> lines;
  look_at_far_ends(lines);
  look_at_host(lines);
  std::string macs = "mac bond0 " + mac_of("bond0").text();
  for (int i = 0; i < scenario_.ports; ++i) {
    const std::string name = "e" + std::to_string(i);
    macs += " " + name + " " + mac_of(name).text();
  }
  lines.push_back(macs);
  std::istringstream text(status());
  for (std::string line; std::getline(text, line);) {
    if (!line.empty() && !line.starts_with("Ethernet Channel")) lines.push_back("status " + line);
  }
  sent_.clear();
  received_.clear();
  return lines;
}

std::vector<std::string> Side::write_and_read(const std::string& option, const std::string& value) {
  const std::string result = write(option, value);
  // What neither has cannot be read back; what the kernel takes over netlink alone cannot either.
  if (result == "ENOENT" || option == "prio") return {"result " + result};
  return {"result " + result, "readback " + read(option)};
}

void Side::far_end(int port, bool up) {
  ifreq wanted = request("p" + std::to_string(port));
  if (::ioctl(far_control_.get(), SIOCGIFFLAGS, &wanted) != 0) fail("SIOCGIFFLAGS");
  wanted.ifr_flags = static_cast<short>(up ? wanted.ifr_flags | IFF_UP : wanted.ifr_flags & ~IFF_UP);
  if (::ioctl(far_control_.get(), SIOCSIFFLAGS, &wanted) != 0) fail("SIOCSIFFLAGS");
}

/// Frames of `send` by number; everything else in words, and how often it came.
void Side::look_at_far_ends(std::vector<std::string>& lines) {
  std::map<int, std::string> places;
  std::map<std::string, int> heard;
  std::map<std::size_t, std::string>
      last_lacp;  // what two state machines pass through on their way is a matter of time
  for (std::size_t port = 0; port < ports_.size(); ++port) {
    for (const Port::Seen& seen : ports_[port].take()) {
      const std::optional<int> number = number_of(seen.bytes);
      if (!number || *number < 0 || static_cast<std::size_t>(*number) >= sent_.size()) {
        const std::string words = describe(seen.bytes);
        if (words.starts_with("lacp ")) {
          last_lacp[port] = words;
        } else {
          ++heard[std::to_string(port) + " " + words];
        }
        continue;
      }
      std::string& place = places[*number];
      place += (place.empty() ? "" : ",") + std::to_string(port);
      const std::vector<std::uint8_t>& original = sent_[static_cast<std::size_t>(*number)].bytes;
      if (seen.bytes == original) continue;
      const bool same_but_source = seen.bytes.size() == original.size() &&
                                   std::equal(original.begin() + 12, original.end(), seen.bytes.begin() + 12) &&
                                   std::equal(original.begin(), original.begin() + 6, seen.bytes.begin());
      place += same_but_source ? "(" + MacAddress::load(&seen.bytes[6]).text() + ")" : std::string("(changed)");
    }
  }
  for (std::size_t i = 0; i < sent_.size(); ++i) {
    const auto found = places.find(static_cast<int>(i));
    lines.push_back("sent " + std::to_string(i) + " " + sent_[i].kind + " > " +
                    (found == places.end() ? std::string("-") : found->second));
  }
  for (const auto& [port, words] : last_lacp) ++heard[std::to_string(port) + " " + words];
  for (const auto& [what, count] : heard) lines.push_back("heard " + what + " x" + std::to_string(std::min(count, 99)));
}

void Side::look_at_host(std::vector<std::string>& lines) {
  std::map<int, int> got;
  for (const Port::Seen& seen : host_->take()) {
    const std::optional<int> number = number_of(seen.bytes);
    if (!number || *number < 0 || static_cast<std::size_t>(*number) >= received_.size()) continue;
    ++got[*number];
  }
  for (std::size_t i = 0; i < received_.size(); ++i) {
    lines.push_back("got " + std::to_string(i) + " " + received_[i].kind + " " +
                    std::to_string(got[static_cast<int>(i)]));
  }
}

MacAddress Side::mac_of(const std::string& interface) {
  ifreq wanted = request(interface);
  if (::ioctl(control_.get(), SIOCGIFHWADDR, &wanted) != 0) return MacAddress{};
  std::array<std::uint8_t, 6> octets{};
  std::memcpy(octets.data(), wanted.ifr_hwaddr.sa_data, octets.size());
  return MacAddress{octets};
}

}  // namespace bondbox::live
