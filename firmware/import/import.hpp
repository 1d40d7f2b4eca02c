// Old configurations of the kernel's bonding driver, read into bonds of ours: what the importers fill in and what
// becomes of it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bondbox::import {

/// Where something stood.
struct Origin {
  std::string file;
  unsigned line = 0;

  std::string text() const { return file + ":" + std::to_string(line); }
};

struct Value {
  std::string key;   ///< of bondbox.toml
  std::string text;  ///< lists with commas
  Origin origin;
  std::string remark;  ///< in place of the origin; for what the old driver did unasked
};

struct Port {
  std::string name;
  Origin origin;
};

struct OldBond {
  std::string name;
  Origin origin;
  std::vector<Port> ports;
  std::vector<Value> values;  ///< one for each key, in the order in which they came

  void add_port(std::string_view port, const Origin& where);
  void set(std::string_view key, std::string_view text, const Origin& where);
  const Value* find(std::string_view key) const;
};

/// What is read from all files of one call. Limits: a line that would exceed one becomes a note.
class Import {
 public:
  static constexpr std::size_t bonds_max = 64;
  static constexpr std::size_t ports_max = 64;
  static constexpr std::size_t values_max = 128;
  static constexpr std::size_t notes_max = 200;

  /// The bond of that name, made when it is not there; nullptr and a note when it cannot be.
  OldBond* bond(std::string_view name, const Origin& where);
  OldBond* find(std::string_view name);
  /// For every bond, unless it has a value of its own: `options bonding`.
  void set_for_all(std::string_view key, std::string_view text, const Origin& where);
  void set_count(unsigned count, const Origin& where);
  /// What could not be understood or carried.
  void note(const Origin& where, std::string text);

  /// Ends the reading: values for all are given to each, what bondbox refuses becomes a note, and what the old driver
  /// did unasked is said. After it every bond is one that bondbox takes.
  void finish();

  const std::vector<OldBond>& bonds() const noexcept { return bonds_; }
  /// "FILE:LINE: text", in the order of finding.
  const std::vector<std::string>& notes() const noexcept { return notes_; }
  /// Whether there were options of the module, which count for every bond.
  bool has_module() const noexcept { return module_.has_value(); }
  bool noted() const noexcept { return notes_count_ != 0; }

 private:
  void add_missing(OldBond& bond) const;
  void drop_refused(OldBond& bond);
  void drop_shared_ports();

  std::vector<OldBond> bonds_;
  std::vector<Value> for_all_;
  std::optional<Origin> module_;  ///< where the module's options stood
  unsigned count_ = 0;
  std::vector<std::string> notes_;
  std::size_t notes_count_ = 0;
};

/// bondbox.toml, each value with its origin as a comment.
std::string render_toml(const Import& import);
/// One bond in the words of `bondbox add`, without its name, separated by spaces; empty where there is none.
std::string render_words(const Import& import, std::string_view bond);

/// The files that a pattern of a `source` line names, with their texts.
struct SourceFile {
  std::string name;
  std::string text;
};
using Sources = std::function<std::vector<SourceFile>(std::string_view pattern)>;

enum class Kind { modprobe, interfaces, openwrt };
/// By the words that lines begin with; nothing when it looks like none of them.
std::optional<Kind> kind_of(std::string_view text);

void read_modprobe(std::string_view text, const std::string& file, Import& import);
void read_interfaces(std::string_view text, const std::string& file, const Sources& sources, Import& import);
void read_openwrt(std::string_view text, const std::string& file, Import& import);

/// "255.255.255.0" and "24" are 24; -1: neither a netmask nor the length of one.
int prefix_length(std::string_view netmask);

/// "modprobe bonding mode=1 miimon=100" in any of its forms, for the bond that it names with -o, or `bond` ("" for
/// all). False when it is no such command.
bool read_modprobe_command(const std::vector<std::string>& words, std::string_view bond, const Origin& where,
                           Import& import);

}  // namespace bondbox::import
