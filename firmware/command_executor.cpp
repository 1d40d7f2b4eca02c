#include "firmware/command_executor.hpp"

#include <cerrno>
#include <charconv>

#include "firmware/capture.hpp"
#include "firmware/explain.hpp"
#include "firmware/page/picture.hpp"
#include "firmware/which.hpp"

namespace bondbox {
namespace {

Reply wrong_words(std::string text) {
  return {2, std::move(text) + "\n"};
}

Reply refused(const Outcome& outcome) {
  return {1, refusal_text(outcome) + "\n"};
}

struct StatusRequest {
  Reply wrong;
  std::string bond;  ///< empty: all
  StatusFormat format = StatusFormat::text;
  bool drills = false;  ///< html: for a page that can pass them on
};

StatusRequest parse_status(std::span<const std::string> arguments) {
  StatusRequest request;
  const auto wrong = [&request](std::string text) {
    request.wrong = wrong_words(std::move(text));
    return request;
  };
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--format" || word.starts_with("--format=")) {
      const bool attached = word != "--format";
      if (!attached && i + 1 == arguments.size())
        return wrong(std::string("--format needs one of ") + status_format_names);
      const std::string& name = attached ? word : arguments[++i];
      const auto format = parse_status_format(attached ? std::string_view(name).substr(9) : std::string_view(name));
      if (!format)
        return wrong("unknown format \"" + (attached ? name.substr(9) : name) + "\"; it is one of " +
                     status_format_names);
      request.format = *format;
    } else if (word == "--drills") {
      request.drills = true;
    } else if (request.bond.empty() && !word.starts_with("-") && !word.empty()) {
      request.bond = word;
    } else {
      return wrong("status does not know \"" + word + "\"");
    }
  }
  return request;
}

struct EventsRequest {
  Reply wrong;
  std::string bond;  ///< empty: all
  std::optional<std::uint64_t> after;
  bool json = false;
};

EventsRequest parse_events(std::span<const std::string> arguments) {
  EventsRequest request;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--after") {
      if (i + 1 == arguments.size()) return {wrong_words("--after needs the number of an event"), {}, {}};
      const std::string& number = arguments[++i];
      std::uint64_t after = 0;
      const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), after);
      if (error != std::errc{} || end != number.data() + number.size()) {
        return {wrong_words("--after takes the number of an event, not \"" + number + "\""), {}, {}};
      }
      request.after = after;
    } else if (word == "--format" || word.starts_with("--format=")) {
      const bool attached = word != "--format";
      if (!attached && i + 1 == arguments.size()) return {wrong_words("--format needs text or json"), {}, {}};
      const std::string format = attached ? word.substr(9) : arguments[++i];
      request.json = format == "json";
      if (!request.json && format != "text")
        return {wrong_words("events come as text or json, not as \"" + format + "\""), {}, {}};
    } else if (request.bond.empty() && !word.starts_with("-") && !word.empty()) {
      request.bond = word;
    } else {
      return {wrong_words("events does not know \"" + word + "\""), {}, {}};
    }
  }
  return request;
}

/// `--after MS`, at the head of the words.
struct Delayed {
  Reply wrong;
  Ticks delay{};
  std::span<const std::string> rest;
};

Delayed parse_delay(std::string_view command, std::span<const std::string> arguments) {
  constexpr std::int64_t longest_ms = 600'000;
  if (arguments.empty() || arguments[0] != "--after") return {{}, {}, arguments};
  const std::string text = arguments.size() > 1 ? arguments[1] : std::string();
  std::int64_t ms = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
  if (error != std::errc{} || end != text.data() + text.size() || ms < 0 || ms > longest_ms) {
    return {
        wrong_words(std::string(command) + " --after takes milliseconds, 0 to 600000, not \"" + text + "\""), {}, {}};
  }
  return {{}, ticks_from_ms(ms), arguments.subspan(2)};
}

Reply check_departure(std::string_view command, std::span<const std::string> arguments) {
  const Delayed delayed = parse_delay(command, arguments);
  if (delayed.wrong.exit_status != 0) return delayed.wrong;
  for (const std::string& word : delayed.rest)
    if (word.starts_with("-")) return wrong_words(std::string(command) + " does not know \"" + word + "\"");
  if (command == "remove") return delayed.rest.size() == 1 ? Reply{} : wrong_words("remove needs a bond");
  return delayed.rest.size() >= 2 ? Reply{} : wrong_words("release needs a bond and at least one port");
}

