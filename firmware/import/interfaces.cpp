// /etc/network/interfaces (interfaces(5)) of Debian's ifupdown and busybox: stanzas with bond-* options, and those
// whose commands call ifenslave.
#include <algorithm>

#include "firmware/import/import.hpp"
#include "firmware/import/lines.hpp"
#include "hal/wire/ip_address.hpp"

namespace bondbox::import {
namespace {

constexpr std::size_t stanzas_max = 512;
constexpr std::size_t options_max = 8192;  ///< of all stanzas together
constexpr std::size_t files_max = 64;

struct Option {
  std::string key;
  std::string value;
  Origin where;
};

struct Stanza {
  std::string name;
  std::string family;
  std::string method;
  std::string inherits;
  Origin where;
  std::vector<Option> options;
};

bool is_command(std::string_view key) {
  constexpr std::string_view keys[] = {"up", "down", "pre-up", "post-up", "pre-down", "post-down"};
  return std::find(std::begin(keys), std::end(keys), key) != std::end(keys);
}

/// "ifenslave ..." in a command of the shell, without what stands before and after it; empty: none.
std::vector<std::string> ifenslave_words(const std::string& command) {
  const std::vector<std::string> words = split_quoted(command);
  const auto called = std::find_if(words.begin(), words.end(), [](const std::string& word) {
    return word == "ifenslave" || word.ends_with("/ifenslave");
  });
  if (called == words.end()) return {};
  const auto end = std::find_if(called, words.end(), [](const std::string& word) {
    return word == ";" || word == "&&" || word == "||" || word == "|";
  });
  return {called + 1, end};
}

class Reader {
 public:
  Reader(const Sources& sources, Import& import) : sources_(sources), import_(import) {}

  void read_file(std::string_view text, const std::string& file, int depth) {
    Lines lines(text);
    Stanza* stanza = nullptr;
    while (lines.next()) {
      const Origin where{file, lines.number()};
      const std::vector<std::string> words = split_words(lines.line());
      if (lines.was_cut()) import_.note(where, "the line is too long, and was cut");
      if (words[0] == "iface") {
        stanza = begin_stanza(words, where);
      } else if (words[0] == "source" || words[0] == "source-directory") {
        stanza = nullptr;
        for (std::size_t i = 1; i < words.size(); ++i)
          source(words[0] == "source" ? words[i] : words[i] + "/*", where, depth);
      } else if (words[0] == "mapping") {
        stanza = nullptr;
        import_.note(where, "a mapping cannot be carried");
      } else if (words[0] == "auto" || words[0].starts_with("allow-") || words[0].starts_with("no-auto-") ||
                 words[0] == "no-scripts" || words[0] == "rename") {
        stanza = nullptr;
      } else if (stanza != nullptr && options_ < options_max) {
        ++options_;
        stanza->options.push_back({words[0], rest_of(lines.line(), 1), where});
      }
    }
  }

  void interpret() {
    for (const Stanza& stanza : stanzas_)
      if (is_bond(stanza)) read_bond(stanza);
    for (const Stanza& stanza : stanzas_)
      if (!is_bond(stanza)) read_other(stanza);
  }

 private:
  Stanza* begin_stanza(const std::vector<std::string>& words, const Origin& where) {
    if (words.size() < 2 || stanzas_.size() == stanzas_max) {
      import_.note(where, words.size() < 2 ? "iface without a name" : "there are too many stanzas");
      return nullptr;
    }
    Stanza stanza;
    stanza.name = words[1];
    stanza.where = where;
    // "iface bond0 inherits common" and "iface bond0 inet static inherits common"
    std::size_t i = 2;
    for (; i < words.size() && words[i] != "inherits"; ++i) (i == 2 ? stanza.family : stanza.method) = words[i];
    if (i + 1 < words.size()) stanza.inherits = words[i + 1];
    stanzas_.push_back(std::move(stanza));
    return &stanzas_.back();
  }

