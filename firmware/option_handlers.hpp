// The options whose writing does more than store a number. Private to option_table.cpp and option_list.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "firmware/option_table.hpp"

namespace bondbox::option_handlers {

Outcome write_mode(OptionTarget& target, std::int64_t value);

Outcome write_offload(OptionTarget& target, std::int64_t value);

Outcome write_monitor(OptionTarget& target, std::string_view text);
std::string read_monitor(const OptionTarget& target);
Outcome write_flap_suppress(OptionTarget& target, std::int64_t value);
Outcome write_flap_reuse(OptionTarget& target, std::int64_t value);

Outcome write_unmonitored(OptionTarget& target, std::int64_t value);
Outcome write_miimon(OptionTarget& target, std::int64_t value);
Outcome write_arp_interval(OptionTarget& target, std::int64_t value);
Outcome write_updelay(OptionTarget& target, std::int64_t value);
Outcome write_downdelay(OptionTarget& target, std::int64_t value);
Outcome write_peer_notif_delay(OptionTarget& target, std::int64_t value);
std::int64_t read_updelay(const OptionTarget& target);
std::int64_t read_downdelay(const OptionTarget& target);
std::int64_t read_peer_notif_delay(const OptionTarget& target);

Outcome write_arp_ip_target(OptionTarget& target, std::string_view text);
Outcome write_ns_ip6_target(OptionTarget& target, std::string_view text);
std::string read_arp_ip_target(const OptionTarget& target);
std::string read_ns_ip6_target(const OptionTarget& target);

Outcome write_slaves(OptionTarget& target, std::string_view text);
std::string read_slaves(const OptionTarget& target);
Outcome write_primary(OptionTarget& target, std::string_view text);
std::string read_primary(const OptionTarget& target);
Outcome write_active_slave(OptionTarget& target, std::string_view text);
std::string read_active_slave(const OptionTarget& target);

Outcome write_queue_id(OptionTarget& target, std::string_view text);
std::string read_queue_id(const OptionTarget& target);
Outcome write_prio(OptionTarget& target, std::string_view text);
std::string read_prio(const OptionTarget& target);
Outcome write_actor_port_prio(OptionTarget& target, std::string_view text);
std::string read_actor_port_prio(const OptionTarget& target);

Outcome write_ad_actor_system(OptionTarget& target, std::string_view text);
std::string read_ad_actor_system(const OptionTarget& target);

}  // namespace bondbox::option_handlers

namespace bondbox {

/// Modes with an active port.
inline constexpr ModeSet active_port_modes =
    only(Mode::active_backup) | only(Mode::balance_tlb) | only(Mode::balance_alb);

/// Digits with an optional minus; nullopt: something else, or beyond 64 bits.
std::optional<std::int64_t> parse_integer(std::string_view text);

/// "miimon cannot be "abc" (allowed values 0 - 2147483647)".
std::string refusal(const OptionInfo& option, std::string_view value);

}  // namespace bondbox
