#include "hal/linux/packet_socket.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "hal/linux/udp_run.hpp"

namespace bondbox::lnx {
namespace {

constexpr int socket_buffer_bytes = 4 * 1024 * 1024;  // 60 frames of 64 kB, with the kernel's own overhead counted
constexpr int control_buffer_bytes = 256 * 1024;      // some 300 small frames
constexpr int lacpdu_buffer_bytes = 64 * 1024;        // for what comes once a second, or thirty times
constexpr int control_priority = 7;                   // TC_PRIO_CONTROL: pfifo_fast's first band
constexpr std::size_t control_frames = 16;            // of a batch
constexpr std::size_t header_size = sizeof(OffloadHeader);

void set_buffer(int fd, int forced, int polite, int bytes) {
  if (::setsockopt(fd, SOL_SOCKET, forced, &bytes, sizeof bytes) != 0)
    (void)::setsockopt(fd, SOL_SOCKET, polite, &bytes, sizeof bytes);
}

int set_option(int fd, int option, int value) {
  return ::setsockopt(fd, SOL_PACKET, option, &value, sizeof value) == 0 ? 0 : errno;
}

int membership(int fd, int option, int index, int type) {
  packet_mreq request{};
  request.mr_ifindex = index;
  request.mr_type = static_cast<unsigned short>(type);
  return ::setsockopt(fd, SOL_PACKET, option, &request, sizeof request) == 0 ? 0 : errno;
}

/// Puts back the tag that the kernel took off (packet(7), PACKET_AUXDATA). False when it does not fit.
bool restore_tag(const msghdr& message, Packet& packet) {
  for (const cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(const_cast<msghdr*>(&message), const_cast<cmsghdr*>(part))) {
    if (part->cmsg_level != SOL_PACKET || part->cmsg_type != PACKET_AUXDATA) continue;
    tpacket_auxdata aux{};
    std::memcpy(&aux, CMSG_DATA(part), sizeof aux);
    if ((aux.tp_status & TP_STATUS_VLAN_VALID) == 0) return true;
    const std::uint16_t tpid = (aux.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0 ? aux.tp_vlan_tpid : ETH_P_8021Q;
    return packet.insert_vlan(tpid, aux.tp_vlan_tci);
  }
  return true;
}

/// No link or nothing there is a state of the port, not a failure of the read.
bool is_state(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == ENETDOWN || error == ENODEV ||
         error == ENXIO;
}

}  // namespace

struct PacketSocket::Vectors {
  static constexpr std::size_t count = PacketBatch::frames_max;
  static constexpr std::size_t control_size = CMSG_SPACE(sizeof(tpacket_auxdata));
  struct alignas(cmsghdr) Control {
    std::array<std::uint8_t, control_size> bytes;
  };
  std::array<mmsghdr, count> messages{};
  std::array<iovec, 2 * count> parts{};
  std::array<Control, count> controls{};
  std::array<std::size_t, count> frames{};  ///< of a batch in each message that is sent
  std::array<UdpRun::Start, count / 2> starts{};
};

PacketSocket::PacketSocket() = default;
PacketSocket::~PacketSocket() = default;
PacketSocket::PacketSocket(PacketSocket&&) noexcept = default;
PacketSocket& PacketSocket::operator=(PacketSocket&&) noexcept = default;

int PacketSocket::open(Hears hears) {
  // Protocol 0: the socket hears nothing until it is bound, so there is nothing older to drain.
  fd_ = UniqueFd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd_.valid()) return errno;
  const int fd = fd_.get();
  if (const int error = set_option(fd, PACKET_VNET_HDR, 1); error != 0) return error;
  if (const int error = set_option(fd, PACKET_AUXDATA, 1); error != 0) return error;
  // Saves a copy of everything we send; kernels before 4.20 have only the filter for it.
  (void)set_option(fd, PACKET_IGNORE_OUTGOING, 1);
  const int bytes = hears == Hears::data ? socket_buffer_bytes : control_buffer_bytes;
  set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, hears == Hears::lacpdus ? lacpdu_buffer_bytes : bytes);
  set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, bytes);
  if (hears != Hears::data) (void)::setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &control_priority, sizeof control_priority);
  if (vectors_ == nullptr) vectors_ = std::make_shared<Vectors>();
  return set_hears(hears);
}

void PacketSocket::take_over(UniqueFd fd, Hears hears, int index, bool promiscuous, bool programmed) {
  fd_ = std::move(fd);
  hears_ = hears;
  index_ = index;
  promiscuous_ = promiscuous;
  programmed_ = programmed;
  if (vectors_ == nullptr) vectors_ = std::make_shared<Vectors>();
}

int PacketSocket::set_hears(Hears hears) {
  hears_ = hears;
  return attach_filter();
}

