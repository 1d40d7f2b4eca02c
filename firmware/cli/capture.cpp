// `bondbox capture`: what crosses a bond, into a file, with what the bond makes of each frame.
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "firmware/capture.hpp"
#include "firmware/cli/cli.hpp"
#include "firmware/config/duration.hpp"
#include "firmware/control_client.hpp"
#include "firmware/control_protocol.hpp"
#include "firmware/text.hpp"
#include "firmware/version.hpp"
#include "hal/linux/listener.hpp"
#include "hal/linux/monotonic_clock.hpp"
#include "hal/linux/signal_source.hpp"
#include "hal/linux/wait_set.hpp"
#include "hal/pcap/pcapng_writer.hpp"

namespace bondbox::cli {
namespace {

constexpr std::size_t frame_size_default = 65'550;       // whatever a NIC may hand over at once
constexpr std::uint64_t file_size_default = 64'000'000;  // an appliance's /tmp is its memory
constexpr int look_interval_ms = 50;                     // at the bond's plan
constexpr std::size_t bytes_waiting_max = 4'000'000;     // for the next look
constexpr int ending_signals[] = {SIGINT, SIGTERM, SIGHUP};

struct Wish {
  std::string bond;
  std::string file;
  std::optional<Ticks> span;
  std::uint64_t frames = ~std::uint64_t{0};
  std::uint64_t bytes = file_size_default;
  std::size_t frame_size = frame_size_default;
};

template <class Number>
bool read_number(const std::string& text, Number least, Number most, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() && number >= least && number <= most;
}

/// Empty, or what is expected.
std::string read_flag(std::string_view flag, const std::string& value, Wish& wish) {
  if (flag == "-w") {
    wish.file = value;
    return value.empty() ? "-w needs a file, or - for stdout" : "";
  }
  if (flag == "--for") {
    wish.span = parse_duration(value);
    return wish.span && wish.span->count > 0 ? "" : "--for needs a time such as 10s, not \"" + value + "\"";
  }
  if (flag == "--count") {
    const bool good = read_number<std::uint64_t>(value, 1, ~std::uint64_t{0}, wish.frames);
    return good ? "" : "--count needs a number of frames, not \"" + value + "\"";
  }
  if (flag == "--size") {
    const bool good = read_number<std::uint64_t>(value, 1, 1'000'000, wish.bytes);
    wish.bytes *= 1'000'000;
    return good ? "" : "--size needs a number of megabytes up to 1000000, not \"" + value + "\"";
  }
  const bool good = read_number<std::size_t>(value, 14, frame_size_default, wish.frame_size);
  return good ? ""
              : format("--snaplen needs a number of bytes from 14 to %zu, not \"%s\"", frame_size_default,
                       value.c_str());
}

std::optional<Wish> read_wish(const std::vector<std::string>& words, std::string& wrong) {
  static constexpr std::string_view flags[] = {"-w", "--for", "--count", "--size", "--snaplen"};
  Wish wish;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (std::find(std::begin(flags), std::end(flags), word) != std::end(flags)) {
      wrong = i + 1 == words.size() ? word + " needs a value" : read_flag(word, words[i + 1], wish);
      if (!wrong.empty()) return std::nullopt;
      ++i;
    } else if (word.starts_with("-") || word.empty() || !wish.bond.empty()) {
      return wrong = "unexpected \"" + word + "\"", std::nullopt;
    } else {
      wish.bond = word;
    }
  }
  if (wish.bond.empty() || wish.file.empty()) return wrong = "capture needs a bond and -w FILE", std::nullopt;
  return wish;
}

class Capture {
 public:
  Capture(const Invocation& invocation, Wish wish) : invocation_(invocation), wish_(std::move(wish)) {}

