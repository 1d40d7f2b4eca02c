// The MAC in the socket addresses that libpcap lists for an interface, read byte by byte so that no system header is
// needed and both layouts can be tested anywhere.
#pragma once

#include <cstddef>
#include <optional>

#include "hal/wire/bytes.hpp"
#include "hal/wire/mac_address.hpp"

namespace bondbox::pcapio {

/// Linux's struct sockaddr_ll (packet(7)): halen at 11, the address at 12. `bytes` as far as they may be read.
constexpr std::optional<MacAddress> mac_in_sockaddr_ll(wire::Bytes bytes) noexcept {
  constexpr std::size_t length_at = 11;
  constexpr std::size_t address_at = 12;
  if (bytes.size() < address_at + 6 || bytes[length_at] != 6) return std::nullopt;
  return MacAddress::load(bytes.data() + address_at);
}

/// BSD's struct sockaddr_dl (link_addr(3)): nlen at 5, alen at 6, the name and then the address from 8 on.
constexpr std::optional<MacAddress> mac_in_sockaddr_dl(wire::Bytes bytes) noexcept {
  constexpr std::size_t name_at = 8;
  if (bytes.size() < name_at || bytes[6] != 6) return std::nullopt;
  const std::size_t address_at = name_at + bytes[5];
  if (bytes.size() < address_at + 6) return std::nullopt;
  return MacAddress::load(bytes.data() + address_at);
}

}  // namespace bondbox::pcapio
