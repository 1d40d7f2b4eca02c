// What the status texts say, read back and held against each other and the plan.
#include <algorithm>
#include <boost/json.hpp>

#include "firmware/explain.hpp"
#include "firmware/link_monitor.hpp"
#include "firmware/render.hpp"
#include "policies/modes.hpp"
#include "tests/swarm/rules.hpp"
#include "tests/swarm/story.hpp"

namespace bondbox::swarm {
namespace {

namespace json = boost::json;

/// One port as a text tells of it.
struct PortLine {
  std::string name;
  std::string link;
  std::int64_t failures = 0;
  std::int64_t aggregator = 0;
  friend bool operator==(const PortLine&, const PortLine&) = default;
};

struct Page {
  std::string active;
  bool carrier = false;
  std::vector<PortLine> ports;
  friend bool operator==(const Page&, const Page&) = default;
};

std::string page_text(const Page& page) {
  std::string text = "active '" + page.active + "', carrier " + (page.carrier ? "on" : "off");
  for (const PortLine& port : page.ports)
    text += ", " + port.name + " " + port.link + " " + std::to_string(port.failures) + " " +
            std::to_string(port.aggregator);
  return text;
}

std::string value_after(std::string_view line, std::string_view key) {
  return std::string(line.substr(key.size()));
}

Page read_proc(std::string_view text) {
  Page page;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    at = end + 1;
    constexpr std::string_view keys[] = {
        "Currently Active Slave: ", "MII Status: ", "Slave Interface: ", "Link Failure Count: ", "Aggregator ID: "};
    for (std::size_t key = 0; key < std::size(keys); ++key) {
      if (!line.starts_with(keys[key])) continue;
      const std::string value = value_after(line, keys[key]);
      if (key == 0 && value != "None") page.active = value;
      if (key == 1 && page.ports.empty()) page.carrier = value == "up";
      if (key == 1 && !page.ports.empty()) page.ports.back().link = value;
      if (key == 2) page.ports.push_back({value, {}, 0, 0});
      if (key == 3 && !page.ports.empty()) page.ports.back().failures = number_of(value);
      if (key == 4 && !page.ports.empty() && value != "N/A") page.ports.back().aggregator = number_of(value);
    }
  }
  return page;
}

/// The JSON's word for a link, in those of the kernel's text.
std::string kernel_word(const std::string& link) {
  return link == "fail" ? "going down" : link == "back" ? "going back" : link;
}

std::string string_or_empty(const json::value& value) {
  return value.is_string() ? std::string(value.as_string()) : std::string();
}

Page read_json(const json::object& bond, bool has_active) {
  Page page;
  if (has_active) page.active = string_or_empty(bond.at("active"));
  page.carrier = bond.at("carrier").as_bool();
  for (const json::value& value : bond.at("ports").as_array()) {
    const json::object& port = value.as_object();
    PortLine line;
    line.name = string_or_empty(port.at("name"));
    line.link = kernel_word(string_or_empty(port.at("link")));
    line.failures = port.at("link_failures").to_number<std::int64_t>();
    if (const json::value* lacp = port.if_contains("lacp"))
      line.aggregator = lacp->as_object().at("aggregator").to_number<std::int64_t>();
    page.ports.push_back(line);
  }
  return page;
}

Page page_of(const BondStatus& status) {
  Page page;
  if (has_active_port(status.options.mode)) page.active = status.active;
  page.carrier = status.plan.carrier;
  for (const PortStatus& port : status.ports) {
    const LacpPortStatus* const lacp = status.lacp ? status.lacp->find(port.id) : nullptr;
    page.ports.push_back(
        {port.name, link_state_text(port.link), port.failures, lacp != nullptr ? lacp->aggregator : 0});
  }
  return page;
}

/// Whether JSON and plan name the same ports as carrying.
std::string carrying_disagreement(const BondStatus& status, const json::object& bond) {
  const json::array& ports = bond.at("ports").as_array();
  for (std::size_t i = 0; i < status.ports.size() && i < ports.size(); ++i) {
    const PortList& usable = status.plan.transmit.usable;
    const bool planned = std::find(usable.begin(), usable.end(), status.ports[i].id) != usable.end();
    if (ports[i].as_object().at("carries").as_bool() != planned)
      return "JSON and plan disagree on whether " + status.ports[i].name + " carries";
  }
  return {};
}

std::string text_disagreement(const BondStatus& status, const std::string& text) {
  const std::string title = text.substr(0, text.find('\n'));
  const bool up = status.carrier && status.host_up;
  if (title.find(up ? ", up" : ", down") == std::string::npos) return "the text's title is '" + title + "'";
  if (has_active_port(status.options.mode)) {
    const std::string said = status.active.empty() ? "no active port" : "active port " + status.active;
    if (text.find(said) == std::string::npos) return "the text does not say '" + said + "'";
  }
  for (const PortStatus& port : status.ports) {
    const std::size_t row = text.find("\n  " + port.name + " ");
    if (row == std::string::npos) return "the text has no row for " + port.name;
  }
  return {};
}

/// Whether metrics and explanations say of each port what the status says.
std::string told_disagreement(const BondStatus& status) {
  const std::string metrics = render_prometheus(std::span(&status, 1), {}, MetricsForm::prometheus);
  for (const PortStatus& port : status.ports) {
    const std::string of = "{bond=\"" + status.name + "\",port=\"" + port.name + "\"} ";
    const auto says = [&](const char* name, std::uint64_t value) {
      return metrics.find(name + of + std::to_string(value) + "\n") != std::string::npos;
    };
    if (!says("bondbox_port_up", port.link == LinkState::up ? 1 : 0) ||
        !says("bondbox_port_active", port.active ? 1 : 0) || !says("bondbox_port_carries", port.carries ? 1 : 0) ||
        !says("bondbox_port_link_failures_total", port.failures))
      return "the metrics say otherwise of " + port.name;
    const Explanation told = explain_port(status, port);
    // A port that is going down or away, or whose bond is set down, carries by the plan and nothing in truth.
    const bool in_truth = port.carries && status.host_up && port.link == LinkState::up && port.away == Away::no;
    if (told.verdict == "carries traffic" ? !port.carries : in_truth)
      return "it is explained of " + port.name + " that it " + told.verdict + ": " + told.cause;
  }
  return {};
}

}  // namespace

std::string disagreement(const BondStatus& status, const std::string& json_text, const std::string& proc,
                         const std::string& text) {
  const json::value document = json::parse(json_text);
  const json::object& bond = document.as_object().at("bonds").as_array().at(0).as_object();
  const Page wanted = page_of(status);
  const Page from_json = read_json(bond, has_active_port(status.options.mode));
  const Page from_proc = read_proc(proc);
  if (!(from_json == wanted)) return "JSON says " + page_text(from_json) + "; it is " + page_text(wanted);
  if (!(from_proc == wanted)) return "the kernel's text says " + page_text(from_proc) + "; it is " + page_text(wanted);
  if (std::string wrong = carrying_disagreement(status, bond); !wrong.empty()) return wrong;
  if (std::string wrong = told_disagreement(status); !wrong.empty()) return wrong;
  return text_disagreement(status, text);
}

}  // namespace bondbox::swarm