Reply check_which(std::span<const std::string> arguments) {
  if (arguments.empty()) return wrong_words("which needs a bond");
  std::string wrong;
  return WhichRequest::parse(arguments.subspan(1), wrong) ? Reply{} : wrong_words(std::move(wrong));
}

Reply check_drill(std::span<const std::string> arguments) {
  std::string wrong;
  return DrillRequest::parse(arguments, wrong) ? Reply{} : wrong_words(std::move(wrong));
}

Reply check_explain(std::span<const std::string> arguments) {
  for (const std::string& word : arguments)
    if (word.starts_with("-")) return wrong_words("explain does not know \"" + word + "\"");
  const bool fits = arguments.size() == 1 || arguments.size() == 2;
  return fits ? Reply{} : wrong_words("explain needs a bond, and at most one port");
}

std::string names_of(const Scheduler& scheduler) {
  std::string names;
  for (const auto& bond : scheduler.bonds()) names += (names.empty() ? "" : ", ") + bond->name();
  return names.empty() ? "none" : names;
}

}  // namespace

Reply CommandExecutor::check(std::span<const std::string> words) {
  struct Shape {
    std::string_view command;
    std::size_t least;
    std::size_t most;
    const char* expected;
  };
  static constexpr std::size_t any = 1000;
  static constexpr Shape shapes[] = {
      {"get", 2, 2, "get needs a bond and an option"},
      {"set", 3, 3, "set needs a bond, an option and a value"},
      {"enslave", 2, any, "enslave needs a bond and at least one port"},
      {"activate", 2, 2, "activate needs a bond and a port"},
      {"reload", 0, 0, "reload takes no arguments"},
      {"trace", 0, 0, "trace takes no arguments"},
      {"add", 1, any, "add needs a bond"},
      {"plan", 1, 1, "plan needs a bond"},
      {"takeover", 1, 1, "takeover needs the version of its protocol"},
  };
  if (words.empty()) return wrong_words("no command");
  const auto arguments = words.subspan(1);
  if (words[0] == "status") return parse_status(arguments).wrong;
  if (words[0] == "events") return parse_events(arguments).wrong;
  if (words[0] == "which") return check_which(arguments);
  if (words[0] == "explain") return check_explain(arguments);
  if (words[0] == "drill") return check_drill(arguments);
  if (words[0] == "release" || words[0] == "remove") return check_departure(words[0], arguments);
  for (const Shape& shape : shapes) {
    if (words[0] != shape.command) continue;
    const bool fits = arguments.size() >= shape.least && arguments.size() <= shape.most;
    return fits ? Reply{} : wrong_words(shape.expected);
  }
  return wrong_words("unknown command \"" + words[0] + "\"");
}

bool CommandExecutor::is_question(std::span<const std::string> words) {
  static constexpr std::string_view questions[] = {"status", "events", "get", "which", "explain", "plan"};
  return !words.empty() && std::find(std::begin(questions), std::end(questions), words[0]) != std::end(questions);
}

Reply CommandExecutor::execute(std::span<const std::string> words) {
  if (Reply wrong = check(words); wrong.exit_status != 0) return wrong;
  const std::string& command = words[0];
  const auto arguments = words.subspan(1);
  if (command == "status") return status(arguments);
  if (command == "events") return events(arguments);
  if (command == "get") return get(arguments);
  if (command == "set") return set(arguments);
  if (command == "enslave")
    return change_ports(arguments, [](Bond& bond, std::string_view port) { return bond.enslave(port); });
  if (command == "release") return release(arguments);
  if (command == "remove") return remove(arguments);
  if (command == "takeover")
    return take_over_ ? take_over_(arguments[0]) : Reply{1, "nobody can take over from here\n"};
  if (command == "add") return add_ ? add_(arguments) : Reply{1, "no bond can be added here\n"};
  if (command == "activate") return activate(arguments);
  if (command == "which") return which(arguments);
  if (command == "explain") return explain(arguments);
  if (command == "plan") return plan(arguments);
  if (command == "drill") return drill(arguments);
  if (command == "trace") return write_trace();
  return reload_ ? reload_()
                 : Reply{1, "there is no configuration file to reload: the bonds came from the command line\n"};
}

