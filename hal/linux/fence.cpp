#include "hal/linux/fence.hpp"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>

#include <cerrno>

namespace bondbox::lnx {
namespace {

// Lower preferences run first, and a filter before ours could let frames through. Preferences that tc picks by itself
// begin at 49152; people like 1 to 10.
constexpr std::uint32_t filter_preference = 11;
constexpr std::uint32_t filter_handle = 0xb0bd;
// On bond0's egress behind everybody else: what a person's filter drops or marks is dropped and marked first.
constexpr std::uint32_t egress_preference = 0xfff0;
constexpr std::uint32_t ingress_parent = 0xfffffff2;  // TC_H_CLSACT with TC_H_MIN_INGRESS; sch_ingress takes it too
constexpr std::uint32_t egress_parent = 0xfffffff3;   // TC_H_CLSACT with TC_H_MIN_EGRESS
constexpr std::uint32_t qdisc_handle = 0xffff0000;

tcmsg header_for(int index, std::uint32_t parent, std::uint32_t handle) {
  tcmsg header{};
  header.tcm_ifindex = index;
  header.tcm_parent = parent;
  header.tcm_handle = handle;
  return header;
}

tcmsg filter_header(int index) {
  tcmsg header = header_for(index, ingress_parent, filter_handle);
  header.tcm_info = TC_H_MAKE(filter_preference << 16, htons(ETH_P_ALL));
  return header;
}

tcmsg egress_header(int index) {
  tcmsg header = header_for(index, egress_parent, filter_handle);
  header.tcm_info = TC_H_MAKE(egress_preference << 16, htons(ETH_P_ALL));
  return header;
}

int add_qdisc(NetlinkSocket& netlink, int index, std::string_view kind) {
  NetlinkMessage message(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, header_for(index, TC_H_INGRESS, qdisc_handle));
  message.add_text(TCA_KIND, kind);
  return netlink.request(message);
}

void remove_qdisc_of(NetlinkSocket& netlink, int index) {
  NetlinkMessage message(RTM_DELQDISC, 0, header_for(index, TC_H_INGRESS, qdisc_handle));
  (void)netlink.request(message);
}

/// `program`: of type SCHED_CLS; below 0: the one instruction that drops every frame.
int put_filter(NetlinkSocket& netlink, const tcmsg& header, std::uint16_t flags, int program) {
  const sock_filter drop = BPF_STMT(BPF_RET | BPF_K, TC_ACT_SHOT);
  NetlinkMessage message(RTM_NEWTFILTER, flags, header);
  message.add_text(TCA_KIND, "bpf");
  const std::size_t options = message.open(TCA_OPTIONS);
  if (program >= 0) {
    message.add_u32(TCA_BPF_FD, static_cast<std::uint32_t>(program));
    message.add_text(TCA_BPF_NAME, "bondbox");
  } else {
    message.add_u16(TCA_BPF_OPS_LEN, 1);
    message.add(TCA_BPF_OPS, &drop, sizeof drop);
  }
  message.add_u32(TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
  message.close(options);
  return netlink.request(message);
}

int add_filter(NetlinkSocket& netlink, int index) {
  return put_filter(netlink, filter_header(index), NLM_F_CREATE | NLM_F_EXCL, -1);
}

int raise_program(NetlinkSocket& netlink, const tcmsg& header, int program, bool& made_qdisc) {
  const int made = add_qdisc(netlink, header.tcm_ifindex, "clsact");
  if (made != 0 && made != EEXIST) return made;
  made_qdisc = made == 0;
  const int error = put_filter(netlink, header, NLM_F_CREATE | NLM_F_REPLACE, program);
  if (error != 0 && made_qdisc) remove_qdisc_of(netlink, header.tcm_ifindex);
  return error;
}

/// Whether the dump that `message` asks for holds one of the interface that `fits` (its header, its message).
template <class Fits>
bool dump_holds(NetlinkSocket& netlink, NetlinkMessage& message, int index, Fits fits) {
  bool found = false;
  (void)netlink.dump(
      message, [&] { found = false; },
      [&](const nlmsghdr& answer) {
        tcmsg header{};
        if (read_family(answer, header) && header.tcm_ifindex == index && fits(header, answer)) found = true;
      });
  return found;
}

bool has_filters(NetlinkSocket& netlink, int index, std::uint32_t parent) {
  NetlinkMessage message(RTM_GETTFILTER, 0, header_for(index, parent, 0));
  return dump_holds(netlink, message, index, [](const tcmsg&, const nlmsghdr&) { return true; });
}

void remove_placed(NetlinkSocket& netlink, const tcmsg& header, bool remove_qdisc) {
  const int index = header.tcm_ifindex;
  NetlinkMessage message(RTM_DELTFILTER, 0, header);
  message.add_text(TCA_KIND, "bpf");
  (void)netlink.request(message);
  if (!remove_qdisc || has_filters(netlink, index, ingress_parent) || has_filters(netlink, index, egress_parent))
    return;
  remove_qdisc_of(netlink, index);
}

}  // namespace

bool has_ingress_qdisc(NetlinkSocket& netlink, int index) {
  NetlinkMessage message(RTM_GETQDISC, 0, header_for(index, 0, 0));
  return dump_holds(netlink, message, index,
                    [](const tcmsg& header, const nlmsghdr&) { return header.tcm_parent == TC_H_INGRESS; });
}

bool has_own_qdisc(NetlinkSocket& netlink, int index) {
  NetlinkMessage message(RTM_GETQDISC, 0, header_for(index, 0, 0));
  return dump_holds(netlink, message, index, [](const tcmsg& header, const nlmsghdr& answer) {
    if (header.tcm_parent == TC_H_INGRESS || header.tcm_handle == 0) return false;
    return Attributes(answer, sizeof header).text(TCA_KIND) != "noqueue";
  });
}

int make_room_for_filters(NetlinkSocket& netlink, int index) {
  const int error = add_qdisc(netlink, index, "clsact");
  return error == EEXIST ? 0 : error;
}

int raise_filter(NetlinkSocket& netlink, int index) {
  int error = add_qdisc(netlink, index, "clsact");
  if (error != 0 && error != EEXIST && error != EPERM) error = add_qdisc(netlink, index, "ingress");
  if (error != 0 && error != EEXIST) return error;
  const bool made_qdisc = error == 0;
  error = add_filter(netlink, index);
  if (error == EEXIST) return 0;
  if (error != 0 && made_qdisc) remove_qdisc_of(netlink, index);
  return error;
}

void remove_filter(NetlinkSocket& netlink, int index, bool remove_qdisc) {
  remove_placed(netlink, filter_header(index), remove_qdisc);
}

int put_program_in_fence(NetlinkSocket& netlink, int index, int program) {
  return put_filter(netlink, filter_header(index), NLM_F_CREATE | NLM_F_REPLACE, program);
}

int put_back_fence(NetlinkSocket& netlink, int index) {
  return put_program_in_fence(netlink, index, -1);
}

int raise_ingress_program(NetlinkSocket& netlink, int index, int program, bool& made_qdisc) {
  return raise_program(netlink, filter_header(index), program, made_qdisc);
}

int raise_egress_program(NetlinkSocket& netlink, int index, int program) {
  bool made_qdisc = false;
  return raise_program(netlink, egress_header(index), program, made_qdisc);
}

bool has_egress_program(NetlinkSocket& netlink, int index) {
  NetlinkMessage message(RTM_GETTFILTER, 0, header_for(index, egress_parent, 0));
  return dump_holds(netlink, message, index, [](const tcmsg& header, const nlmsghdr&) {
    return TC_H_MAJ(header.tcm_info) >> 16 == egress_preference;
  });
}

void remove_egress_program(NetlinkSocket& netlink, int index) {
  remove_placed(netlink, egress_header(index), false);
}

}  // namespace bondbox::lnx
