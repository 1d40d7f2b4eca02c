// `bondbox replay`: steps a trace again.
#include <cstdio>

#include "firmware/cli/cli.hpp"
#include "firmware/text.hpp"
#include "firmware/trace/file.hpp"
#include "firmware/trace/replay.hpp"
#include "firmware/version.hpp"
#include "hal/linux/run_dir.hpp"

namespace bondbox::cli {
namespace {

void print_record(const trace::Records::Record& record) {
  if (record.kind != trace::Records::Record::Kind::record) return;
  const auto number = static_cast<std::uint8_t>(record.point);
  say(format("%lld ms: %s: %s\n", static_cast<long long>(record.tick.number), trace::point_name(number).c_str(),
             trace::payload_text(number, record.payload).c_str()));
}

wire::Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string difference_text(const trace::Difference& difference) {
  return format("it comes out otherwise at tick %lld, record at offset %zu: %s\n  recorded: %s\n  replayed: %s",
                static_cast<long long>(difference.at.number), difference.offset, difference.what.c_str(),
                difference.recorded.c_str(), difference.replayed.c_str());
}

/// What cannot be stepped is still to be read.
int show_only(const trace::Trace& read, bool timeline) {
  if (!timeline) {
    complain("what came before was overwritten, so this cannot be replayed; --timeline shows what there is");
    return exit_failed;
  }
  for (const trace::Trace::Part& part : read.parts) {
    for (trace::Records records(part.records, part.from, part.cut);
         records.next().kind <= trace::Records::Record::Kind::record;) {
      if (records.next().kind == trace::Records::Record::Kind::end) break;
      print_record(records.next());
      records.advance();
    }
  }
  complain("shown, not replayed: what came before was overwritten");
  return exit_failed;
}

int replay_parts(const trace::Trace& read, bool timeline) {
  const trace::Replayed replayed = trace::replay_all(read, timeline ? print_record : trace::Replay::Listener{});
  if (replayed.difference) {
    std::string told = difference_text(*replayed.difference);
    const std::string own = "bondbox " + std::string(version_full());
    if (const std::string_view recorder = read.value("program"); recorder != own)
      told += "\n  it was recorded by " + std::string(recorder) + ", this is " + own + ", which may decide otherwise";
    complain(told);
    return exit_failed;
  }
  const trace::Replay::Counts& counts = replayed.counts;
  say(format("the same: %llu steps from %lld ms to %lld ms, %llu plans, %llu actions, %llu frames, %llu events\n",
             static_cast<unsigned long long>(counts.steps), static_cast<long long>(replayed.from.number),
             static_cast<long long>(counts.last.number), static_cast<unsigned long long>(counts.plans),
             static_cast<unsigned long long>(counts.actions), static_cast<unsigned long long>(counts.frames),
             static_cast<unsigned long long>(counts.events)));
  return exit_done;
}

}  // namespace

int replay(const Invocation& invocation) {
  bool timeline = false;
  std::string file;
  for (const std::string& word : invocation.words) {
    if (word == "--timeline") {
      timeline = true;
    } else if (word.starts_with("-") || !file.empty()) {
      return wrong_words(invocation, "unexpected \"" + word + "\"");
    } else {
      file = word;
    }
  }
  if (file.empty()) return wrong_words(invocation, "replay needs a trace");
  const auto text = lnx::read_file(file, lnx::trace_size_max);
  if (!text.ok()) return complain(text.failure().reason), exit_failed;
  const auto read = trace::read_trace(bytes_of(text.value()));
  if (!read.ok()) return complain(file + ": " + read.failure().reason), exit_failed;
  if (timeline) say(read.value().header);
  bool any = false;
  for (const trace::Trace::Part& part : read.value().parts) any = any || part.begins;
  return any ? replay_parts(read.value(), timeline) : show_only(read.value(), timeline);
}

}  // namespace bondbox::cli
