#include "hal/linux/listener.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace bondbox::lnx {
namespace {

constexpr int buffer_bytes = 8 * 1024 * 1024;
constexpr std::size_t tag_size = 4;
constexpr std::size_t tag_offset = 12;  // behind the two addresses
constexpr std::int64_t ns_per_second = 1'000'000'000;

struct Notes {
  std::int64_t time_ns = 0;
  std::uint32_t length = 0;  ///< without the tag that the kernel took off
  std::optional<std::uint32_t> tag;
};

Notes read_notes(const msghdr& message) {
  Notes notes;
  for (const cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(const_cast<msghdr*>(&message), const_cast<cmsghdr*>(part))) {
    if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_TIMESTAMPNS) {
      timespec time{};
      std::memcpy(&time, CMSG_DATA(part), sizeof time);
      notes.time_ns = std::int64_t{time.tv_sec} * ns_per_second + time.tv_nsec;
    } else if (part->cmsg_level == SOL_PACKET && part->cmsg_type == PACKET_AUXDATA) {
      tpacket_auxdata aux{};
      std::memcpy(&aux, CMSG_DATA(part), sizeof aux);
      notes.length = aux.tp_len;
      if ((aux.tp_status & TP_STATUS_VLAN_VALID) == 0) continue;
      const std::uint16_t tpid = (aux.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0 ? aux.tp_vlan_tpid : ETH_P_8021Q;
      notes.tag = std::uint32_t{tpid} << 16 | aux.tp_vlan_tci;
    }
  }
  return notes;
}

}  // namespace

Listener::Listener(UniqueFd fd, std::size_t frame_size_max) : fd_(std::move(fd)), frame_(tag_size + frame_size_max) {}

Result<Listener> Listener::open(const std::string& interface, std::size_t frame_size_max) {
  const unsigned index = ::if_nametoindex(interface.c_str());
  if (index == 0) return Outcome::failed(ENODEV, "there is no interface " + interface);
  UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) {
    const int error = errno;
    return Outcome::failed(error, error == EPERM ? "listening to " + interface + " needs root, or CAP_NET_RAW"
                                                 : "cannot listen to " + interface + ": " + std::strerror(error));
  }
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof buffer_bytes) != 0)
    (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
  constexpr int on = 1;
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(index);
  if (::setsockopt(fd.get(), SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) != 0 ||
      ::setsockopt(fd.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0 ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return Outcome::failed(errno, "cannot listen to " + interface + ": " + std::strerror(errno));
  return Listener(std::move(fd), frame_size_max);
}

std::optional<Listener::Heard> Listener::next() {
  alignas(cmsghdr) std::uint8_t control[CMSG_SPACE(sizeof(timespec)) + CMSG_SPACE(sizeof(tpacket_auxdata)) + 64];
  sockaddr_ll from{};
  iovec part{frame_.data() + tag_size, frame_.size() - tag_size};
  msghdr message{};
  message.msg_name = &from;
  message.msg_namelen = sizeof from;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t got = ::recvmsg(fd_.get(), &message, 0);
  if (got < 0) return std::nullopt;
  const Notes notes = read_notes(message);
  Heard heard;
  heard.time_ns = notes.time_ns;
  heard.outgoing = from.sll_pkttype == PACKET_OUTGOING;
  heard.to_others = from.sll_pkttype == PACKET_OTHERHOST;
  std::size_t size = static_cast<std::size_t>(got);
  std::uint8_t* begin = frame_.data() + tag_size;
  if (notes.tag && size >= tag_offset) {
    begin -= tag_size;
    std::memmove(begin, begin + tag_size, tag_offset);
    const std::uint32_t tag = htonl(*notes.tag);
    std::memcpy(begin + tag_offset, &tag, tag_size);
    size += tag_size;
  }
  heard.bytes = {begin, std::min(size, frame_.size() - tag_size)};
  const auto tagged = static_cast<std::uint32_t>(notes.tag ? tag_size : 0);
  heard.original_length = std::max(notes.length + tagged, static_cast<std::uint32_t>(heard.bytes.size()));
  return heard;
}

std::uint64_t Listener::take_lost() const {
  tpacket_stats counts{};
  socklen_t size = sizeof counts;
  return ::getsockopt(fd_.get(), SOL_PACKET, PACKET_STATISTICS, &counts, &size) == 0 ? counts.tp_drops : 0;
}

}  // namespace bondbox::lnx
