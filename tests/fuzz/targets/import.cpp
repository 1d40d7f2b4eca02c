// Old configurations of three kinds, and files that only look like them: what comes out is a configuration that
// bondbox takes, and whatever could not be carried is told with its place.
#include "firmware/import/import.hpp"

#include <algorithm>

#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/target.hpp"
#include "tests/fuzz/support/texts.hpp"

namespace bondbox::fuzz {
namespace {

void run(wire::Bytes bytes) {
  Input input(bytes);
  const std::uint8_t kinds = input.byte();
  import::Import import;
  std::size_t sourced = 0;
  const std::string first = input.text_until(0);
  const std::string second = input.rest_text();
  const import::Sources sources = [&](std::string_view) -> std::vector<import::SourceFile> {
    // A file that sources itself is read as often as it is asked for.
    promise(++sourced <= 100'000, "files that source one another come to an end");
    return {{"more", second}};
  };
  const auto read = [&](std::uint8_t kind, const std::string& text, const char* name) {
    if (kind == 0) import::read_modprobe(text, name, import);
    if (kind == 1) import::read_interfaces(text, name, sources, import);
    if (kind == 2) import::read_openwrt(text, name, import);
    (void)import::kind_of(text);
  };
  read(kinds & 3, first, "old");
  read(kinds >> 2 & 3, second, "older");
  import.finish();
  promise(import.bonds().size() <= import::Import::bonds_max, "there are 64 bonds at most");
  for (const std::string& note : import.notes()) {
    promise(!note.empty(), "a note says something");
    promise(std::none_of(note.begin(), note.end(), [](char c) { return c == '\n' || c == '\x1b'; }),
            "a note is one line without control characters");
  }
  for (const import::OldBond& bond : import.bonds()) (void)import::render_words(import, bond.name);
  if (import.bonds().empty()) return;
  const std::string toml = import::render_toml(import);
  const ConfigResult result = load_config(toml, "bondbox.toml");
  if (!result.ok()) broken(("what was imported is taken: " + result.errors[0].text() + "\n" + toml).c_str());
  promise(result.config.bonds.size() == import.bonds().size(), "every bond comes through");
  check_config(result.config);
}

const Known known("import", &run);

}  // namespace
}  // namespace bondbox::fuzz
