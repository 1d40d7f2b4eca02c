// Where frames leave, asked of a running bond or of one on paper.
#include <algorithm>
#include <charconv>
#include <memory>

#include "firmware/cli/cli.hpp"
#include "firmware/cli/configuration.hpp"
#include "firmware/control_client.hpp"
#include "firmware/control_protocol.hpp"
#include "firmware/offline_bond.hpp"
#include "firmware/option_table.hpp"
#include "firmware/which.hpp"
#include "hal/pcap/capture_file.hpp"

namespace bondbox::cli {
namespace {

constexpr std::size_t said_at_once = 32'768;

struct Question {
  std::string bond;  ///< empty: one on paper
  BondOptions options;
  std::size_t ports = 0;
  std::string capture;
  std::vector<std::uint8_t> frame;
  std::string file;                     ///< with the configuration; empty: none
  std::vector<std::string> flow_words;  ///< parse_flow_words()
  std::optional<Flow> flow;
};

/// An option of the kernel's, by name or number: as `set` reads it. False: `wrong` says what is expected.
template <class Value>
bool read_value(std::string_view flag, std::string_view option, const std::string& text, Value& value,
                std::string& wrong) {
  const OptionInfo& info = *find_option(option);
  std::int64_t number = -1;
  for (const ValueName& known : info.values)
    if (text == known.name) number = known.value;
  if (number < 0) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool in_range = number >= info.minimum && number <= info.maximum;
    if (error != std::errc{} || end != text.data() + text.size() || !in_range) {
      wrong = std::string(flag) + " cannot be \"" + text + "\" (" + allowed_values(info) + ")";
      return false;
    }
  }
  value = static_cast<Value>(number);
  return true;
}

bool read_ports(const std::string& text, std::size_t& ports, std::string& wrong) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ports);
  if (error == std::errc{} && end == text.data() + text.size() && ports >= 1 && ports <= max_ports) return true;
  wrong = "--ports needs a number from 1 to " + std::to_string(max_ports) + ", not \"" + text + "\"";
  return false;
}

bool read_flag(std::string_view flag, const std::string& value, Question& question, std::string& wrong) {
  if (flag == "--mode") return read_value(flag, "mode", value, question.options.mode, wrong);
  if (flag == "--xmit-hash-policy") {
    return read_value(flag, "xmit_hash_policy", value, question.options.xmit_hash_policy, wrong);
  }
  if (flag == "--packets-per-slave") {
    return read_value(flag, "packets_per_slave", value, question.options.packets_per_slave, wrong);
  }
  if (flag == "--ports") return read_ports(value, question.ports, wrong);
  if (flag == "-c" || flag == "--config") {
    question.file = value;
    wrong = "-c needs a file";
    return !value.empty();
  }
  if (flag == "--pcap") {
    question.capture = value;
    if (value.empty()) wrong = "--pcap needs a file";
    return !value.empty();
  }
  auto frame = parse_hex(value);
  wrong = "--hex needs a frame as pairs of hex digits, not \"" + value + "\"";
  if (frame) question.frame = std::move(*frame);
  return frame.has_value();
}

/// What is missing from the words, or too much; empty: nothing.
std::string find_contradiction(const Question& question, bool on_paper) {
  const int asked = !question.capture.empty() + !question.frame.empty() + !question.flow_words.empty();
  if (asked != 1) return "which needs --pcap FILE, --hex FRAME or --flow FLOW, one of them";
  if (!question.file.empty()) return on_paper ? "a file has its own mode, ports and options" : "";
  if (question.bond.empty() && question.ports == 0) {
    return "which needs a bond, or --ports N with --mode M and --xmit-hash-policy P";
  }
  if (!question.bond.empty() && on_paper) {
    return "a running bond has its own mode, ports and options: give --pcap or --hex alone";
  }
  return {};
}

/// Nothing: `wrong` says why.
std::optional<Question> read_question(const std::vector<std::string>& words, std::string& wrong) {
  static constexpr std::string_view flags[] = {"--mode",
                                               "--xmit-hash-policy",
                                               "--packets-per-slave",
                                               "--ports",
                                               "--pcap",
                                               "--hex",
                                               "-c",
                                               "--config",
                                               "--flow",
                                               "--from-mac",
                                               "--to-mac",
                                               "--vlan"};
  Question question;
  bool on_paper = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const std::size_t equals = word.find('=');
    const std::string_view flag = std::string_view(word).substr(0, equals);
    const bool known = std::find(std::begin(flags), std::end(flags), flag) != std::end(flags);
    if (word == "--resilient") {
      question.options.xmit_hash_resilient = on_paper = true;
    } else if (known) {
      if (equals == std::string::npos && i + 1 == words.size()) return wrong = word + " needs a value", std::nullopt;
      const std::string value = equals == std::string::npos ? words[++i] : word.substr(equals + 1);
      if (is_flow_flag(flag)) {
        question.flow_words.insert(question.flow_words.end(), {std::string(flag), value});
        continue;
      }
      if (!read_flag(flag, value, question, wrong)) return std::nullopt;
      on_paper = on_paper || (flag != "--pcap" && flag != "--hex" && flag != "-c" && flag != "--config");
    } else if (word.starts_with("-") || word.empty() || !question.bond.empty()) {
      return wrong = "unexpected \"" + word + "\"", std::nullopt;
    } else {
      question.bond = word;
    }
  }
  wrong = find_contradiction(question, on_paper);
  if (!wrong.empty()) return std::nullopt;
  if (question.flow_words.empty()) return question;
  question.flow = parse_flow_words(question.flow_words, wrong);
  if (!question.flow) return std::nullopt;
  return question;
}

