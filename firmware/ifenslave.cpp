#include "firmware/ifenslave.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "firmware/option_table.hpp"
#include "firmware/text.hpp"
#include "firmware/version.hpp"

namespace bondbox::ifenslave {

const std::string_view usage =
    "Usage: ifenslave [-f] <master-if> <slave-if> [<slave-if>...]\n"
    "       ifenslave -d   <master-if> <slave-if> [<slave-if>...]\n"
    "       ifenslave -c   <master-if> <slave-if>\n"
    "       ifenslave --help\n";

namespace {

constexpr std::string_view busybox_usage = "Usage: ifenslave [-cdf] MASTER_IFACE SLAVE_IFACE...\n";
constexpr std::string_view classic_help =
    "\n"
    "       -d, --detach         release the slaves from the master\n"
    "       -c, --change-active  make the slave the active one\n"
    "       -f, --force          the same as without it: there is nothing to force\n"
    "       -a, --all-interfaces show all interfaces; with one name alone, that one\n"
    "       -v, --verbose        say what is done; -V, --version: this version\n"
    "       -h, --help           this; -u, --usage: the forms\n"
    "\n"
    "The master is a bond of a running bondbox. It must be set up.\n";

struct LongOption {
  std::string_view name;
  char letter;
};
constexpr std::array<LongOption, 9> long_options{{{"all-interfaces", 'a'},
                                                  {"change-active", 'c'},
                                                  {"detach", 'd'},
                                                  {"force", 'f'},
                                                  {"help", 'h'},
                                                  {"usage", 'u'},
                                                  {"verbose", 'v'},
                                                  {"version", 'V'},
                                                  {"option-version", 'V'}}};

struct Words {
  std::string letters;  ///< in the order given
  std::vector<std::string> names;
  bool wrong = false;

  bool has(char letter) const { return letters.find(letter) != std::string::npos; }
};

/// A long option may be shortened as long as it is one only.
char letter_of(std::string_view name) {
  char found = 0;
  for (const LongOption& option : long_options) {
    if (option.name == name) return option.letter;
    if (!option.name.starts_with(name)) continue;
    if (found != 0 && found != option.letter) return 0;
    found = option.letter;
  }
  return found;
}

Words read_words(std::span<const std::string> given, std::string_view known, bool long_ones) {
  Words words;
  bool names_only = false;
  for (const std::string& word : given) {
    if (names_only || word.size() < 2 || word[0] != '-') {
      words.names.push_back(word);
      // After "--", or alone: no command takes such a name.
      if (word.starts_with('-')) words.wrong = true;
    } else if (word == "--") {
      names_only = true;
    } else if (word.starts_with("--")) {
      const char letter = long_ones ? letter_of(std::string_view(word).substr(2)) : '\0';
      if (letter == 0)
        words.wrong = true;
      else
        words.letters += letter;
    } else {
      for (const char letter : word.substr(1)) {
        if (known.find(letter) == std::string_view::npos) words.wrong = true;
        words.letters += letter;
      }
    }
  }
  return words;
}

/// The errno that a refusal of bondbox begins with ("EBUSY: ..."), 1 when it begins with none.
int errno_of(const std::string& refusal) {
  constexpr int errno_max = 133;
  const std::string name = refusal.substr(0, refusal.find(':'));
  for (int error = 1; error <= errno_max; ++error)
    if (errno_name(error) == name) return error;
  return 1;
}

bool names_port(const std::string& list, const std::string& port) {
  std::size_t at = 0;
  while (at < list.size()) {
    const std::size_t end = std::min(list.find_first_of(" \n", at), list.size());
    if (list.compare(at, end - at, port) == 0) return true;
    at = end + 1;
  }
  return false;
}

/// What both forms do, once the words are understood.
class Work {
 public:
  Work(const Words& words, Form form, const Machine& machine) : words_(words), form_(form), machine_(machine) {}

  Ending run() {
    master_ = words_.names[0];
    const Reply known = machine_.ask(std::vector<std::string>{"get", master_, "slaves"});
    if (known.exit_status != 0) return refuse_master(known);
    if (!machine_.is_up(master_).value_or(false)) {
      complain("Illegal operation; the specified master interface '" + master_ + "' is not up.",
               master_ + " is not up");
      ending_.exit_status = 1;
      return ending_;
    }
    ports_ = known.text;
    tell("master " + master_ + " has the slaves " + (ports_.empty() ? "(none)\n" : ports_));
    const std::size_t count = words_.has('c') ? 2 : words_.names.size();
    for (std::size_t i = 1; i < count; ++i) work_on(words_.names[i]);
    return ending_;
  }

 private:
  Ending refuse_master(const Reply& reply) {
    complain("Illegal operation; the specified interface '" + master_ + "' is not a master. Aborting",
             master_ + " is not a master");
    ending_.err += "bondbox: " + reply.text;
    ending_.exit_status = 1;
    return ending_;
  }

  void work_on(const std::string& port) {
    if (!machine_.is_up(port)) return skip_missing(port);
    const bool is_port = names_port(ports_, port);
    if (words_.has('c') || words_.has('d')) {
      if (!is_port) return refuse_port("is not a slave", port);
      return words_.has('c') ? change_active(port) : release(port);
    }
    enslave(port, is_port);
  }

