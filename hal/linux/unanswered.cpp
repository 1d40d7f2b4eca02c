#include "hal/linux/unanswered.hpp"

#include <linux/neighbour.h>

#include "hal/linux/netlink.hpp"
#include "hal/wire/fixed_vector.hpp"
#include "hal/wire/ip_address.hpp"

namespace bondbox::lnx {

void forget_unanswered_questions(NetlinkSocket& netlink, int index) {
  struct Question {
    std::uint8_t family = 0;
    IpAddress address;
  };
  FixedVector<Question, 256> questions;
  NetlinkMessage message(RTM_GETNEIGH, 0, ndmsg{});
  const int error = netlink.dump(
      message, [&] { questions.clear(); },
      [&](const nlmsghdr& answer) {
        ndmsg header{};
        if (!read_family(answer, header) || header.ndm_ifindex != index || header.ndm_state != NUD_INCOMPLETE) return;
        const wire::Bytes address = Attributes(answer, sizeof header).bytes(NDA_DST);
        if (address.size() == 4 || address.size() == 16)
          questions.push_back({header.ndm_family, IpAddress::from_bytes(address)});
      });
  if (error != 0) return;  // then they wait
  for (const Question& question : questions) {
    ndmsg header{};
    header.ndm_family = question.family;
    header.ndm_ifindex = index;
    NetlinkMessage removal(RTM_DELNEIGH, 0, header);
    removal.add_bytes(NDA_DST, question.address.bytes());
    (void)netlink.request(removal);  // answered meanwhile, or given up
  }
}

}  // namespace bondbox::lnx
