#include "tests/frame/include_rules.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace bondbox::test {
namespace {

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return text.starts_with(prefix); });
}

bool is_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

/// "policies/active_backup.hpp" and the like: one mode's own header.
bool is_mode_header(std::string_view header) {
  return is_any(header, {"policies/balance_rr.hpp", "policies/active_backup.hpp", "policies/balance_xor.hpp",
                         "policies/broadcast.hpp", "policies/lacp.hpp", "policies/balance_tlb.hpp",
                         "policies/balance_alb.hpp", "policies/ieee_802_3ad.hpp"});
}

std::string_view without_extension(std::string_view path) {
  return path.substr(0, path.rfind('.'));
}

std::string quoted_complaint(std::string_view file, std::string_view header) {
  // The only exceptions to full paths: what the Makefile writes into build/generated.
  if (header == "version_generated.hpp")
    return file == "firmware/version.cpp" ? "" : "is for firmware/version.cpp only";
  if (header == "bpf_programs_generated.hpp")
    return file == "hal/linux/bpf_programs.cpp" ? "" : "is for hal/linux/bpf_programs.cpp only";
  if (header == "page_generated.hpp")
    return file == "firmware/page/page.cpp" ? "" : "is for firmware/page/page.cpp only";

  if (file.starts_with("hal/wire/")) {
    if (!header.starts_with("hal/wire/")) return "hal/wire includes nothing but hal/wire";
  } else if (file.starts_with("policies/")) {
    if (!starts_with_any(header, {"policies/", "hal/wire/"})) return "policies include only policies and hal/wire";
  } else if (file.starts_with("hal/")) {
    if (!header.starts_with("hal/")) return "hal includes only hal";
    for (const std::string_view room : {"hal/linux/", "hal/sim/", "hal/pcap/"}) {
      if (header.starts_with(room) && !file.starts_with(room)) return std::string(room) + " is for itself and firmware";
    }
  } else if (!starts_with_any(header, {"firmware/", "policies/", "hal/"})) {
    return "firmware includes firmware, policies and hal, by their full path";
  } else if (header.starts_with("firmware/cli/") && !file.starts_with("firmware/cli/") && file != "firmware/main.cpp") {
    return "firmware/cli stands above the rest of firmware";
  }
  if (is_mode_header(header) && without_extension(file) != without_extension(header) &&
      without_extension(file) != "policies/modes") {
    return "only policies/modes knows which modes there are";
  }
  return {};
}

std::string library_complaint(std::string_view file, std::string_view header) {
  if (header.starts_with("toml++/")) {
    const bool allowed = file.starts_with("firmware/config/") && file.ends_with(".cpp");
    return allowed ? "" : "toml++ is for the one reader in firmware/config";
  }
  if (header.starts_with("boost/asio")) {
    const bool allowed = starts_with_any(file, {"firmware/runtime", "firmware/control", "firmware/console"});
    return allowed ? "" : "Asio is for firmware's runtime, control socket and console";
  }
  if (header.starts_with("boost/")) {
    return file.starts_with("firmware/") ? "" : "Boost is for firmware";
  }
  if (header == "pcap.h" || header.starts_with("pcap/")) {
    return file.starts_with("hal/pcap/") ? "" : "libpcap is for hal/pcap";
  }
  // The one header that the BPF machine's compiler has as well.
  if (header == "stdint.h" && file.starts_with("hal/wire/")) return {};
  if (header.ends_with(".h") || header.find('/') != std::string_view::npos) {
    return file.starts_with("hal/linux/") ? "" : "system headers are for hal/linux";
  }
  return {};
}

}  // namespace

std::string include_complaint(std::string_view file, std::string_view header, bool quoted) {
  if (quoted) return quoted_complaint(file, header);

  std::string complaint = library_complaint(file, header);
  if (!complaint.empty()) return complaint;
  if (is_any(header, {"iostream", "ostream", "istream", "sstream", "fstream", "iomanip", "syncstream", "strstream"})) {
    return "iostreams are too large for the program";
  }
  const bool no_time = file.starts_with("policies/") || file.starts_with("hal/wire/");
  if (no_time && is_any(header, {"chrono", "ctime", "thread", "mutex", "condition_variable", "future", "filesystem",
                                 "csignal", "cstdlib"})) {
    return "policies and wire formats see no clock, thread or file; time is an argument";
  }
  return {};
}

}  // namespace bondbox::test