Reply CommandExecutor::write_trace() {
  if (!write_trace_) return {1, "nothing is recorded here\n"};
  const Result<std::string> path = write_trace_();
  return path.ok() ? Reply{0, path.value() + "\n"} : Reply{1, path.failure().reason + "\n"};
}

Bond* CommandExecutor::find(const std::string& name, Reply& reply) {
  Bond* const bond = scheduler_.find(name);
  if (bond == nullptr) reply = {1, "there is no bond \"" + name + "\" here; there is: " + names_of(scheduler_) + "\n"};
  return bond;
}

Reply CommandExecutor::in_a_step(const std::function<Reply()>& change) {
  Reply reply;
  scheduler_.step([&](Tick) { reply = change(); });
  return reply;
}

Reply CommandExecutor::status(std::span<const std::string> arguments) {
  const StatusRequest request = parse_status(arguments);
  Reply reply;
  const Bond* const asked = request.bond.empty() ? nullptr : find(request.bond, reply);
  if (reply.exit_status != 0) return reply;
  std::vector<BondStatus> bonds;
  for (const auto& bond : scheduler_.bonds()) {
    if (asked == nullptr || bond.get() == asked) bonds.push_back(bond->status(scheduler_.now()));
  }
  if (request.format == StatusFormat::json) {
    const PrivilegeStatus privileges = privileges_ ? privileges_() : PrivilegeStatus{};
    const ServiceStatus service = service_ ? service_() : ServiceStatus{};
    return {0, render_json(bonds, scheduler_.status(), wall_clock_(), privileges_ ? &privileges : nullptr,
                           &scheduler_.events(), service_ ? &service : nullptr)};
  }
  if (request.format == StatusFormat::prometheus)
    return {0, render_prometheus(bonds, scheduler_.status(), MetricsForm::prometheus)};
  if (request.format == StatusFormat::openmetrics)
    return {0, render_prometheus(bonds, scheduler_.status(), MetricsForm::openmetrics)};
  const WallClock wall = wall_clock_();
  if (request.format == StatusFormat::html) {
    const bool drills = request.drills && page_drill_ && page_drill_();
    return {0, page::render_main(bonds, wall, &scheduler_.events(), drills)};
  }
  for (const BondStatus& bond : bonds) {
    if (!reply.text.empty()) reply.text += "\n";
    reply.text += request.format == StatusFormat::proc ? render_proc(bond) : render_text(bond, &wall);
  }
  if (reply.text.empty()) reply.text = "no bonds\n";
  return reply;
}

Reply CommandExecutor::events(std::span<const std::string> arguments) {
  const EventsRequest request = parse_events(arguments);
  Reply reply;
  const Bond* const asked = request.bond.empty() ? nullptr : find(request.bond, reply);
  if (reply.exit_status != 0) return reply;
  const WallClock wall = wall_clock_();
  // With --after the first line is the number of the latest event: where the next call goes on.
  if (request.after) reply.text = std::to_string(scheduler_.events().last_sequence()) + "\n";
  scheduler_.events().for_each_after(request.after.value_or(0), [&](const Event& event) {
    if (asked == nullptr || event.bond == asked->name())
      reply.text += request.json ? render_event_json(event, wall) : render_event(event, wall);
  });
  return reply;
}

Reply CommandExecutor::get(std::span<const std::string> arguments) {
  Reply reply;
  Bond* const bond = find(arguments[0], reply);
  if (bond == nullptr) return reply;
  const auto value = read_option(*bond, arguments[1]);
  if (!value.ok()) return refused(value.failure());
  return {0, value.value().empty() ? std::string() : value.value() + "\n"};
}

Reply CommandExecutor::set(std::span<const std::string> arguments) {
  Reply reply;
  Bond* const bond = find(arguments[0], reply);
  if (bond == nullptr) return reply;
  return in_a_step([&] {
    const Outcome outcome = bond->write(arguments[1], arguments[2]);
    return outcome.ok() ? Reply{} : refused(outcome);
  });
}

