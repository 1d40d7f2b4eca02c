// The report of a drill, for eyes and for programs.
#include <algorithm>
#include <boost/json.hpp>

#include "firmware/drill.hpp"
#include "firmware/render.hpp"
#include "firmware/text.hpp"

namespace bondbox {
namespace {

namespace json = boost::json;

std::string ms_text(std::int64_t ms) {
  return ms < 0 ? "never" : "after " + duration_text(ms);
}

unsigned long long number(std::uint64_t value) {
  return value;
}

const ProbeCount& probes_of(const DrillResult& result, DrillPart part) {
  return result.probes[static_cast<std::size_t>(part)];
}

/// "outage 20 ms; 2 of 200 probes lost (out 2, in 0)"
std::string loss_text(const DrillResult& result, DrillPart part) {
  const ProbeCount& probes = probes_of(result, part);
  const std::int64_t outage =
      result.is_measured() ? probes.outage_ms : result.exposed_ms[static_cast<std::size_t>(part)];
  std::string text = std::string(result.is_measured() ? "outage " : "outage at most ") + duration_text(outage);
  if (!result.probed) return text;
  append_format(text, "; %llu of %llu probes lost", number(probes.lost), number(probes.sent));
  if (probes.lost == 0) return text;
  append_format(text, " (out %llu, in %llu", number(probes.lost_out), number(probes.lost_in));
  const std::uint64_t either = probes.lost - probes.lost_out - probes.lost_in;
  if (either != 0) append_format(text, ", out or in %llu", number(either));
  return text + ")";
}

std::string result_text(const DrillReport& report, const DrillResult& result) {
  const DrillRequest& request = report.request;
  std::string text = request.bond + ": drill of " + result.port +
                     (request.how == Away::down ? ", set down for " : ", as if its link were gone, for ") +
                     duration_text(request.span.count) + "\n";
  if (!result.failure.empty()) {
    text += "  FAILED: " + result.failure + "\n";
  } else {
    text += "  traffic by  " + result.carried_before + " before, " + result.carried_during + " during, " +
            result.carried_after + " after\n";
    text += "  taken away  link missed " + ms_text(result.noticed_ms) + ", port left " + ms_text(result.left_ms) +
            "\n              " + loss_text(result, DrillPart::away) + "\n";
    text += "  given back  link " + ms_text(result.link_ms) + ", all as before " + ms_text(result.whole_ms) +
            "\n              " + loss_text(result, DrillPart::back) + "\n";
    append_format(text, "  frames      %llu left meanwhile, %llu found no port\n", number(result.host_frames),
                  number(result.host_lost));
  }
  constexpr std::int64_t blind_told_ms = 100;
  if (result.blind_ms >= blind_told_ms) {
    text += "  blind       bondbox stood still for " + duration_text(result.blind_ms) +
            ": what was lost then is not known\n";
  }
  if (result.probed && result.failure.empty()) {
    const ProbeCount& before = probes_of(result, DrillPart::before);
    append_format(text,
                  "  probes      each %s to %s by %s, answered within %s\n              before: %llu of %llu lost\n",
                  duration_text(request.every.count).c_str(), report.target.c_str(),
                  result.probes_left_by.empty() ? "no port" : result.probes_left_by.c_str(),
                  duration_text(result.round_trip.count + 1).c_str(), number(before.lost), number(before.sent));
    if (!result.crossed)
      text += "  probes did not leave by " + result.port + ": what its own flows lost was not measured\n";
  }
  for (const std::string& event : result.events) text += "    " + event + "\n";
  return text;
}

json::object probes_json(const DrillResult& result, DrillPart part) {
  const ProbeCount& probes = probes_of(result, part);
  return {{"sent", probes.sent},
          {"lost", probes.lost},
          {"lost_out", probes.lost_out},
          {"lost_in", probes.lost_in},
          {"outage_ms", probes.outage_ms}};
}

json::value ms_json(std::int64_t ms) {
  return ms < 0 ? json::value(nullptr) : json::value(ms);
}

json::object result_json(const DrillResult& result) {
  json::array events;
  for (const std::string& event : result.events) events.emplace_back(event);
  json::object object = {
      {"port", result.port},
      {"failure", result.failure.empty() ? json::value(nullptr) : json::value(result.failure)},
      {"taken_tick", result.taken.number},
      {"given_back_tick", result.given_back.number},
      {"noticed_ms", ms_json(result.noticed_ms)},
      {"left_ms", ms_json(result.left_ms)},
      {"link_back_ms", ms_json(result.link_ms)},
      {"whole_ms", ms_json(result.whole_ms)},
      {"carried",
       json::object{
           {"before", result.carried_before}, {"during", result.carried_during}, {"after", result.carried_after}}},
      {"outage_ms", result.outage_ms()},
      {"measured", result.is_measured()},
      {"blind_ms", result.blind_ms},
      {"exposed_ms", json::object{{"away", result.exposed_ms[static_cast<std::size_t>(DrillPart::away)]},
                                  {"back", result.exposed_ms[static_cast<std::size_t>(DrillPart::back)]}}},
      {"frames", json::object{{"left", result.host_frames}, {"no_port", result.host_lost}}},
      {"events", std::move(events)},
  };
  if (result.probed) {
    object["probes"] = json::object{{"before", probes_json(result, DrillPart::before)},
                                    {"away", probes_json(result, DrillPart::away)},
                                    {"back", probes_json(result, DrillPart::back)},
                                    {"left_by", result.probes_left_by},
                                    {"round_trip_ms", result.round_trip.count}};
  } else {
    object["probes"] = nullptr;
  }
  return object;
}

}  // namespace

std::string render_drill(const DrillReport& report) {
  std::string text;
  for (const DrillResult& result : report.results) text += result_text(report, result);
  if (!report.unmeasured_why.empty()) text += "Loss was not measured: " + report.unmeasured_why + ".\n";
  const bool has_failed = std::any_of(report.results.begin(), report.results.end(),
                                      [](const DrillResult& result) { return !result.failure.empty(); });
  if (has_failed) return wrapped(text + "The drill FAILED.\n");
  text += "Outage: " + duration_text(report.outage_ms());
  if (const auto& limit = report.request.limit) {
    const std::string asked = duration_text(limit->count);
    text += report.held()                       ? ", within the " + asked + " asked for"
            : report.outage_ms() > limit->count ? "; NOT HELD: the limit is " + asked
                                                : "; NOT HELD: bondbox stood still for longer than the limit, " + asked;
  }
  return wrapped(text + ".\n");
}

std::string render_drill_json(const DrillReport& report) {
  json::array results;
  for (const DrillResult& result : report.results) results.push_back(result_json(result));
  const DrillRequest& request = report.request;
  const json::object document = {
      {"version", 1},
      {"bond", request.bond},
      {"way", request.how == Away::down ? "admin" : "pretend"},
      {"for_ms", request.span.count},
      {"every_ms", request.every.count},
      {"target", report.target.empty() ? json::value(nullptr) : json::value(report.target)},
      {"unmeasured", report.unmeasured_why.empty() ? json::value(nullptr) : json::value(report.unmeasured_why)},
      {"limit_ms", request.limit ? json::value(request.limit->count) : json::value(nullptr)},
      {"outage_ms", report.outage_ms()},
      {"held", report.held()},
      {"ports", std::move(results)},
  };
  return json::serialize(document) + "\n";
}

}  // namespace bondbox
