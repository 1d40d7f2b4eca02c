#include "firmware/option_table.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <limits>

#include "firmware/config/names.hpp"
#include "firmware/option_handlers.hpp"
#include "firmware/text.hpp"

namespace bondbox {
namespace {

constexpr std::size_t word_length_max = 32;  // the kernel reads a value by "%32s"

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view first_word(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && length < word_length_max && !is_space(text[length])) ++length;
  return text.substr(0, length);
}

bool all_digits(std::string_view text) {
  for (const char c : text)
    if (c < '0' || c > '9') return false;
  return !text.empty();
}

std::string mode_text(Mode mode) {
  return format("%s (%d)", mode_name(mode), static_cast<int>(mode));
}

std::string mode_list(ModeSet modes) {
  std::string text;
  for (int number = 0; number < 7; ++number) {
    const Mode mode = static_cast<Mode>(number);
    if ((modes & only(mode)) == 0) continue;
    if (!text.empty()) text += ", ";
    text += mode_text(mode);
  }
  return text;
}

std::optional<std::int64_t> value_of(const OptionInfo& option, std::string_view word) {
  for (const ValueName& known : option.values)
    if (word == known.name) return known.value;
  if (!all_digits(word)) return std::nullopt;
  const std::optional<std::int64_t> number = parse_integer(word);
  if (!number || *number < option.minimum || *number > option.maximum) return std::nullopt;
  return number;
}

Outcome check_state(const OptionTarget& target, const OptionInfo& option) {
  const std::string name(option.name);
  const Mode mode = target.options().mode;
  const ModeSet further = target.options().combines_monitors() ? option.combined_modes : ModeSet{0};
  if (((option.modes | further) & only(mode)) == 0)
    return Outcome::failed(
        EACCES, name + " is not supported in mode " + mode_text(mode) + ", only in " + mode_list(option.modes));
  if (option.without_ports && target.has_ports())
    return Outcome::failed(ENOTEMPTY, name + " cannot be set while the bond has ports; release them first");
  if (option.while_down && target.is_up())
    return Outcome::failed(EBUSY, name + " cannot be set while the bond is up; set it down first");
  return Outcome::done();
}

Outcome unknown_option(std::string_view name) {
  std::string reason = "there is no option \"" + std::string(name) + "\"";
  const std::string_view near = nearest_option(name);
  if (!near.empty()) reason += "; did you mean \"" + std::string(near) + "\"?";
  return Outcome::failed(ENOENT, std::move(reason));
}

std::string name_of_value(const OptionInfo& option, std::int64_t value) {
  for (const ValueName& known : option.values)
    if (known.value == value) return known.name;
  return "unknown";
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string refusal(const OptionInfo& option, std::string_view value) {
  std::string text =
      std::string(option.name) + " cannot be \"" + std::string(value) + "\" (" + allowed_values(option) + ")";
  if (option.kind != OptionKind::choice) return text;
  std::array<std::string_view, 8> names;
  std::size_t count = 0;
  for (const ValueName& known : option.values)
    if (count < names.size()) names[count++] = known.name;
  const std::string_view near = nearest_name(value, {names.data(), count});
  if (!near.empty()) text += "; did you mean \"" + std::string(near) + "\"?";
  return text;
}

const OptionInfo* find_option(std::string_view name) {
  // As the option was called while upstream discussed it, and is in some texts.
  if (name == "ad_actor_port_prio") name = "actor_port_prio";
  for (const OptionInfo& option : all_options())
    if (option.name == name) return &option;
  return nullptr;
}

std::string_view nearest_option(std::string_view name) {
  std::array<std::string_view, 64> names;
  std::size_t count = 0;
  for (const OptionInfo& option : all_options()) names[count++] = option.name;
  return nearest_name(name, {names.data(), count});
}

const char* option_value_name(std::string_view option, std::int64_t value) {
  if (const OptionInfo* const info = find_option(option)) {
    for (const ValueName& known : info->values)
      if (known.value == value) return known.name;
  }
  return "unknown";
}

std::string allowed_values(const OptionInfo& option) {
  switch (option.kind) {
    case OptionKind::choice: {
      std::string text = "one of ";
      for (const ValueName& known : option.values) {
        if (&known != option.values.data()) text += ", ";
        text += known.name;
      }
      return text;
    }
    case OptionKind::flag:
      return "0 or 1";
    case OptionKind::number:
      return format("allowed values %lld - %lld", static_cast<long long>(option.minimum),
                    static_cast<long long>(option.maximum));
    case OptionKind::per_port:
      return format("PORT:NUMBER, allowed numbers %lld - %lld", static_cast<long long>(option.minimum),
                    static_cast<long long>(option.maximum));
    case OptionKind::text:
    case OptionKind::list:
      return std::string(option.form);
    case OptionKind::read_only:
      break;
  }
  return "it can only be read";
}

Outcome write_option(OptionTarget& target, std::string_view name, std::string_view value) {
  const OptionInfo* option = find_option(name);
  if (option == nullptr) return unknown_option(name);
  if (option->kind == OptionKind::read_only) return Outcome::failed(EACCES, std::string(name) + " can only be read");
  if (Outcome state = check_state(target, *option); !state.ok()) return state;

  const std::string_view text = trimmed(value);
  if (option->access.write_text != nullptr) return option->access.write_text(target, text);
  const std::string_view word = first_word(text);
  const std::optional<std::int64_t> number = value_of(*option, word);
  if (!number) return Outcome::failed(EINVAL, refusal(*option, word));
  return option->access.write_number(target, *number);
}

Result<std::string> read_option(const OptionTarget& target, std::string_view name) {
  const OptionInfo* option = find_option(name);
  if (option == nullptr) return unknown_option(name);
  if (option->kind == OptionKind::read_only) {
    // The kernel leaves every ad_ file empty outside 802.3ad.
    const bool meaningful = (option->modes & only(target.options().mode)) != 0;
    return meaningful ? target.attribute(name) : std::string();
  }
  if (option->access.read_text != nullptr) return option->access.read_text(target);
  if (option->name.starts_with("ad_") && option->modes != every_mode && target.options().mode != Mode::lacp_8023ad)
    return std::string();
  const std::int64_t number = option->access.read_number(target);
  std::string digits = std::to_string(number);
  return option->kind == OptionKind::choice ? name_of_value(*option, number) + " " + digits : digits;
}

std::string errno_name(int error) {
  struct Entry {
    int error;
    const char* name;
  };
  static constexpr Entry entries[] = {
      {EPERM, "EPERM"},
      {ENOENT, "ENOENT"},
      {ESRCH, "ESRCH"},
      {EINTR, "EINTR"},
      {EIO, "EIO"},
      {ENXIO, "ENXIO"},
      {EAGAIN, "EAGAIN"},
      {ENOMEM, "ENOMEM"},
      {EACCES, "EACCES"},
      {EBUSY, "EBUSY"},
      {EEXIST, "EEXIST"},
      {ENODEV, "ENODEV"},
      {ENOTDIR, "ENOTDIR"},
      {EISDIR, "EISDIR"},
      {EINVAL, "EINVAL"},
      {ENFILE, "ENFILE"},
      {EMFILE, "EMFILE"},
      {ENOSPC, "ENOSPC"},
      {EROFS, "EROFS"},
      {ERANGE, "ERANGE"},
      {ENOSYS, "ENOSYS"},
      {ENOTEMPTY, "ENOTEMPTY"},
      {EAFNOSUPPORT, "EAFNOSUPPORT"},
      {ENETDOWN, "ENETDOWN"},
      {ENETUNREACH, "ENETUNREACH"},
      {EHOSTUNREACH, "EHOSTUNREACH"},
      {ENOBUFS, "ENOBUFS"},
      {ETIMEDOUT, "ETIMEDOUT"},
      {EMSGSIZE, "EMSGSIZE"},
      {EOPNOTSUPP, "EOPNOTSUPP"},
      {EADDRNOTAVAIL, "EADDRNOTAVAIL"},
      {EADDRINUSE, "EADDRINUSE"},
      {ECONNREFUSED, "ECONNREFUSED"},
  };
  for (const Entry& entry : entries)
    if (entry.error == error) return entry.name;
  return format("errno %d", error);
}

std::string refusal_text(const Outcome& refusal) {
  return errno_name(refusal.error) + ": " + refusal.reason;
}

}  // namespace bondbox