  void source(const std::string& pattern, const Origin& where, int depth) {
    constexpr int depth_max = 8;
    if (depth == depth_max) return import_.note(where, "source lines are nested too deeply");
    const std::size_t slash = where.file.rfind('/');
    const bool relative = !pattern.starts_with("/") && slash != std::string::npos;
    for (const SourceFile& found : sources_(relative ? where.file.substr(0, slash + 1) + pattern : pattern)) {
      if (++files_ > files_max) return import_.note(where, "there are too many files");
      read_file(found.text, found.name, depth + 1);
    }
  }

  /// Its own options after those that it inherits, nearest last.
  std::vector<Option> options_of(const Stanza& stanza) {
    constexpr int depth_max = 8;
    std::vector<const Stanza*> line{&stanza};
    while (!line.back()->inherits.empty() && line.size() < depth_max) {
      const std::string& wanted = line.back()->inherits;
      const auto from =
          std::find_if(stanzas_.begin(), stanzas_.end(), [&](const Stanza& other) { return other.name == wanted; });
      if (from == stanzas_.end() || std::find(line.begin(), line.end(), &*from) != line.end()) {
        import_.note(line.back()->where, "it inherits from \"" + wanted + "\", which is not there");
        break;
      }
      line.push_back(&*from);
    }
    std::vector<Option> options;
    for (std::size_t i = line.size(); i > 0; --i)
      options.insert(options.end(), line[i - 1]->options.begin(), line[i - 1]->options.end());
    return options;
  }

  bool is_bond(const Stanza& stanza) {
    if (import_.find(stanza.name) != nullptr) return true;
    bool is = stanza.name.starts_with("bond") && stanza.name.find_first_of(".:") == std::string::npos;
    for (const Option& option : stanza.options) {
      if (option.key == "bond-master") return false;
      is = is || is_bond_option(option.key);
      if (!is_command(option.key)) continue;
      const std::vector<std::string> words = ifenslave_words(option.value);
      is = is || std::find(words.begin(), words.end(), stanza.name) != words.end();
    }
    // What others inherit from is no interface.
    const bool is_template = std::any_of(stanzas_.begin(), stanzas_.end(), [&](const Stanza& other) {
      return other.inherits == stanza.name && !stanza.name.starts_with("bond");
    });
    return is && !is_template;
  }

  static bool is_bond_option(std::string_view key) { return key.starts_with("bond-") || key.starts_with("bond_"); }

  void read_bond(const Stanza& stanza) {
    OldBond* const bond = import_.bond(stanza.name, stanza.where);
    if (bond == nullptr) return;
    if (stanza.method == "dhcp" || stanza.method == "auto" || stanza.method == "bootp" || stanza.method == "ppp")
      import_.note(stanza.where,
                   stanza.name + " gets its address by " + stanza.method + ": let the same client go on with it");
    std::string address;
    std::string netmask;
    Origin address_at;
    for (const Option& option : options_of(stanza)) {
      if (option.key == "address") {
        address = option.value;
        address_at = option.where;
      } else if (option.key == "netmask") {
        netmask = option.value;
      } else {
        read_option(stanza, option);
      }
    }
    if (!address.empty()) set_address(stanza.name, address, netmask, address_at);
  }

  void read_option(const Stanza& stanza, const Option& option) {
    OldBond& bond = *import_.find(stanza.name);
    if (is_command(option.key)) {
      read_command(stanza.name, option);
    } else if (option.key == "gateway" && bond.find("gateway") != nullptr) {
      import_.note(option.where, "a second gateway of " + stanza.name + " cannot be carried");
    } else if (option.key == "gateway" || option.key == "mtu") {
      bond.set(option.key, option.value, option.where);
    } else if (option.key == "hwaddress") {
      const bool with_class = option.value.starts_with("ether ");
      bond.set("mac", with_class ? rest_of(option.value, 1) : option.value, option.where);
    } else if (option.key == "broadcast" || option.key == "network") {
      return;  // follow from the address
    } else if (option.key == "slaves" || option.key == "ports" || is_bond_option(option.key)) {
      read_bond_option(bond, option);
    } else {
      import_.note(option.where, "\"" + option.key + "\" of " + stanza.name + " cannot be carried");
    }
  }

