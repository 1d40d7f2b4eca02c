#include "firmware/cli/configuration.hpp"

#include <cstdio>

#include "firmware/config/module_words.hpp"
#include "hal/linux/run_dir.hpp"

namespace bondbox::cli {

std::string message_lines(const std::vector<ConfigMessage>& messages, std::string_view prefix) {
  std::string text;
  for (const ConfigMessage& message : messages) text += std::string(prefix) + message.text() + "\n";
  return text;
}

ConfigResult read_configuration_file(const std::string& file, std::string& unreadable) {
  const auto text = lnx::read_own_file(file);
  if (!text.ok()) {
    unreadable = text.failure().reason;
    return {};
  }
  return load_config(text.value(), file);
}

ConfigurationOrExit read_configuration(const Invocation& invocation, bool words_allowed) {
  Configuration configuration;
  configuration.file = default_config_file;
  std::vector<std::string_view> words;
  bool file_given = false;
  for (std::size_t i = 0; i < invocation.words.size(); ++i) {
    const std::string& word = invocation.words[i];
    if (word == "-c" || word == "--config") {
      if (i + 1 == invocation.words.size()) return {{}, wrong_words(invocation, word + " needs a file")};
      configuration.file = invocation.words[++i];
      file_given = true;
    } else if (word.starts_with("-")) {
      return {{}, wrong_words(invocation, "unknown option \"" + word + "\"")};
    } else {
      words.push_back(word);
    }
  }
  if (!words.empty() && (file_given || !words_allowed)) {
    return {{},
            wrong_words(invocation, words_allowed ? "give a file or a bond's words, not both"
                                                  : "unexpected \"" + std::string(words[0]) + "\"")};
  }

  if (!words.empty() && (words[0].find('/') != std::string_view::npos || words[0].ends_with(".toml"))) {
    return {{}, wrong_words(invocation, "a file is given as -c " + std::string(words[0]))};
  }

  std::string unreadable;
  ConfigResult result;
  if (words.empty()) {
    result = read_configuration_file(configuration.file, unreadable);
  } else {
    configuration.file.clear();
    result = load_module_words(words);
  }
  if (!unreadable.empty()) {
    complain(unreadable +
             (file_given ? "" : "; -c names another file, or name bond and ports: bond0 eth0 eth1 mode=1"));
    return {{}, exit_failed};
  }
  std::fputs(message_lines(result.warnings, "warning: ").c_str(), stderr);
  if (!result.ok()) {
    std::fputs(message_lines(result.errors, "").c_str(), stderr);
    return {{}, words.empty() ? exit_failed : exit_usage};
  }
  configuration.config = std::move(result.config);
  return {std::move(configuration), exit_done};
}

}  // namespace bondbox::cli