  int run() {
    if (Outcome outcome = start(); !outcome.ok()) return complain(outcome.reason), exit_failed;
    lnx::MonotonicClock clock;
    Tick next_look = clock.now();
    while (why_ended_.empty()) {
      const std::int64_t rest = next_look - clock.now() > Ticks{0} ? (next_look - clock.now()).count : 0;
      (void)wait_.wait(rest * 1'000);
      read();
      if (clock.now() >= next_look || bytes_waiting_ >= bytes_waiting_max) {
        if (Outcome outcome = settle(); !outcome.ok()) return complain(outcome.reason), exit_failed;
        next_look = clock.now() + Ticks{look_interval_ms};
      }
      if (signals_.take() != 0 && why_ended_.empty()) why_ended_ = "interrupted";
      if (wish_.span && clock.now() >= Tick{} + *wish_.span && why_ended_.empty()) why_ended_ = "the time is over";
    }
    return finish();
  }

 private:
  struct Place {
    std::string name;
    lnx::Listener listener;
    std::uint32_t interface;  ///< in the file
    std::uint64_t written = 0;
  };
  struct Frame {
    std::size_t place;
    std::int64_t time_ns;
    bool outgoing;
    bool to_others;
    std::uint32_t original_length;
    std::vector<std::uint8_t> bytes;
  };

  Outcome start() {
    if (Outcome outcome = look(); !outcome.ok()) return outcome;
    if (Outcome outcome = wait_.open(); !outcome.ok()) return outcome;
    // Rights first: a file that stays empty helps nobody.
    if (auto probe = lnx::Listener::open(plan_.interface, wish_.frame_size); !probe.ok()) return probe.failure();
    auto writer = pcapio::PcapngWriter::create(wish_.file, "bondbox " + std::string(version_full()));
    if (!writer.ok()) return writer.failure();
    writer_ = std::make_unique<pcapio::PcapngWriter>(std::move(writer.value()));
    return listen();
  }

  /// Asks the bond for its plan.
  Outcome look() {
    const std::string words[] = {"plan", wish_.bond};
    const Reply reply = control::ask(invocation_.run_dir + "/" + control::socket_name, words);
    if (reply.exit_status != exit_done) return Outcome::failed(ENOENT, reply.text.substr(0, reply.text.find('\n')));
    auto plan = parse_plan(reply.text);
    if (!plan)
      return Outcome::failed(EPROTO, "the bondbox that runs is another version than this one (" +
                                         std::string(version_full()) + "); capture with its own file");
    plan_ = std::move(*plan);
    return Outcome::done();
  }

  /// To the bond's interface, and to each port that is not listened to yet.
  Outcome listen() {
    const std::size_t before = places_.size();
    std::vector<std::string> names{plan_.interface};
    for (const WhichPlan::Port& port : plan_.at.ports) names.push_back(port.name);
    for (const std::string& name : names) {
      const bool known = std::any_of(places_.begin(), places_.end(), [&](const Place& at) { return at.name == name; });
      if (known) continue;
      auto listener = lnx::Listener::open(name, wish_.frame_size);
      if (!listener.ok() && listener.failure().error == ENODEV) continue;  // it is away; perhaps at the next look
      if (!listener.ok()) return listener.failure();
      places_.push_back({name, std::move(listener.value()),
                         writer_->add_interface(name, static_cast<std::uint32_t>(wish_.frame_size))});
    }
    if (places_.size() != before) watch();
    return writer_->flush();
  }

  void watch() {
    std::vector<int> all;
    for (const Place& place : places_) all.push_back(place.listener.fd());
    const int control[] = {signals_.wait_handle()};
    wait_.watch(all, control);
  }

  void read() {
    for (std::size_t i = 0; i < places_.size(); ++i) {
      while (bytes_waiting_ < bytes_waiting_max) {
        const auto heard = places_[i].listener.next();
        if (!heard) break;
        // What comes out of the bond came in by a port, and stands there.
        if (i == 0 && !heard->outgoing) continue;
        waiting_.push_back({i,
                            heard->time_ns,
                            heard->outgoing,
                            heard->to_others,
                            heard->original_length,
                            {heard->bytes.begin(), heard->bytes.end()}});
        bytes_waiting_ += sizeof(Frame) + heard->bytes.size();
      }
    }
  }

  /// Writes what waits. When the plan changed meanwhile, nobody can tell on which side of it a frame was.
  Outcome settle() {
    const CapturePlan before = plan_;
    const Outcome looked = look();
    if (!looked.ok()) why_ended_ = looked.reason;
    std::sort(waiting_.begin(), waiting_.end(), [](const Frame& a, const Frame& b) { return a.time_ns < b.time_ns; });
    for (const Frame& frame : waiting_) {
      if (Outcome outcome = write(frame, before); !outcome.ok()) return outcome;
      if (!why_ended_.empty()) break;
    }
    waiting_.clear();
    bytes_waiting_ = 0;
    return looked.ok() ? listen() : writer_->flush();
  }

  std::optional<std::string> verdict(const CapturePlan& plan, const Frame& frame) const {
    const Place& place = places_[frame.place];
    if (frame.place == 0) return kept_verdict(plan, frame.bytes);
    const PortId port = plan.find(place.name);
    return frame.outgoing ? sent_verdict(plan, port, frame.bytes)
                          : received_verdict(plan, port, frame.bytes, frame.to_others);
  }

  /// The frame went by one of two plans.
  static std::optional<std::string> either(const std::optional<std::string>& before,
                                           const std::optional<std::string>& after) {
    const auto goes_by_it = [](const auto& text) { return text && text->starts_with("sent: "); };
    if (!before || !after || *before == *after || goes_by_it(before)) return before ? before : after;
    return goes_by_it(after) ? after : *before + " (or, the plan changed about now: " + *after + ")";
  }

  Outcome write(const Frame& frame, const CapturePlan& before) {
    auto comment = verdict(before, frame);
    if (before.generation() != plan_.generation()) comment = either(comment, verdict(plan_, frame));
    if (!comment) return Outcome::done();
    Place& place = places_[frame.place];
    using Way = pcapio::PcapngWriter::Way;
    const Outcome outcome =
        writer_->write({place.interface, frame.time_ns, frame.outgoing ? Way::outbound : Way::inbound, frame.bytes,
                        frame.original_length, *comment});
    if (!outcome.ok()) return outcome;
    ++place.written;
    last_ns_ = frame.time_ns;
    if (++written_ >= wish_.frames) why_ended_ = "that many were wanted";
    if (writer_->bytes() >= wish_.bytes) why_ended_ = "the file is full (--size)";
    return outcome;
  }

  int finish() {
    // What came before the end belongs to the capture, unless enough was had.
    read();
    if (written_ < wish_.frames && writer_->bytes() < wish_.bytes) {
      const std::string why = std::exchange(why_ended_, {});
      if (Outcome outcome = settle(); !outcome.ok()) return complain(outcome.reason), exit_failed;
      why_ended_ = why;
    }
    std::uint64_t lost = 0;
    for (const Place& place : places_) {
      const std::uint64_t here = place.listener.take_lost();
      lost += here;
      (void)writer_->write_statistics(place.interface, last_ns_, place.written + here, here);
    }
    if (Outcome outcome = writer_->flush(); !outcome.ok()) return complain(outcome.reason), exit_failed;
    const std::string sum = format("%llu frames, %llu not read in time: %s", static_cast<unsigned long long>(written_),
                                   static_cast<unsigned long long>(lost), why_ended_.c_str());
    wish_.file == "-" ? complain(sum) : say(sum + "\n");
    return exit_done;
  }

  const Invocation& invocation_;
  Wish wish_;
  CapturePlan plan_;
  const lnx::SignalSource signals_{ending_signals};  ///< held back: an interrupted capture is a whole one
  lnx::WaitSet wait_;
  std::unique_ptr<pcapio::PcapngWriter> writer_;
  std::vector<Place> places_;  ///< the first is the bond's own interface
  std::vector<Frame> waiting_;
  std::size_t bytes_waiting_ = 0;
  std::uint64_t written_ = 0;
  std::int64_t last_ns_ = 0;
  std::string why_ended_;
};

}  // namespace

int capture(const Invocation& invocation) {
  std::string wrong;
  auto wish = read_wish(invocation.words, wrong);
  if (!wish) return wrong_words(invocation, wrong);
  return Capture(invocation, std::move(*wish)).run();
}

}  // namespace bondbox::cli
