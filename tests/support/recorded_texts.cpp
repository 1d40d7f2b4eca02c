#include "tests/support/recorded_texts.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>

#include "firmware/version.hpp"
#include "tests/support/source_dir.hpp"

namespace bondbox::test {
namespace {

constexpr std::string_view states_file = "proc_states.txt";
constexpr std::string_view heading_mark = "##### ";
constexpr std::string_view nobody_mark = "-- as nobody\n";

/// Up to the first line that is none of /proc/net/bonding.
std::string text_alone(std::string_view body) {
  for (const std::string_view next : {"-- as nobody\n", "/sys/class/net/", "24: bond0: ", "done\n"}) {
    for (std::size_t at = body.find(next); at != std::string_view::npos; at = body.find(next, at + 1)) {
      if (at != 0 && body[at - 1] != '\n') continue;
      body = body.substr(0, at);
      break;
    }
  }
  return std::string(body);
}

}  // namespace

std::string recorded_text(std::string_view name) {
  const std::string path = recording(std::string(name));
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  std::string text;
  if (!file) return text;
  char part[4096];
  for (std::size_t got; (got = std::fread(part, 1, sizeof part, file.get())) != 0;) text.append(part, got);
  const std::string kernel = "Driver: v6.1.176\n";
  const std::string ours = "Driver: v" + std::string(version()) + "\n";
  for (std::size_t at; (at = text.find(kernel)) != std::string::npos;) text.replace(at, kernel.size(), ours);
  return text;
}

std::map<std::string, std::string> recorded_states() {
  const std::string file = recorded_text(states_file);
  std::map<std::string, std::string> texts;
  for (std::size_t at = file.find(heading_mark); at != std::string::npos;) {
    const std::size_t next = std::min(file.find(heading_mark, at + 1), file.size());
    const std::size_t line_end = file.find('\n', at);
    const std::string heading = file.substr(at + heading_mark.size(), line_end - at - heading_mark.size());
    texts[heading] = text_alone(std::string_view(file).substr(line_end + 1, next - line_end - 1));
    at = file.find(heading_mark, at + 1);
  }
  return texts;
}

std::string recorded_text_for_nobody() {
  const std::string file = recorded_text(states_file);
  const std::size_t at = file.find(nobody_mark);
  return at == std::string::npos ? std::string() : text_alone(std::string_view(file).substr(at + nobody_mark.size()));
}

}  // namespace bondbox::test
