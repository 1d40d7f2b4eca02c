#include "firmware/command_executor.hpp"

#include <cerrno>
#include <charconv>

namespace bondbox {
namespace {

Reply wrong_words(std::string text) { return {2, std::move(text) + "\n"}; }

Reply refused(const Outcome& outcome) { return {1, errno_name(outcome.error) + ": " + outcome.reason + "\n"}; }

std::string names_of(const Scheduler& scheduler) {
  std::string names;
  for (const auto& bond : scheduler.bonds()) names += (names.empty() ? "" : ", ") + bond->name();
  return names.empty() ? "none" : names;
}

}  // namespace

Reply CommandExecutor::execute(std::span<const std::string> words) {
  if (words.empty()) return wrong_words("no command");
  const std::string& command = words[0];
  const auto arguments = words.subspan(1);
  if (command == "status") return status(arguments);
  if (command == "events") return events(arguments);
  if (command == "get") return get(arguments);
  if (command == "set") return set(arguments);
  if (command == "enslave") return change_ports(arguments, &Bond::enslave);
  if (command == "release") return change_ports(arguments, &Bond::release);
  if (command == "activate") return activate(arguments);
  if (command == "reload") {
    if (!arguments.empty()) return wrong_words("reload takes no arguments");
    return reload_ ? reload_() : Reply{1, "there is no configuration file to reload: the bonds came from the command line\n"};
  }
  return wrong_words("unknown command \"" + command + "\"");
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
  StatusFormat format = StatusFormat::text;
  const std::string* wanted = nullptr;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--format" && i + 1 < arguments.size()) {
      const auto parsed = parse_status_format(arguments[++i]);
      if (!parsed) return wrong_words("unknown format \"" + arguments[i] + "\"; it is one of text, proc, json");
      format = *parsed;
    } else if (wanted == nullptr && !arguments[i].starts_with("-")) {
      wanted = &arguments[i];
    } else {
      return wrong_words("usage: status [BOND] [--format text|proc|json]");
    }
  }
  Reply reply;
  if (wanted != nullptr && find(*wanted, reply) == nullptr) return reply;
  std::vector<BondStatus> bonds;
  for (const auto& bond : scheduler_.bonds()) {
    if (wanted == nullptr || bond->name() == *wanted) bonds.push_back(bond->status(scheduler_.now()));
  }
  if (format == StatusFormat::json) return {0, render_json(bonds, scheduler_.status(), wall_clock_())};
  for (const BondStatus& bond : bonds) {
    if (!reply.text.empty()) reply.text += "\n";
    reply.text += format == StatusFormat::proc ? render_proc(bond) : render_text(bond);
  }
  if (reply.text.empty()) reply.text = "no bonds\n";
  return reply;
}

Reply CommandExecutor::events(std::span<const std::string> arguments) {
  std::uint64_t after = 0;
  const std::string* wanted = nullptr;
  bool numbered = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--after" && i + 1 < arguments.size()) {
      const std::string& number = arguments[++i];
      const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), after);
      if (error != std::errc{} || end != number.data() + number.size()) {
        return wrong_words("--after takes the number of an event, not \"" + number + "\"");
      }
      numbered = true;
    } else if (wanted == nullptr && !word.starts_with("-")) {
      wanted = &word;
    } else {
      return wrong_words("usage: events [BOND] [--follow]");
    }
  }
  Reply reply;
  if (wanted != nullptr && find(*wanted, reply) == nullptr) return reply;
  const WallClock wall = wall_clock_();
  // With --after the first line is the number of the latest event: where the next call goes on.
  if (numbered) reply.text = std::to_string(scheduler_.events().last_sequence()) + "\n";
  scheduler_.events().for_each_after(after, [&](const Event& event) {
    if (wanted == nullptr || event.bond == *wanted) reply.text += render_event(event, wall);
  });
  return reply;
}

Reply CommandExecutor::get(std::span<const std::string> arguments) {
  if (arguments.size() != 2) return wrong_words("usage: get BOND OPTION");
  Reply reply;
  Bond* const bond = find(arguments[0], reply);
  if (bond == nullptr) return reply;
  const auto value = read_option(*bond, arguments[1]);
  if (!value.ok()) return refused(value.failure());
  return {0, value.value().empty() ? std::string() : value.value() + "\n"};
}

Reply CommandExecutor::set(std::span<const std::string> arguments) {
  if (arguments.size() != 3) return wrong_words("usage: set BOND OPTION VALUE");
  Reply reply;
  Bond* const bond = find(arguments[0], reply);
  if (bond == nullptr) return reply;
  return in_a_step([&] {
    const Outcome outcome = bond->write(arguments[1], arguments[2]);
    return outcome.ok() ? Reply{} : refused(outcome);
  });
}

Reply CommandExecutor::change_ports(std::span<const std::string> arguments,
                                    Outcome (Bond::*change)(std::string_view)) {
  if (arguments.size() < 2) return wrong_words("usage: enslave BOND PORT..., release BOND PORT...");
  Reply reply;
  Bond* const bond = find(arguments[0], reply);
  if (bond == nullptr) return reply;
  return in_a_step([&] {
    Reply all;  // as ifenslave: what can be done is done, each failure is told
    for (const std::string& port : arguments.subspan(1)) {
      if (const Outcome outcome = (bond->*change)(port); !outcome.ok()) {
        all.exit_status = 1;
        all.text += refused(outcome).text;
      }
    }
    return all;
  });
}

Reply CommandExecutor::activate(std::span<const std::string> arguments) {
  if (arguments.size() != 2) return wrong_words("usage: activate BOND PORT");
  return set(std::vector<std::string>{arguments[0], "active_slave", arguments[1]});
}

}  // namespace bondbox
