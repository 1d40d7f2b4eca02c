// Messages of the kernel about interfaces, addresses and routes, as no kernel would send them: attributes lie within
// their message, and names that are taken are names.
#include <cstring>
#include <vector>

#include "hal/linux/interfaces.hpp"
#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/target.hpp"

namespace bondbox::fuzz {
namespace {

void read(const nlmsghdr& message, wire::Bytes whole) {
  const lnx::Attributes attributes(message, sizeof(ifinfomsg));
  for (std::uint16_t type = 0; type < 100; ++type) {
    promise(lies_within(attributes.bytes(type), whole), "an attribute lies within its message");
    (void)attributes.u32(type);
    (void)attributes.u16(type);
    (void)attributes.u8(type);
    const std::string_view text = attributes.text(type);
    promise(text.size() <= attributes.bytes(type).size() && text.find('\0') == std::string_view::npos,
            "a text ends where it says");
    const lnx::Attributes nested(attributes.bytes(type));
    for (std::uint16_t inner = 0; inner < 8; ++inner)
      promise(lies_within(nested.bytes(inner), attributes.bytes(type)), "a nested attribute lies within its own");
  }
  lnx::InterfaceInfo info;
  if (lnx::parse_interface(message, info)) promise(info.vlan.value < 4096, "a VLAN has twelve bits");
  lnx::InterfaceAddress address;
  if (lnx::parse_address(message, address))
    promise(address.prefix.length <= (address.prefix.address.is_v4() ? 32 : 128),
            "a prefix is no longer than an address");
  lnx::RouteInfo route;
  (void)lnx::parse_route(message, route);
}

void run(wire::Bytes bytes) {
  if (bytes.size() < sizeof(nlmsghdr) || bytes.size() > 4096) return;
  // The socket hands on what NLMSG_OK lets through, aligned.
  const std::unique_ptr<nlmsghdr[]> memory(new nlmsghdr[bytes.size() / sizeof(nlmsghdr) + 1]);
  const std::size_t size = bytes.size() / sizeof(nlmsghdr) * sizeof(nlmsghdr);
  std::memcpy(memory.get(), bytes.data(), size);
  nlmsghdr& message = memory[0];
  constexpr std::uint16_t types[] = {RTM_NEWLINK, RTM_DELLINK, RTM_NEWADDR, RTM_DELADDR, RTM_NEWROUTE, NLMSG_ERROR};
  message.nlmsg_type = types[message.nlmsg_type % std::size(types)];
  if (message.nlmsg_len > size || message.nlmsg_len < sizeof(nlmsghdr)) message.nlmsg_len = static_cast<__u32>(size);
  // Nothing may be read behind the message.
  const std::size_t length = message.nlmsg_len;
  const std::unique_ptr<std::uint8_t[]> exact(new std::uint8_t[length]);
  std::memcpy(exact.get(), memory.get(), length);
  read(*reinterpret_cast<const nlmsghdr*>(exact.get()), {exact.get(), length});
}

const Known known("netlink", &run);

}  // namespace
}  // namespace bondbox::fuzz
