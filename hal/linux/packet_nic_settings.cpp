// What a port's interface is set to: address, MTU, up or, for a while, down.
#include <net/if.h>

#include <cerrno>

#include "hal/linux/packet_nic.hpp"

namespace bondbox::lnx {

Outcome PacketNic::set_mac(MacAddress mac) {
  if (!is_there()) return gone();
  if (!mac.is_station())
    return Outcome::failed(EADDRNOTAVAIL,
                           mac.text() + " is not the address of a station, so " + name_ + " cannot have it");
  if (mac == mac_) return Outcome::done();
  claim_.before_change(mac_, mac);
  const int error = context_->interfaces.set_mac(index_, mac);
  if (error == ENODEV) return gone();
  if (error != 0) return refused(error, "refuses the MAC");
  mac_ = mac;
  return Outcome::done();
}

Outcome PacketNic::set_mtu(std::uint32_t mtu) {
  if (!is_there()) return gone();
  if (mtu == mtu_) return Outcome::done();
  claim_.before_change(mtu_, mtu);
  const int error = context_->interfaces.set_mtu(index_, mtu);
  if (error == ENODEV) return gone();
  if (error != 0) return refused(error, "refuses the MTU");
  mtu_ = mtu;
  return Outcome::done();
}

Outcome PacketNic::set_away(Away how) {
  if (!is_there()) return gone();
  const bool down = how == Away::down;
  if (down && away_ != Away::down) {
    if (const int error = claim_.note_set_down(true); error != 0)
      return refused(error, "is not set down, because that cannot be noted for the next start");
  }
  if (down || away_ == Away::down) {
    const int error = context_->interfaces.set_flags(index_, down ? 0U : static_cast<std::uint32_t>(IFF_UP), IFF_UP);
    if (error == ENODEV) return gone();
    if (error != 0) return refused(error, down ? "cannot be set down" : "cannot be set up");
  }
  if (!down) (void)claim_.note_set_down(false);
  away_ = how;
  return Outcome::done();
}

}  // namespace bondbox::lnx
