// The drawing. Lengths across are in pixels from either edge, what lies between is stretched (x2="100%"): so a name is
// as large on a phone as on a desk.
#include "firmware/option_table.hpp"
#include "firmware/page/html.hpp"
#include "firmware/page/picture.hpp"
#include "firmware/text.hpp"

namespace bondbox::page {
namespace {

constexpr int row = 62;
constexpr int top = 10;

/// A port's socket, its cable, and at the far edge what it does. `words` stand below the cable.
void draw_port(std::string& svg, int index, const Look& look, const std::string& name, const std::string& words) {
  const int middle = top + row * index + row / 2;
  const std::string shown = escaped(name);
  append_format(svg, "<g class=\"port %s\" data-port=\"%s\">", look.kind, shown.c_str());
  if (std::string_view(look.kind) == "bad" || std::string_view(look.kind) == "gone") {
    // A cable with a gap and two loose ends.
    append_format(
        svg,
        "<line class=\"cable\" x1=\"124\" y1=\"%d\" x2=\"50%%\" y2=\"%d\"/><line class=\"cable\" x1=\"56%%\" y1=\"%d\" "
        "x2=\"99%%\" y2=\"%d\"/><circle class=\"end\" cx=\"50%%\" cy=\"%d\" r=\"4\"/><circle class=\"end\" "
        "cx=\"56%%\" "
        "cy=\"%d\" r=\"4\"/>",
        middle, middle, middle, middle, middle, middle);
  } else {
    append_format(svg, "<line class=\"cable\" x1=\"124\" y1=\"%d\" x2=\"99%%\" y2=\"%d\"/>", middle, middle);
  }
  append_format(svg,
                "<rect class=\"jack\" x=\"103\" y=\"%d\" width=\"24\" height=\"20\" rx=\"3\"/><path class=\"pins\" "
                "d=\"M109 %dv5m4-5v5m4-5v5m4-5v5\"/>",
                middle - 10, middle - 6);
  append_format(svg, "<text class=\"name%s\" x=\"136\" y=\"%d\">%s</text>", name.size() > 8 ? " long" : "", middle - 17,
                shown.c_str());
  append_format(svg, "<text class=\"note\" x=\"136\" y=\"%d\">%s</text>", middle + 23, words.c_str());
  append_format(svg,
                "<svg class=\"edge\" x=\"100%%\" y=\"%d\"><text class=\"note rate\" x=\"-122\" y=\"23\"></text><rect "
                "class=\"far\" x=\"-113\" "
                "y=\"-14\" width=\"112\" height=\"28\" rx=\"8\"/><use href=\"#g-%s\" x=\"-104\" y=\"-8\" width=\"16\" "
                "height=\"16\"/><text class=\"word\" x=\"-82\" y=\"5\">%s</text></svg></g>",
                middle, look.kind, look.word);
}

}  // namespace

std::string speed_text(std::uint32_t mbps) {
  if (mbps == 0) return {};
  if (mbps < 1000) return format("%u Mbit/s", mbps);
  return mbps % 1000 == 0 ? format("%u Gbit/s", mbps / 1000) : format("%u.%u Gbit/s", mbps / 1000, mbps % 1000 / 100);
}

std::string draw_wiring(const BondStatus& bond) {
  const int ports = static_cast<int>(bond.ports.size() + bond.awaited.size());
  const int height = 2 * top + row * (ports == 0 ? 1 : ports);
  std::string told = bond.name + ": ";
  for (const PortStatus& port : bond.ports) told += port.name + " " + look_of(bond, port).word + ", ";
  for (const AwaitedStatus& port : bond.awaited) told += port.name + " " + look_of_awaited.word + ", ";
  told.resize(told.size() - 2);

  std::string svg = format("<svg class=\"wiring\" role=\"img\" aria-label=\"%s\" width=\"100%%\" height=\"%d\">",
                           escaped(told).c_str(), height);
  append_format(svg, "<rect class=\"host %s\" x=\"1\" y=\"1\" width=\"114\" height=\"%d\" rx=\"10\"/>",
                look_of(bond).kind, height - 2);
  append_format(svg,
                "<text class=\"name%s\" x=\"13\" y=\"%d\">%s</text><text class=\"note\" x=\"13\" y=\"%d\">%s</text>",
                bond.name.size() > 8 ? " long" : "", height / 2 - 2, escaped(bond.name).c_str(), height / 2 + 15,
                mode_name(bond.options.mode));
  int index = 0;
  for (const PortStatus& port : bond.ports) {
    std::string words = port.link == LinkState::down ? std::string() : speed_text(port.speed_mbps);
    if (port.duplex == Duplex::half && !words.empty()) words += " half duplex";
    draw_port(svg, index++, look_of(bond, port), port.name, words);
  }
  for (const AwaitedStatus& port : bond.awaited) draw_port(svg, index++, look_of_awaited, port.name, "");
  return svg + "</svg>";
}

}  // namespace bondbox::page
