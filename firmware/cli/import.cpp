// `bondbox import`: old configurations to bondbox.toml.
#include "firmware/import/import.hpp"

#include <cstdio>

#include "firmware/cli/cli.hpp"
#include "firmware/cli/configuration.hpp"
#include "hal/linux/run_dir.hpp"

namespace bondbox::cli {
namespace {

constexpr int exit_incomplete = 3;
constexpr std::size_t files_max = 256;

std::vector<import::SourceFile> read_sources(std::string_view pattern) {
  std::vector<import::SourceFile> found;
  for (const std::string& name : lnx::matching_files(std::string(pattern), files_max)) {
    const auto text = lnx::read_file(name);
    if (text.ok()) found.push_back({name, text.value()});
  }
  return found;
}

void read_one(const import::SourceFile& file, bool modules, import::Import& import) {
  const auto kind = import::kind_of(file.text);
  if ((kind == import::Kind::modprobe) != modules) return;
  if (!kind) {
    import.note({file.name, 1}, "it is none of modprobe's files, interfaces(5) or OpenWrt's network");
  } else if (*kind == import::Kind::modprobe) {
    import::read_modprobe(file.text, file.name, import);
  } else if (*kind == import::Kind::interfaces) {
    import::read_interfaces(file.text, file.name, read_sources, import);
  } else {
    import::read_openwrt(file.text, file.name, import);
  }
}

void tell_notes(const import::Import& import) {
  for (const std::string& note : import.notes()) std::fprintf(stderr, "%s\n", note.c_str());
}

}  // namespace

int import_configuration(const Invocation& invocation) {
  std::string words_of;
  std::vector<std::string> files;
  for (std::size_t i = 0; i < invocation.words.size(); ++i) {
    const std::string& word = invocation.words[i];
    if (word == "--words") {
      if (i + 1 == invocation.words.size()) return wrong_words(invocation, "--words needs a bond");
      words_of = invocation.words[++i];
    } else if (word.starts_with("-")) {
      return wrong_words(invocation, "unknown option \"" + word + "\"");
    } else {
      files.push_back(word);
    }
  }
  if (files.empty() || files.size() > files_max) return wrong_words(invocation, "import needs the files, 1 to 256");

  std::vector<import::SourceFile> read;
  for (const std::string& file : files) {
    auto text = lnx::read_file(file);
    if (!text.ok()) {
      complain(text.failure().reason);
      return exit_failed;
    }
    read.push_back({file, std::move(text.value())});
  }
  import::Import import;
  // However the files stand: a stanza's words come after what the module was loaded with.
  for (const bool modules : {true, false})
    for (const import::SourceFile& file : read) read_one(file, modules, import);
  if (!words_of.empty() && import.has_module()) (void)import.bond(words_of, {"--words", 1});
  import.finish();
  tell_notes(import);
  if (words_of.empty() ? import.bonds().empty() : import.find(words_of) == nullptr) {
    complain("no bond is described there");
    return exit_failed;
  }
  const std::string text =
      words_of.empty() ? import::render_toml(import) : import::render_words(import, words_of) + "\n";
  if (const ConfigResult check = load_config(text, "bondbox.toml"); words_of.empty() && !check.ok()) {
    complain("what came out of it would be refused: " + check.errors[0].text());
    return exit_failed;
  }
  say(text);
  return import.noted() ? exit_incomplete : exit_done;
}

}  // namespace bondbox::cli