/// The frames of the question, one by one, to `take`, which returns an exit status. The first that is not exit_done
/// ends it.
template <class Take>
int each_frame(const Question& question, Take take) {
  if (question.capture.empty()) return take(wire::Bytes(question.frame));
  auto reader = pcapio::CaptureReader::open(question.capture);
  if (!reader.ok()) return complain(reader.failure().reason), exit_failed;
  for (;;) {
    const auto frame = reader.value().next();
    if (!frame.ok()) return complain(frame.failure().reason), exit_failed;
    if (!frame.value()) return exit_done;
    if (const int status = take(frame.value()->bytes); status != exit_done) return status;
  }
}

/// The bond of the file that is asked for, or its only one; nullptr: complained about.
std::unique_ptr<OfflineBond> configured_bond(const Invocation& invocation, const Question& question) {
  Invocation file = invocation;
  file.words = {"-c", question.file};
  const ConfigurationOrExit read = read_configuration(file, false);
  if (!read.configuration) return nullptr;
  const Config& config = read.configuration->config;
  const BondConfig* const bond =
      question.bond.empty() && config.bonds.size() == 1 ? config.bonds.data() : config.find(question.bond);
  if (bond != nullptr && !bond->ports.empty()) return std::make_unique<OfflineBond>(*bond);
  std::string names;
  for (const BondConfig& one : config.bonds) names += (names.empty() ? "" : ", ") + one.name;
  complain(bond != nullptr         ? bond->name + " has no ports in " + question.file
           : question.bond.empty() ? "which of the bonds in " + question.file + ": " + names + "?"
                                   : "there is no bond \"" + question.bond + "\" in " + question.file);
  return nullptr;
}

int which_on_paper(const Invocation& invocation, const Question& question) {
  const auto bond = question.file.empty() ? std::make_unique<OfflineBond>(question.options, question.ports)
                                          : configured_bond(invocation, question);
  if (bond == nullptr) return exit_failed;
  if (question.flow) {
    say(bond->line(1, *question.flow));
    return exit_done;
  }
  std::uint64_t number = 0;
  std::string lines;
  const int status = each_frame(question, [&](wire::Bytes frame) {
    lines += bond->line(++number, frame);
    if (lines.size() > said_at_once) say(std::exchange(lines, {}));
    return exit_done;
  });
  say(lines);
  return status;
}

/// Asks a running bond, as many frames at a time as a request holds.
class Asker {
 public:
  Asker(const Invocation& invocation, std::string bond) : invocation_(invocation), bond_(std::move(bond)) {}

  int take(wire::Bytes frame) {
    std::string word = hex_text(frame.first(std::min(frame.size(), which_bytes_max)));
    // A zero byte ends each word. The head of a request has its own room.
    if (bytes_ + word.size() + 1 > control::request_size_max - head_size_max) {
      if (const int status = flush(); status != exit_done) return status;
    }
    bytes_ += word.size() + 1;
    frames_.push_back(std::move(word));
    return exit_done;
  }

  int flush() {
    if (frames_.empty()) return exit_done;
    std::vector<std::string> words{"which", bond_, std::to_string(next_), turns_};
    next_ += frames_.size();
    words.insert(words.end(), frames_.begin(), frames_.end());
    frames_.clear();
    bytes_ = 0;
    const Reply reply = control::ask(invocation_.run_dir + "/" + control::socket_name, words);
    if (reply.exit_status != exit_done) {
      complain(std::string_view(reply.text).substr(0, reply.text.find('\n')));
      return exit_failed;
    }
    return show(reply.text);
  }

 private:
  static constexpr std::size_t head_size_max = 256;

  int show(std::string_view text) {
    const std::size_t end_of_line = std::min(text.find('\n'), text.size());
    const std::size_t blank = std::min(text.find(' '), end_of_line);
    const std::string generation(text.substr(blank, end_of_line - blank));
    if (!generation_.empty() && generation != generation_) {
      complain("the plan of " + bond_ + " changed while it was asked");
    }
    turns_ = text.substr(0, blank);
    generation_ = generation;
    say(text.substr(std::min(end_of_line + 1, text.size())));
    return exit_done;
  }

  const Invocation& invocation_;
  std::string bond_;
  std::vector<std::string> frames_;
  std::size_t bytes_ = 0;
  std::uint64_t next_ = 1;
  std::string turns_ = "-";
  std::string generation_;
};

int ask_of_flow(const Invocation& invocation, const Question& question) {
  std::vector<std::string> words{"which", question.bond};
  words.insert(words.end(), question.flow_words.begin(), question.flow_words.end());
  const Reply reply = control::ask(invocation.run_dir + "/" + control::socket_name, words);
  if (reply.exit_status != exit_done) {
    complain(std::string_view(reply.text).substr(0, reply.text.find('\n')));
    return exit_failed;
  }
  say(reply.text);
  return exit_done;
}

}  // namespace

int which(const Invocation& invocation) {
  std::string wrong;
  const auto question = read_question(invocation.words, wrong);
  if (!question) return wrong_words(invocation, wrong);
  if (question->bond.empty() || !question->file.empty()) return which_on_paper(invocation, *question);
  if (question->flow) return ask_of_flow(invocation, *question);
  Asker asker(invocation, question->bond);
  const int status = each_frame(*question, [&](wire::Bytes frame) { return asker.take(frame); });
  const int last = asker.flush();
  return status != exit_done ? status : last;
}

}  // namespace bondbox::cli