  void skip_missing(const std::string& port) {
    const std::string why = std::strerror(ENODEV);
    const bool taking = !words_.has('c') && !words_.has('d');
    complain("Slave '" + port + "': Error: get " + (taking ? "settings failed: " + why : std::string("flags failed")) +
                 (words_.has('c') ? ". Aborting" : ". Skipping"),
             words_.has('c') ? port + ": can't get flags: " + why
                             : "skipping " + port + ": can't get " + (taking ? "settings: " : "flags: ") + why);
    ending_.exit_status = form_ == Form::classic ? ENODEV : words_.has('c') ? 1 : 255;
  }

  void refuse_port(const char* why, const std::string& port) {
    complain("Illegal operation: The specified slave interface '" + port + "' " + why, port + " " + why);
    ending_.exit_status = 1;
    report_failure(port);
  }

  void change_active(const std::string& port) {
    done_or_failed(machine_.ask(std::vector<std::string>{"activate", master_, port}), port);
  }

  void release(const std::string& port) {
    std::vector<std::string> words{"release", master_, port};
    if (machine_.going_down == master_ && machine_.linger_ms > 0)
      words.insert(words.begin() + 1, {"--after", std::to_string(machine_.linger_ms)});
    done_or_failed(machine_.ask(words), port);
  }

  void enslave(const std::string& port, bool is_port) {
    // bondbox takes back a port that was to be released in a moment; any other that it has is refused.
    const Reply reply = machine_.ask(std::vector<std::string>{"enslave", master_, port});
    if (reply.exit_status != 0 && is_port && errno_of(reply.text) == EBUSY)
      return refuse_port("is already a slave", port);
    done_or_failed(reply, port);
  }

  void done_or_failed(const Reply& reply, const std::string& port) {
    if (reply.exit_status == 0) {
      tell("master " + master_ + ", slave " + port + ": done\n");
      return;
    }
    const int error = errno_of(reply.text);
    ending_.exit_status = form_ == Form::classic ? error : 1;
    report_failure(port);
    ending_.err += "bondbox: " + reply.text;
  }

  /// The old sentence for a port with which it did not work.
  void report_failure(const std::string& port) {
    const std::string place = "Master '" + master_ + "', Slave '" + port + "': Error: ";
    if (words_.has('c'))
      complain(place + "Change active failed", "master " + master_ + ", slave " + port + ": can't change active");
    else if (words_.has('d'))
      complain(place + "Release failed", "can't release " + port + " from " + master_);
    else
      complain(place + "Enslave failed", "can't enslave " + port + " to " + master_);
  }

  void complain(const std::string& classic, const std::string& busybox) {
    ending_.err += (form_ == Form::classic ? classic : "ifenslave: " + busybox) + "\n";
  }
  void tell(const std::string& text) {
    if (words_.has('v')) ending_.out += text;
  }

  const Words& words_;
  Form form_;
  const Machine& machine_;
  std::string master_;
  std::string ports_;
  Ending ending_;
};

std::string version_line() {
  return "ifenslave of bondbox " + std::string(version()) + ", with the words of ifenslave.c v1.1.0\n";
}

Ending show(const std::string& name, const Machine& machine, Form form) {
  if (const auto text = machine.describe(name)) return {0, *text, {}};
  const std::string why = std::strerror(ENODEV);
  return {form == Form::classic ? ENODEV : 1, {}, "ifenslave: " + name + ": " + why + "\n"};
}

Ending run_classic(std::span<const std::string> given, const Machine& machine) {
  const Ending wrong{2, {}, std::string(usage)};
  const Words words = read_words(given, "acdfhuvV", true);
  std::string exclusive = words.letters;
  std::erase(exclusive, 'v');
  if (words.wrong || exclusive.size() > 1) return wrong;
  if (words.has('V')) return {0, version_line(), {}};
  if (words.has('u')) return {0, std::string(usage), {}};
  if (words.has('h')) return {0, std::string(usage) + std::string(classic_help), {}};
  Ending ending;
  if (words.has('a')) {
    if (!words.names.empty()) return wrong;
    ending = show({}, machine, Form::classic);
  } else if (words.names.empty() || (words.names.size() == 1 && (words.has('d') || words.has('c')))) {
    return wrong;
  } else if (words.names.size() == 1) {
    ending = show(words.names[0], machine, Form::classic);
  } else {
    ending = Work(words, Form::classic, machine).run();
  }
  if (words.has('v')) ending.out.insert(0, version_line());
  return ending;
}

Ending run_busybox(std::span<const std::string> given, const Machine& machine) {
  const Ending wrong{1, {}, std::string(busybox_usage)};
  Words words = read_words(given, "cdfa", false);
  std::erase(words.letters, 'a');  // all interfaces: what it does without a name anyway
  if (words.wrong || words.letters.size() > 1) return wrong;
  if (words.names.empty()) return show({}, machine, Form::busybox);
  if (words.names.size() == 1) {
    return words.has('d') || words.has('c') ? wrong : show(words.names[0], machine, Form::busybox);
  }
  return Work(words, Form::busybox, machine).run();
}

}  // namespace

Ending run(std::span<const std::string> words, Form form, const Machine& machine) {
  return form == Form::classic ? run_classic(words, machine) : run_busybox(words, machine);
}

}  // namespace bondbox::ifenslave
