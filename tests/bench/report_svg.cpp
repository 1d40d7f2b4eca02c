// The picture: a group of bars for each figure, one bar for each contestant, a line where the bare cable is. All
// colours lie in the middle between black and white, so that one file serves white and dark pages.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tests/bench/results.hpp"

namespace bondbox::bench {
namespace {

constexpr double width = 860;
constexpr double margin = 10;
constexpr double label_width = 210;
constexpr double value_width = 60;
constexpr double plot_width = width - label_width - value_width;
constexpr double bar_height = 15;
constexpr double group_gap = 12;
constexpr std::string_view ink = "#7a7f87";

struct Panel {
  std::string_view title;
  std::vector<Measure> measures;
};

std::string_view colour_of(std::string_view key) {
  if (key == "packet") return "#2f81d6";
  if (key == "bpf") return "#2a9d62";
  if (key == "ovs") return "#d98e2b";
  if (key == "dpdk") return "#b5589b";
  if (key == "kernel") return "#c2583c";
  return "#7a7f87";
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

std::string number(double value, int decimals = 1) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

std::string words(double x, double y, std::string_view anchor, double size, std::string_view text,
                  std::string_view extra = "") {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + std::string(anchor) +
         "\" font-size=\"" + number(size, 0) + "\" fill=\"" + std::string(ink) + "\"" + std::string(extra) + ">" +
         escaped(text) + "</text>\n";
}

std::string rectangle(double x, double y, double w, double h, std::string_view colour) {
  return "<rect x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number(std::max(w, 1.0)) + "\" height=\"" +
         number(h) + "\" rx=\"1.5\" fill=\"" + std::string(colour) + "\"/>\n";
}

/// All but the bare cable, with something to show.
std::vector<const Contestant*> shown(const Results& results) {
  std::vector<const Contestant*> list;
  for (std::size_t i = 1; i < results.contestants.size(); ++i)
    if (results.contestants[i].skipped.empty()) list.push_back(&results.contestants[i]);
  return list;
}

double longest(const Results& results, const Panel& panel) {
  double most = 1.0;
  for (const Contestant* contestant : shown(results))
    for (const Measure measure : panel.measures) {
      const Summary value = ratio(results, *contestant, measure);
      if (value.count != 0) most = std::max(most, value.median);
    }
  return most * 1.02;
}

/// Draws from `y` on and moves it to where the next panel begins.
std::string draw(const Results& results, const Panel& panel, double& y) {
  const double scale = plot_width / longest(results, panel);
  const std::string title = words(0, y + 14, "start", 14, panel.title, " font-weight=\"600\"");
  y += 40;
  const double top = y;
  std::string out;
  for (const Measure measure : panel.measures) {
    const double group_top = y;
    for (const Contestant* contestant : shown(results)) {
      const Summary value = ratio(results, *contestant, measure);
      if (value.count == 0) continue;
      out += rectangle(label_width, y, value.median * scale, bar_height - 2, colour_of(contestant->key));
      out += words(label_width + value.median * scale + 5, y + bar_height - 4, "start", 11, number(value.median, 2));
      y += bar_height;
    }
    if (y == group_top) continue;
    out += words(label_width - 8, (group_top + y) / 2 + 4, "end", 12, info(measure).title);
    y += group_gap;
  }
  const double one = label_width + scale;
  const std::string line = words(one, top - 8, "middle", 11, "bare cable") + "<line x1=\"" + number(one) + "\" y1=\"" +
                           number(top - 4) + "\" x2=\"" + number(one) + "\" y2=\"" + number(y - group_gap + 4) +
                           "\" stroke=\"" + std::string(ink) + "\" stroke-dasharray=\"4 3\"/>\n";
  y += 14;
  // Below the bars, so that no figure is crossed out.
  return title + line + out;
}

std::string legend(const Results& results, double& y) {
  std::string out;
  for (const Contestant* contestant : shown(results)) {
    out += rectangle(0, y, 12, 12, colour_of(contestant->key));
    out += words(18, y + 10, "start", 12, contestant->key + ": " + contestant->title);
    y += 18;
  }
  y += 10;
  return out;
}

}  // namespace

std::string as_svg(const Results& results) {
  const std::array panels{
      Panel{"Throughput, times the bare cable (more is better)",
            {Measure::tcp_tx, Measure::tcp_rx, Measure::tcp4_tx, Measure::tcp4_rx, Measure::udp_tx, Measure::udp_rx}},
      Panel{"Round trip, times the bare cable (less is better)",
            {Measure::rtt, Measure::rtt_near, Measure::rtt_polling}}};
  double y = 8;
  std::string body = words(0, y + 14, "start", 16, "bondbox beside its peers", " font-weight=\"600\"");
  y += 34;
  body += legend(results, y);
  for (const Panel& panel : panels) body += draw(results, panel, y);
  body += words(0, y + 10, "start", 11, results.machine);
  body +=
      words(0, y + 26, "start", 11,
            std::to_string(results.rounds) + " interleaved rounds, medians; " + results.version + ", " + results.date);
  y += 36;
  const std::string size = number(width + 2 * margin, 0) + " " + number(y, 0);
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"" + number(-margin, 0) + " 0 " + size + "\" width=\"" +
         number(width + 2 * margin, 0) + "\" height=\"" + number(y, 0) + "\" font-family=\"system-ui, sans-serif\">\n" +
         body + "</svg>\n";
}

}  // namespace bondbox::bench
