#include "firmware/announcer.hpp"

#include "hal/wire/arp.hpp"
#include "hal/wire/nd.hpp"

namespace bondbox {

std::size_t announce_peers(const HostPort& host, const std::function<void(wire::Bytes)>& send) {
  std::size_t count = 0;
  for (const HostAddress& at : host.addresses()) {
    if (!at.address.is_v4()) continue;
    send(wire::build_gratuitous_arp(at.mac, at.address, at.vlan));
    ++count;
  }
  for (const HostAddress& at : host.addresses()) {
    if (at.address.is_v4()) continue;
    send(wire::build_unsolicited_na(at.mac, at.address, at.router, at.vlan));
    ++count;
  }
  return count;
}

}  // namespace bondbox
