// `bondbox ifenslave`, and bondbox called as ifenslave.
#include "firmware/ifenslave.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "firmware/cli/cli.hpp"
#include "firmware/control_client.hpp"
#include "firmware/control_protocol.hpp"
#include "firmware/text.hpp"
#include "hal/linux/interfaces.hpp"

namespace bondbox::cli {
namespace {

constexpr std::uint32_t flag_up = 1;  // IFF_UP

std::string from_environment(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : std::string();
}

std::string description(const lnx::InterfaceInfo& info, const std::vector<lnx::InterfaceAddress>& addresses) {
  std::string text = format("%-15s hwaddr %s mtu %u flags 0x%x %s%s\n", info.name.c_str(), info.mac.text().c_str(),
                            info.mtu, info.flags, (info.flags & flag_up) != 0 ? "up" : "down",
                            (info.flags & flag_up) != 0 && !info.carrier ? ", no carrier" : "");
  for (const lnx::InterfaceAddress& address : addresses)
    if (address.index == info.index) text += "                addr " + address.prefix.text() + "\n";
  return text;
}

std::optional<std::string> describe(std::string_view name) {
  lnx::Interfaces interfaces;
  std::vector<lnx::InterfaceInfo> all;
  std::vector<lnx::InterfaceAddress> addresses;
  if (interfaces.open() != 0 || interfaces.list(all) != 0) return std::nullopt;
  (void)interfaces.list_addresses(addresses);
  std::optional<std::string> text;
  for (const lnx::InterfaceInfo& info : all)
    if (name.empty() || info.name == name) text = text.value_or("") + description(info, addresses);
  return text;
}

std::optional<bool> is_up(std::string_view name) {
  lnx::Interfaces interfaces;
  lnx::InterfaceInfo info;
  if (interfaces.open() != 0 || interfaces.find(name, info) != 0) return std::nullopt;
  return (info.flags & flag_up) != 0;
}

}  // namespace

int linger_ms() {
  const std::string wanted = from_environment("BONDBOX_LINGER_MS");
  int number = linger_default_ms;
  if (!wanted.empty()) (void)std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
  return number;
}

int ifenslave(const Invocation& invocation) {
  ifenslave::Machine machine;
  machine.ask = [&](std::span<const std::string> words) {
    return control::ask(invocation.run_dir + "/" + control::socket_name, words);
  };
  machine.describe = describe;
  machine.is_up = is_up;
  // ifup and ifdown tell the commands of a stanza, and hooks, what they are doing.
  if (from_environment("MODE") == "stop") machine.going_down = from_environment("IFACE");
  machine.linger_ms = linger_ms();

  std::span<const std::string> words = invocation.words;
  auto form = from_environment("BONDBOX_IFENSLAVE") == "busybox" ? ifenslave::Form::busybox : ifenslave::Form::classic;
  if (!words.empty() && words[0] == "--busybox") {
    form = ifenslave::Form::busybox;
    words = words.subspan(1);
  }
  const ifenslave::Ending ending = ifenslave::run(words, form, machine);
  std::fputs(ending.out.c_str(), stdout);
  std::fflush(stdout);
  std::fputs(ending.err.c_str(), stderr);
  return ending.exit_status;
}

}  // namespace bondbox::cli
