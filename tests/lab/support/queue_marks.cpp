#include "tests/lab/support/queue_marks.hpp"

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <stdexcept>

#include "hal/linux/netlink.hpp"

namespace bondbox::lab {
namespace {

lnx::UniqueFd load_classifier() {
  constexpr std::uint8_t context = BPF_REG_1;
  constexpr std::uint8_t value = BPF_REG_2;
  constexpr auto mark = static_cast<std::int16_t>(offsetof(__sk_buff, mark));
  constexpr auto queue = static_cast<std::int16_t>(offsetof(__sk_buff, queue_mapping));
  const std::array<bpf_insn, 4> program{bpf_insn{BPF_LDX | BPF_MEM | BPF_W, value, context, mark, 0},
                                        bpf_insn{BPF_STX | BPF_MEM | BPF_W, context, value, queue, 0},
                                        bpf_insn{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, TC_ACT_OK},
                                        bpf_insn{BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  bpf_attr request{};
  request.prog_type = BPF_PROG_TYPE_SCHED_CLS;
  request.insns = reinterpret_cast<std::uintptr_t>(program.data());
  request.insn_cnt = program.size();
  request.license = reinterpret_cast<std::uintptr_t>("");
  return lnx::UniqueFd(static_cast<int>(::syscall(SYS_bpf, BPF_PROG_LOAD, &request, sizeof request)));
}

}  // namespace

std::string queue_by_mark(const Namespace& space, const std::string& interface) {
  const Namespace::Stay inside(space);
  if (!space.run("tc qdisc add dev " + interface + " root handle 1: htb").ok()) return "this kernel has no HTB";
  const lnx::UniqueFd classifier = load_classifier();
  if (!classifier.valid()) return std::string("no classifier can be loaded: ") + std::strerror(errno);
  lnx::NetlinkSocket netlink;
  if (netlink.open() != 0) return "no netlink";
  tcmsg header{};
  header.tcm_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
  header.tcm_parent = TC_H_MAKE(1u << 16, 0u);
  header.tcm_info = TC_H_MAKE(1u << 16, htons(ETH_P_ALL));
  lnx::NetlinkMessage message(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, header);
  message.add_text(TCA_KIND, "bpf");
  const std::size_t options = message.open(TCA_OPTIONS);
  message.add_u32(TCA_BPF_FD, static_cast<std::uint32_t>(classifier.get()));
  message.add_text(TCA_BPF_NAME, "mark");
  message.add_u32(TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
  message.close(options);
  const int error = netlink.request(message);
  return error == 0 ? std::string() : std::string("no classifier can be attached: ") + std::strerror(error);
}

void send_marked(const Namespace& space, const char* address, std::uint16_t port, int mark, int count) {
  const Namespace::Stay inside(space);
  sockaddr_in there{};
  there.sin_family = AF_INET;
  there.sin_port = htons(port);
  ::inet_pton(AF_INET, address, &there.sin_addr);
  for (int i = 0; i < count; ++i) {
    const lnx::UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (::setsockopt(fd.get(), SOL_SOCKET, SO_MARK, &mark, sizeof mark) != 0)
      throw std::runtime_error("cannot mark a socket");
    (void)::sendto(fd.get(), "queue", 5, 0, reinterpret_cast<const sockaddr*>(&there), sizeof there);
  }
}

}  // namespace bondbox::lab
