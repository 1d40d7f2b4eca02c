// A NIC by libpcap: the fallback for platforms that hal/linux does not know. It keeps the contract of hal/nic.hpp as
// far as libpcap reaches:
//   - The interface must be up already (ENETDOWN otherwise) and is not fenced off from the host's own stack.
//   - Whether it is the member of a bond or bridge cannot be seen. EBUSY is answered within one PcapNics only.
//   - MAC and MTU cannot be set (EOPNOTSUPP): use fail_over_mac=active. mtu() is Ethernet's 1500, whatever it really
//   is;
//     what the system finds too long is refused with EMSGSIZE all the same.
//   - The interface is promiscuous from opening on; set_promiscuous() decides what receive() lets through.
//   - No offload is received: a frame whose checksum the sender left to hardware that is not there (a veth, a local
//     virtual machine) comes in with that checksum wrong. Offload on transmit is done by the CPU.
//   - link() lists the system's interfaces, which takes some 100 us: poll at 100 ms, not at 1 ms. Speed and duplex are
//     unknown. transmit() refuses for want of a link by what link() said last: systems drop such frames silently.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "hal/nic.hpp"
#include "hal/outcome.hpp"

namespace bondbox::pcapio {

/// Opens NICs and knows which are open. The NICs may outlive it.
class PcapNics {
 public:
  using Claims = std::set<std::string, std::less<>>;

  /// As Hardware::open_nic; also ENETDOWN when the interface is down, EIO with libpcap's own words.
  Result<std::unique_ptr<Nic>> open_nic(std::string_view name);

 private:
  std::shared_ptr<Claims> claims_ = std::make_shared<Claims>();
};

}  // namespace bondbox::pcapio
