// The words of a drill.
#include "firmware/config/duration.hpp"
#include "firmware/drill.hpp"

namespace bondbox {
namespace {

constexpr Ticks span_least{10};
constexpr Ticks span_most{600'000};
constexpr Ticks every_most{1'000};

/// A span of time within limits; else what is expected.
std::optional<Ticks> read_span(std::string_view option, std::string_view text, Ticks least, Ticks most,
                               std::string& wrong) {
  const std::optional<Ticks> span = parse_duration(text);
  if (span && *span >= least && *span <= most) return span;
  wrong = std::string(option) + " takes a time from " + duration_text(least) + " to " + duration_text(most) +
          ", such as 500ms, not \"" + std::string(text) + "\"";
  return std::nullopt;
}

bool read_value(DrillRequest& request, std::string_view option, std::string_view text, std::string& wrong) {
  if (option == "--for") {
    const auto span = read_span(option, text, span_least, span_most, wrong);
    if (span) request.span = *span;
  } else if (option == "--every") {
    const auto every = read_span(option, text, Ticks{1}, every_most, wrong);
    if (every) request.every = *every;
  } else if (option == "--max-outage") {
    request.limit = read_span(option, text, Ticks{0}, span_most, wrong);
  } else if (option == "--target") {
    request.target = IpAddress::parse(text);
    if (!request.target) wrong = "--target takes an IP address, not \"" + std::string(text) + "\"";
  } else {
    request.json = text == "json";
    if (text != "json" && text != "text") wrong = "--format takes text or json, not \"" + std::string(text) + "\"";
  }
  return wrong.empty();
}

bool takes_value(std::string_view option) {
  return option == "--for" || option == "--every" || option == "--max-outage" || option == "--target" ||
         option == "--format";
}

}  // namespace

std::optional<DrillRequest> DrillRequest::parse(std::span<const std::string> words, std::string& wrong) {
  DrillRequest request;
  bool pretends = false;
  bool sets_down = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const std::size_t equals = word.starts_with("--") ? word.find('=') : std::string_view::npos;
    const std::string_view option = word.substr(0, equals);
    if (takes_value(option)) {
      const bool attached = equals != std::string_view::npos;
      if (!attached && i + 1 == words.size()) {
        wrong = std::string(option) + " needs a value";
        return std::nullopt;
      }
      if (!read_value(request, option, attached ? word.substr(equals + 1) : std::string_view(words[++i]), wrong))
        return std::nullopt;
    } else if (word == "--all") {
      request.all = true;
    } else if (word == "--force") {
      request.force = true;
    } else if (word == "--pretend") {
      pretends = true;
    } else if (word == "--admin") {
      sets_down = true;
    } else if (word.empty() || word.starts_with("-") || !request.port.empty()) {
      wrong = "drill does not know \"" + std::string(word) + "\"";
      return std::nullopt;
    } else {
      (request.bond.empty() ? request.bond : request.port) = word;
    }
  }
  if (request.bond.empty()) wrong = "drill needs a bond";
  if (request.all && !request.port.empty()) wrong = "drill takes a port or --all, not both";
  if (pretends && sets_down) wrong = "drill takes --pretend or --admin, not both";
  request.how = pretends ? Away::pretend : Away::down;
  return wrong.empty() ? std::optional(std::move(request)) : std::nullopt;
}

}  // namespace bondbox