int PacketSocket::set_own_system(const MacAddress& system) {
  own_system_ = system;
  return programmed_ ? 0 : attach_filter();
}

int PacketSocket::attach_filter() {
  PacketFilter code = packet_filter(hears_, promiscuous_, own_system_);
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  return ::setsockopt(fd_.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0 ? 0 : errno;
}

int PacketSocket::bind(int index) {
  index_ = index;
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = index;
  if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return errno;
  return membership(fd_.get(), PACKET_ADD_MEMBERSHIP, index, PACKET_MR_ALLMULTI);
}

int PacketSocket::set_promiscuous(bool on) {
  const int option = on ? PACKET_ADD_MEMBERSHIP : PACKET_DROP_MEMBERSHIP;
  if (const int error = membership(fd_.get(), option, index_, PACKET_MR_PROMISC); error != 0) return error;
  promiscuous_ = on;
  return programmed_ ? 0 : attach_filter();
}

int PacketSocket::hear_also(MacAddress mac, bool on) const {
  packet_mreq request{};
  request.mr_ifindex = index_;
  request.mr_type = PACKET_MR_UNICAST;
  request.mr_alen = 6;
  mac.store(request.mr_address);
  const int option = on ? PACKET_ADD_MEMBERSHIP : PACKET_DROP_MEMBERSHIP;
  return ::setsockopt(fd_.get(), SOL_PACKET, option, &request, sizeof request) == 0 ? 0 : errno;
}

int PacketSocket::admit(bool promiscuous) {
  promiscuous_ = promiscuous;
  return programmed_ ? 0 : attach_filter();
}

int PacketSocket::use_program(int program) {
  int error = 0;
  if (program < 0) {
    error = attach_filter();
  } else if (::setsockopt(fd_.get(), SOL_SOCKET, SO_ATTACH_BPF, &program, sizeof program) != 0) {
    error = errno;
  }
  if (error == 0) programmed_ = program >= 0;
  return error;
}

std::size_t PacketSocket::drop_waiting() const {
  constexpr int frames_max = 100'000;  // more than the buffer holds
  std::array<std::uint8_t, header_size> start{};
  std::size_t dropped = 0;
  for (int i = 0; i < frames_max; ++i) {
    const bool got = ::recv(fd_.get(), start.data(), start.size(), MSG_DONTWAIT) >= 0;
    if (!got && errno != ENETDOWN) return dropped;
    dropped += got ? 1 : 0;
  }
  return dropped;
}

int PacketSocket::share(const PacketSocket* first) {
  constexpr std::uint32_t program_chooses = PACKET_FANOUT_EBPF;
  constexpr std::uint32_t any_number = PACKET_FANOUT_FLAG_UNIQUEID;
  std::uint32_t group = 0;
  socklen_t size = sizeof group;
  if (first != nullptr && ::getsockopt(first->fd(), SOL_PACKET, PACKET_FANOUT, &group, &size) != 0) return errno;
  // The number of the group in the low half; how it chooses and its flags, which later members repeat, in the high.
  const std::uint32_t request =
      first != nullptr ? (group & 0xffff) | program_chooses << 16 : (program_chooses | any_number) << 16;
  return ::setsockopt(fd_.get(), SOL_PACKET, PACKET_FANOUT, &request, sizeof request) == 0 ? 0 : errno;
}

int PacketSocket::spread(int program) {
  return set_option(fd_.get(), PACKET_FANOUT_DATA, program);
}

std::size_t PacketSocket::receive_some(PacketBatch& batch, NicCounters& counters, std::size_t wanted, int& error) {
  const std::size_t first = batch.size();
  for (std::size_t i = 0; i < wanted; ++i) {
    vectors_->parts[i] = {batch.prepare(i).offload_bytes(), header_size + Packet::frame_size_max};
    msghdr& header = vectors_->messages[i].msg_hdr;
    header = {};
    header.msg_iov = &vectors_->parts[i];
    header.msg_iovlen = 1;
    header.msg_control = vectors_->controls[i].bytes.data();
    header.msg_controllen = Vectors::control_size;
  }
  const int got =
      ::recvmmsg(fd_.get(), vectors_->messages.data(), static_cast<unsigned>(wanted), MSG_DONTWAIT, nullptr);
  if (got < 0) {
    error = errno;
    return 0;
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
    const mmsghdr& message = vectors_->messages[i];
    Packet& packet = batch[first + i];
    if ((message.msg_hdr.msg_flags & MSG_TRUNC) != 0 || message.msg_len < header_size) {
      ++counters.receive_truncated;
      continue;
    }
    packet.set_length(message.msg_len - header_size);
    if (!restore_tag(message.msg_hdr, packet)) {
      ++counters.receive_truncated;
      continue;
    }
    // After a dropped one the rest have to move up: a batch has no holes.
    if (&packet != &batch[batch.size()]) {
      Packet& free_packet = batch.prepare();
      (void)free_packet.assign(packet.frame());
      free_packet.set_offload(packet.offload());
    }
    batch.commit();
  }
  return static_cast<std::size_t>(got);
}

std::size_t PacketSocket::receive(PacketBatch& batch, NicCounters& counters) {
  const std::size_t before = batch.size();
  // A flood of what goes ahead must leave room for data.
  const std::size_t most =
      hears_ == Hears::data ? batch.capacity() : std::min(batch.capacity(), before + control_frames);
  // How large the waiting frames are is known only afterwards: asking for few at first keeps a burst of 64 kB frames
  // near the byte target, and a burst of small ones costs one more call.
  constexpr std::size_t few = 8;
  std::size_t chunk = few;
  bool heard_of_down = false;
  while (batch.size() < most && batch.bytes() < PacketBatch::bytes_target) {
    const std::size_t wanted = std::min(chunk, most - batch.size());
    int error = 0;
    const std::size_t got = receive_some(batch, counters, wanted, error);
    // The kernel says once that the interface went down, before the frames that came until then.
    if (error == ENETDOWN && !std::exchange(heard_of_down, true)) continue;
    if (error != 0 && !is_state(error)) ++counters.receive_errors;
    if (got < wanted) break;
    chunk = batch.bytes() < batch.size() * 4096 ? PacketBatch::frames_max : few;
  }
  return batch.size() - before;
}

/// Describes what the next system call is to send, from the first packet on; how many messages.
std::size_t PacketSocket::prepare_messages(std::span<const Packet* const> packets) {
  std::size_t messages = 0;
  std::size_t parts = 0;
  std::size_t runs = 0;
  for (std::size_t done = 0; done < packets.size() && messages < Vectors::count;) {
    const UdpRun run(joins_ ? packets.subspan(done) : packets.first(0));
    const std::size_t frames = std::max<std::size_t>(run.size(), 1);
    if (parts + frames + 1 > vectors_->parts.size() || runs == vectors_->starts.size()) break;
    msghdr& header = vectors_->messages[messages].msg_hdr;
    header = {};
    header.msg_iov = &vectors_->parts[parts];
    // sendmsg only reads; iovec has no const form.
    if (run.size() == 0) {
      const Packet& packet = *packets[done];
      vectors_->parts[parts++] = {const_cast<std::uint8_t*>(packet.offload_bytes()),
                                  header_size + packet.frame().size()};
    } else {
      UdpRun::Start& start = vectors_->starts[runs++];
      run.write_start(*packets[done], start);
      vectors_->parts[parts++] = {start.data(), header_size + run.headers()};
      for (const Packet* packet : packets.subspan(done, frames)) {
        const wire::Bytes payload = packet->frame().subspan(run.headers());
        vectors_->parts[parts++] = {const_cast<std::uint8_t*>(payload.data()), payload.size()};
      }
    }
    header.msg_iovlen = run.size() == 0 ? 1 : frames + 1;
    vectors_->frames[messages++] = frames;
    done += frames;
  }
  return messages;
}

TransmitResult PacketSocket::transmit(std::span<const Packet* const> packets) {
  TransmitResult result;
  bool heard_of_down = false;
  while (result.accepted < packets.size()) {
    const std::size_t count = prepare_messages(packets.subspan(result.accepted));
    const int sent = ::sendmmsg(fd_.get(), vectors_->messages.data(), static_cast<unsigned>(count), MSG_DONTWAIT);
    // The kernel notes on the socket that the interface went down and tells the next call, even when it is up again.
    if (sent < 0 && errno == ENETDOWN && !std::exchange(heard_of_down, true)) continue;
    // A kernel (before 6.2) or a driver that does not know such frames: never again on this port.
    if (sent < 0 && vectors_->frames[0] > 1 && !is_state(errno) && errno != ENOBUFS) {
      joins_ = false;
      continue;
    }
    // A refusal after some frames is told only by trying again from there.
    if (sent < 0) {
      result.error = errno == EINTR ? EAGAIN : errno;
      return result;
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(sent); ++i) result.accepted += vectors_->frames[i];
  }
  return result;
}

std::uint32_t PacketSocket::take_lost() const {
  tpacket_stats stats{};
  socklen_t size = sizeof stats;
  if (::getsockopt(fd_.get(), SOL_PACKET, PACKET_STATISTICS, &stats, &size) != 0) return 0;
  return stats.tp_drops;
}

bool PacketSocket::read_address(MacAddress& mac) const {
  sockaddr_ll address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return false;
  // The kernel puts -1 there when the interface goes, and never binds the socket again by itself.
  if (address.sll_ifindex != index_) return false;
  if (address.sll_halen == 6) mac = MacAddress::load(address.sll_addr);
  return true;
}

}  // namespace bondbox::lnx