Reply CommandExecutor::change_ports(std::span<const std::string> arguments,
                                    const std::function<Outcome(Bond&, std::string_view)>& change) {
  Reply reply;
  Bond* const bond = find(arguments[0], reply);
  if (bond == nullptr) return reply;
  return in_a_step([&] {
    Reply all;  // as ifenslave: what can be done is done, each failure is told
    for (const std::string& port : arguments.subspan(1)) {
      if (const Outcome outcome = change(*bond, port); !outcome.ok()) {
        all.exit_status = 1;
        all.text += refused(outcome).text;
      }
    }
    return all;
  });
}

Reply CommandExecutor::release(std::span<const std::string> arguments) {
  const Delayed delayed = parse_delay("release", arguments);
  return change_ports(delayed.rest, [&delayed](Bond& bond, std::string_view port) {
    return delayed.delay.count == 0 ? bond.release(port) : bond.release_later(port, delayed.delay);
  });
}

Reply CommandExecutor::remove(std::span<const std::string> arguments) {
  const Delayed delayed = parse_delay("remove", arguments);
  Reply reply;
  Bond* const bond = find(delayed.rest[0], reply);
  if (bond == nullptr) return reply;
  // At the end of its step the scheduler removes what has left.
  return in_a_step([&] {
    bond->leave_later(delayed.delay);
    return Reply{};
  });
}

Reply CommandExecutor::which(std::span<const std::string> arguments) {
  Reply reply;
  const Bond* const bond = find(arguments[0], reply);
  if (bond == nullptr) return reply;
  std::string wrong;
  const auto request = WhichRequest::parse(arguments.subspan(1), wrong);
  return {0, answer_which(*request, bond->status(scheduler_.now()),
                          [bond](PortId port) { return bond->foresee_without(port); })};
}

Reply CommandExecutor::plan(std::span<const std::string> arguments) {
  Reply reply;
  const Bond* const bond = find(arguments[0], reply);
  return bond == nullptr ? reply : Reply{0, answer_plan(CapturePlan::of(bond->status(scheduler_.now())))};
}

Reply CommandExecutor::explain(std::span<const std::string> arguments) {
  Reply reply;
  const Bond* const bond = find(arguments[0], reply);
  if (bond == nullptr) return reply;
  const BondStatus status = bond->status(scheduler_.now());
  if (arguments.size() == 1) {
    const PrivilegeStatus privileges = privileges_ ? privileges_() : PrivilegeStatus{};
    return {0, render_explanation(status, &privileges)};
  }
  if (auto text = render_explanation(status, arguments[1])) return {0, std::move(*text)};
  std::string names;
  for (const PortStatus& port : status.ports) names += (names.empty() ? "" : ", ") + port.name;
  for (const AwaitedStatus& port : status.awaited) names += (names.empty() ? "" : ", ") + port.name;
  return {1, "there is no port \"" + arguments[1] + "\" in " + status.name +
                 "; there is: " + (names.empty() ? "none" : names) + "\n"};
}

Reply CommandExecutor::drill(std::span<const std::string> arguments) {
  if (drill_) return {1, "EBUSY: a drill of " + drill_->report().request.bond + " is under way\n"};
  std::string wrong;
  auto request = DrillRequest::parse(arguments, wrong);
  Reply reply;
  if (find(request->bond, reply) == nullptr) return reply;
  drill_ = std::make_unique<Drill>(scheduler_, std::move(*request));
  Outcome outcome;
  scheduler_.step([&](Tick now) { outcome = drill_->begin(now); });
  if (outcome.ok()) return {0, {}, true};
  drill_.reset();
  return refused(outcome);
}

std::optional<Reply> CommandExecutor::take_drill_reply() {
  if (!drill_ || !drill_->has_ended()) return std::nullopt;
  const DrillReport& report = drill_->report();
  Reply reply{report.held() ? 0 : exit_not_held,
              report.request.json ? render_drill_json(report) : render_drill(report)};
  drill_.reset();
  return reply;
}

void CommandExecutor::give_up_drill() {
  scheduler_.step([&](Tick) { drill_.reset(); });
}

Reply CommandExecutor::activate(std::span<const std::string> arguments) {
  return set(std::vector<std::string>{arguments[0], "active_slave", arguments[1]});
}

}  // namespace bondbox