  void read_bond_option(OldBond& bond, const Option& option) {
    std::string key = is_bond_option(option.key) ? option.key.substr(5) : option.key;
    std::replace(key.begin(), key.end(), '-', '_');
    const std::vector<std::string> words = split_words(option.value);
    if (key == "slaves" || key == "ports") {
      for (const std::string& word : words) {
        if (word == "none") continue;
        if (word == "all" || word.starts_with("/"))
          import_.note(option.where, "ports chosen by \"" + word + "\" cannot be carried: name them");
        else
          bond.add_port(word, option.where);
      }
    } else if (key == "give_a_chance") {
      import_.note(option.where, "\"" + option.key + "\" is not needed");
    } else if (words.empty()) {
      import_.note(option.where, "\"" + option.key + "\" has no value");
    } else if (key == "primary") {
      bond.set(key, words[0], option.where);
    } else {
      std::string value;
      for (const std::string& word : words)
        for (const std::string& item : list_items(word)) value += (value.empty() ? "" : ",") + item;
      bond.set(key == "no_peer_notif" ? "num_grat_arp" : key, value, option.where);
    }
  }

  void read_command(const std::string& name, const Option& option) {
    const std::vector<std::string> words = ifenslave_words(option.value);
    const bool up = option.key == "up" || option.key == "pre-up" || option.key == "post-up";
    if (words.empty()) {
      if (!up || !read_modprobe_command(split_quoted(option.value), name, option.where, import_))
        import_.note(option.where, "the command of \"" + option.key + "\" cannot be carried");
      return;
    }
    bool change_active = false;
    bool detach = false;
    std::vector<std::string> names;
    for (const std::string& word : words) {
      if (word.starts_with("-")) {
        change_active = change_active || word == "-c" || word == "--change-active";
        detach = detach || word == "-d" || word == "--detach";
      } else {
        names.push_back(word == "$IFACE" || word == "${IFACE}" ? name : word);
      }
    }
    if (!up || detach || names.size() < 2) return;  // what is released when the bond goes, goes with it
    OldBond* const bond = import_.bond(names[0], option.where);
    if (bond == nullptr) return;
    if (change_active) return bond->set("active_slave", names[1], option.where);
    for (std::size_t i = 1; i < names.size(); ++i) bond->add_port(names[i], option.where);
  }

  void set_address(const std::string& bond, const std::string& address, const std::string& netmask,
                   const Origin& where) {
    std::string text = address;
    if (address.find('/') == std::string::npos) {
      const int length = prefix_length(netmask);
      if (length < 0) return import_.note(where, "the address of " + bond + " has no netmask, or none that is one");
      text += "/" + std::to_string(length);
    }
    OldBond& known = *import_.find(bond);
    const Value* const before = known.find("address");
    known.set("address", before != nullptr ? before->text + "," + text : text, where);
  }

  /// A stanza of something else counts where it names a bond.
  void read_other(const Stanza& stanza) {
    OldBond* master = nullptr;
    for (const Option& option : stanza.options) {
      if (option.key != "bond-master" || option.value == "none") continue;
      master = import_.bond(option.value, option.where);
      if (master != nullptr) master->add_port(stanza.name, option.where);
    }
    for (const Option& option : stanza.options) {
      if (is_command(option.key)) {
        if (!ifenslave_words(option.value).empty()) read_command(stanza.name, option);
      } else if (is_bond_option(option.key) && option.key != "bond-master") {
        if (master != nullptr && option.key == "bond-primary")
          read_bond_option(*master, option);
        else
          import_.note(option.where, "\"" + option.key + "\" of " + stanza.name + " cannot be carried");
      }
    }
  }

  const Sources& sources_;
  Import& import_;
  std::vector<Stanza> stanzas_;
  std::size_t options_ = 0;
  std::size_t files_ = 0;
};

}  // namespace

void read_interfaces(std::string_view text, const std::string& file, const Sources& sources, Import& import) {
  Reader reader(sources, import);
  reader.read_file(text, file, 0);
  reader.interpret();
}

}  // namespace bondbox::import
