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

int add_qdisc(NetlinkSocket& netlink, int index, std::string_view kind) {
  NetlinkMessage message(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, header_for(index, TC_H_INGRESS, qdisc_handle));
  message.add_text(TCA_KIND, kind);
  return netlink.request(message);
}

void remove_qdisc_of(NetlinkSocket& netlink, int index) {
  NetlinkMessage message(RTM_DELQDISC, 0, header_for(index, TC_H_INGRESS, qdisc_handle));
  (void)netlink.request(message);
}

int add_filter(NetlinkSocket& netlink, int index) {
  const sock_filter drop = BPF_STMT(BPF_RET | BPF_K, TC_ACT_SHOT);
  NetlinkMessage message(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, filter_header(index));
  message.add_text(TCA_KIND, "bpf");
  const std::size_t options = message.open(TCA_OPTIONS);
  message.add_u16(TCA_BPF_OPS_LEN, 1);
  message.add(TCA_BPF_OPS, &drop, sizeof drop);
  message.add_u32(TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
  message.close(options);
  return netlink.request(message);
}

bool has_filters(NetlinkSocket& netlink, int index, std::uint32_t parent) {
  bool found = false;
  NetlinkMessage message(RTM_GETTFILTER, 0, header_for(index, parent, 0));
  (void)netlink.dump(
      message, [&] { found = false; },
      [&](const nlmsghdr& answer) {
        tcmsg header{};
        if (read_family(answer, header) && header.tcm_ifindex == index) found = true;
      });
  return found;
}

}  // namespace

std::string_view fence_text(FenceKind kind) noexcept {
  switch (kind) {
    case FenceKind::filter:
      return "ingress filter";
    case FenceKind::settings:
      return "arp_ignore and rp_filter";
    case FenceKind::none:
      break;
  }
  return "none";
}

bool has_ingress_qdisc(NetlinkSocket& netlink, int index) {
  bool found = false;
  NetlinkMessage message(RTM_GETQDISC, 0, header_for(index, 0, 0));
  (void)netlink.dump(
      message, [&] { found = false; },
      [&](const nlmsghdr& answer) {
        tcmsg header{};
        if (read_family(answer, header) && header.tcm_ifindex == index && header.tcm_parent == TC_H_INGRESS)
          found = true;
      });
  return found;
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
  NetlinkMessage message(RTM_DELTFILTER, 0, filter_header(index));
  message.add_text(TCA_KIND, "bpf");
  (void)netlink.request(message);
  if (!remove_qdisc || has_filters(netlink, index, ingress_parent) || has_filters(netlink, index, egress_parent))
    return;
  remove_qdisc_of(netlink, index);
}

}  // namespace bondbox::lnx
