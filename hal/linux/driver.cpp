#include "hal/linux/driver.hpp"

#include <linux/ethtool.h>
#include <linux/mii.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace bondbox::lnx {
namespace {

/// False when the name is too long to be one.
bool fill_name(ifreq& request, std::string_view name) {
  if (name.size() >= sizeof request.ifr_name) return false;
  std::memcpy(request.ifr_name, name.data(), name.size());
  return true;
}

int ethtool(int fd, std::string_view name, void* command) {
  ifreq request{};
  if (!fill_name(request, name)) return -ENODEV;
  request.ifr_data = static_cast<char*>(command);
  return ::ioctl(fd, SIOCETHTOOL, &request) == 0 ? 0 : -errno;
}

LinkSpeed to_speed(std::uint32_t speed, std::uint8_t duplex) {
  LinkSpeed result;
  // SPEED_UNKNOWN is -1; old drivers say it in 16 bits.
  if (speed != static_cast<std::uint32_t>(SPEED_UNKNOWN) && speed != 0xffff) result.speed_mbps = speed;
  if (duplex == DUPLEX_FULL) result.duplex = Duplex::full;
  if (duplex == DUPLEX_HALF) result.duplex = Duplex::half;
  return result;
}

}  // namespace

int Driver::open() {
  fd_ = UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd_.valid()) fd_ = UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return fd_.valid() ? 0 : errno;
}

int Driver::ethtool_link(std::string_view name) const {
  ethtool_value value{};
  value.cmd = ETHTOOL_GLINK;
  if (const int error = ethtool(fd_.get(), name, &value); error != 0) return error;
  return value.data != 0 ? 1 : 0;
}

int Driver::mii_link(std::string_view name) const {
  ifreq request{};
  if (!fill_name(request, name)) return -ENODEV;
  if (::ioctl(fd_.get(), SIOCGIFFLAGS, &request) != 0) return -errno;
  // Many drivers refuse PHY access while down; that is no reason to stop believing their registers.
  if ((request.ifr_flags & IFF_UP) == 0) return 0;
  // The registers travel inside the ifreq itself, in place of the address.
  mii_ioctl_data registers{};
  request.ifr_data = nullptr;
  if (::ioctl(fd_.get(), SIOCGMIIPHY, &request) != 0) return -errno;
  std::array<std::uint16_t, 2> status{};
  for (std::uint16_t& value : status) {
    std::memcpy(&registers, &request.ifr_ifru, sizeof registers);
    registers.reg_num = MII_BMSR;
    std::memcpy(&request.ifr_ifru, &registers, sizeof registers);
    if (::ioctl(fd_.get(), SIOCGMIIREG, &request) != 0) return -errno;
    std::memcpy(&registers, &request.ifr_ifru, sizeof registers);
    value = registers.val_out;
  }
  return link_from_bmsr(status[0], status[1]);
}

bool Driver::is_set_up(std::string_view name) const {
  ifreq request{};
  if (!fill_name(request, name) || ::ioctl(fd_.get(), SIOCGIFFLAGS, &request) != 0) return true;
  return (request.ifr_flags & IFF_UP) != 0;
}

LinkSpeed Driver::speed(std::string_view name, int& mask_words) const {
  // Room for the three link mode bitmaps behind the fixed part, at the most words that their count can say.
  constexpr std::size_t size_max = sizeof(ethtool_link_settings) + 3 * 127 * sizeof(std::uint32_t);
  // Twice: the kernel first only tells how many words it wants, as a negative number.
  for (int attempt = 0; attempt < 2; ++attempt) {
    alignas(ethtool_link_settings) std::array<std::uint8_t, size_max> bytes{};
    ethtool_link_settings settings{};
    settings.cmd = ETHTOOL_GLINKSETTINGS;
    settings.link_mode_masks_nwords = static_cast<std::int8_t>(mask_words);
    std::memcpy(bytes.data(), &settings, sizeof settings);
    if (ethtool(fd_.get(), name, bytes.data()) != 0) break;
    std::memcpy(&settings, bytes.data(), sizeof settings);
    if (settings.link_mode_masks_nwords >= 0) return to_speed(settings.speed, settings.duplex);
    mask_words = -settings.link_mode_masks_nwords;
  }
  ethtool_cmd legacy{};
  legacy.cmd = ETHTOOL_GSET;
  if (ethtool(fd_.get(), name, &legacy) != 0) return {};
  return to_speed(ethtool_cmd_speed(&legacy), legacy.duplex);
}

MacAddress Driver::permanent_mac(std::string_view name) const {
  constexpr std::size_t address_max = 32;
  alignas(ethtool_perm_addr) std::array<std::uint8_t, sizeof(ethtool_perm_addr) + address_max> bytes{};
  ethtool_perm_addr request{};
  request.cmd = ETHTOOL_GPERMADDR;
  request.size = address_max;
  std::memcpy(bytes.data(), &request, sizeof request);
  if (ethtool(fd_.get(), name, bytes.data()) != 0) return {};
  std::memcpy(&request, bytes.data(), sizeof request);
  if (request.size != 6) return {};
  const MacAddress mac = MacAddress::load(bytes.data() + sizeof request);
  return mac.is_station() ? mac : MacAddress{};
}

std::string Driver::current_name(int index) const {
  ifreq request{};
  request.ifr_ifindex = index;
  if (::ioctl(fd_.get(), SIOCGIFNAME, &request) != 0) return {};
  return std::string(request.ifr_name, ::strnlen(request.ifr_name, sizeof request.ifr_name));
}

std::uint32_t Driver::mtu(std::string_view name) const {
  ifreq request{};
  if (!fill_name(request, name) || ::ioctl(fd_.get(), SIOCGIFMTU, &request) != 0) return 0;
  return static_cast<std::uint32_t>(request.ifr_mtu);
}

std::uint64_t Driver::namespace_inode() const {
  const UniqueFd own(::ioctl(fd_.get(), SIOCGSKNS));
  struct stat status {};
  if (!own.valid() || ::fstat(own.get(), &status) != 0) return 0;
  return status.st_ino;
}

}  // namespace bondbox::lnx
