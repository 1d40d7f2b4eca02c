// `bondbox add`: a bond more for the daemon that runs, or a daemon with this one bond.
#include "firmware/cli/add.hpp"

#include <chrono>
#include <cstdio>
#include <thread>

#include "firmware/cli/configuration.hpp"
#include "firmware/config/module_words.hpp"
#include "firmware/control_client.hpp"
#include "firmware/control_protocol.hpp"

namespace bondbox::cli {

int add(const Invocation& invocation) {
  for (const std::string& word : invocation.words)
    if (word.starts_with("-")) return wrong_words(invocation, "unknown option \"" + word + "\"");
  if (invocation.words.empty()) return wrong_words(invocation, "add needs a bond");
  ConfigResult wanted =
      load_module_words(std::vector<std::string_view>(invocation.words.begin(), invocation.words.end()));
  if (!wanted.ok()) {
    std::fputs(message_lines(wanted.errors, "").c_str(), stderr);
    return exit_usage;
  }
  const std::string socket = invocation.run_dir + "/" + control::socket_name;
  if (!control::is_listening(socket)) {
    lnx::Background background;
    const auto begun = background.split();
    if (!begun) return serve_in_background(invocation, std::move(wanted.config), background);
    if (begun->ok()) return exit_done;
    // Somebody else may have begun one at the same time.
    for (int tries = 0; tries < 20 && !control::is_listening(socket); ++tries)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    if (!control::is_listening(socket)) {
      complain(begun->reason);
      return exit_failed;
    }
  }
  std::vector<std::string> words{"add"};
  words.insert(words.end(), invocation.words.begin(), invocation.words.end());
  const Reply reply = control::ask(socket, words);
  if (reply.exit_status == exit_done) {
    say(reply.text);
    return exit_done;
  }
  complain(reply.text.substr(0, reply.text.find_last_not_of('\n') + 1));
  return exit_failed;
}

}  // namespace bondbox::cli
