// Addresses, prefixes, spans of time and names as people write them: what is understood is written back so that it is
// understood alike.
#include "firmware/config/duration.hpp"
#include "firmware/config/names.hpp"
#include "firmware/option_table.hpp"
#include "firmware/page/html.hpp"
#include "firmware/page/page.hpp"
#include "firmware/text.hpp"
#include "hal/wire/ip_address.hpp"
#include "hal/wire/mac_address.hpp"
#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/target.hpp"

namespace bondbox::fuzz {
namespace {

template <class T>
void check_both_ways(std::string_view text, const char* what) {
  const auto value = T::parse(text);
  if (!value) return;
  const auto again = T::parse(value->text());
  promise(again && *again == *value, what);
}

void run(wire::Bytes bytes) {
  Input input(bytes);
  const IpAddress address = input.ip(input.flag() ? IpAddress::Family::v4 : IpAddress::Family::v6);
  promise(IpAddress::parse(address.text()) == address, "every address has a text that is read back");
  const MacAddress mac = input.mac();
  promise(MacAddress::parse(mac.text()) == mac, "every Ethernet address has a text that is read back");
  Input all(bytes);
  const std::string text = all.rest_text();
  check_both_ways<IpAddress>(text, "an address is understood alike");
  check_both_ways<IpPrefix>(text, "a prefix is understood alike");
  check_both_ways<MacAddress>(text, "an Ethernet address is understood alike");
  if (const auto span = parse_duration(text)) {
    promise(span->count >= 0 && span->count <= duration_max_ms, "a span is within its limit");
    promise(parse_duration(duration_text(*span)) == span, "a span is understood alike");
  }
  (void)nearest_option(text);
  const std::string folded = wrapped(text);
  promise(folded.empty() || folded.ends_with('\n'), "folded text ends with a newline");
  const std::string markup = page::escaped(text);
  promise(markup.find_first_of("<>\"'") == std::string::npos, "no text becomes markup");
  const page::WebRequest asked = page::read_request("GET", "", text);
  const bool is_refused = asked.wanted == page::WebRequest::Wanted::refused;
  promise(is_refused ? asked.status >= 400 && !asked.why.empty()
                     : asked.bond.empty() || bad_interface_name(asked.bond).empty(),
          "a request is refused with a reason, or asks for what may be a bond");
  const std::string why = bad_interface_name(text);
  promise(!why.empty() || (text.size() <= 15 && !text.empty()), "a name that is taken is short");
}

const Known known("texts", &run);

}  // namespace
}  // namespace bondbox::fuzz
