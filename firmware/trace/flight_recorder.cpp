#include "firmware/trace/flight_recorder.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "hal/linux/run_dir.hpp"
#include "hal/linux/whole_file.hpp"

namespace bondbox::trace {
namespace {

constexpr std::size_t ring_segments = 4;
constexpr std::size_t ring_segment_bytes = 96 * 1024;
constexpr std::size_t long_segments = 256;
constexpr std::size_t long_segment_bytes = 256 * 1024;
constexpr unsigned files_kept = 4;
/// The announcements that follow a failover are of the story.
constexpr Ticks after_failover = ticks_from_ms(1'000);
/// A flapping link must not keep the program busy with writing.
constexpr Ticks between_failovers = ticks_from_ms(30'000);

bool write_file_bytes(void* context, wire::Bytes bytes) {
  return static_cast<lnx::WholeFile*>(context)->write(bytes);
}

}  // namespace

std::optional<std::string> take_file(std::vector<std::string>& words, std::string& file) {
  const auto found = std::find_if(words.begin(), words.end(), [](const std::string& word) {
    return word == "--trace" || word.starts_with("--trace=");
  });
  if (found == words.end()) return std::nullopt;
  const bool attached = *found != "--trace";
  if (!attached && found + 1 == words.end()) return "--trace needs a file";
  file = attached ? found->substr(8) : found[1];
  words.erase(found, found + (attached ? 1 : 2));
  return file.empty() ? std::optional<std::string>("--trace needs a file") : std::nullopt;
}

FlightRecorder::~FlightRecorder() {
  tape_.stop();
  lnx::on_fatal_signal(nullptr, nullptr);
  if (!store_) return;
  if (file_.empty()) return;
  const Outcome outcome = write_to(file_);
  log_(outcome.ok() ? "trace written to " + file_ : outcome.reason);
}

void FlightRecorder::start(std::string directory, std::int64_t started_ms, Tick now) {
  directory_ = std::move(directory);
  header_ = header_text(started_ms);
  crash_file_ = directory_ + "/crash.trace";
  store_.emplace(file_.empty() ? Store::ring(ring_segments, ring_segment_bytes)
                               : Store::growing(long_segments, long_segment_bytes));
  tape_.record(*store_, now);
  lnx::on_fatal_signal(crashed, this);
}

void FlightRecorder::heard(const Event& event) {
  if (event.kind != EventKind::active || event.outage_ms_max < 0 || due_) return;
  due_ = std::max(event.at + after_failover, not_before_);
}

void FlightRecorder::after_steps(Tick now) {
  if (!store_) return;
  if (tape_.needs_room()) tape_.begin_segment(now);
  if (!due_ || now < *due_) return;
  due_.reset();
  not_before_ = now + between_failovers;
  const Result<std::string> path = write_file();
  if (path.ok()) {
    trouble_told_ = false;
    log_("trace of the failover written to " + path.value());
  } else if (!std::exchange(trouble_told_, true)) {
    log_(path.failure().reason);
  }
}

Result<std::string> FlightRecorder::write_file() {
  if (!store_) return Outcome::failed(ENODATA, "nothing is recorded");
  Outcome made = lnx::make_directories(directory_, 0700);
  std::string path = directory_ + "/" + std::to_string(next_file_ % files_kept + 1) + ".trace";
  Outcome outcome = made.ok() ? write_to(path) : made;
  if (!outcome.ok()) {
    ++failed_;
    return outcome;
  }
  ++next_file_;
  ++written_;
  return path;
}

Outcome FlightRecorder::write_to(const std::string& path) {
  lnx::WholeFile file(path);
  int error = file.open();
  if (error == 0) {
    (void)write_trace(header_, *store_, write_file_bytes, &file);
    error = file.commit();
  }
  return error == 0 ? Outcome::done() : Outcome::failed(error, "cannot write " + path + ": " + std::strerror(error));
}

/// Called by a signal handler.
void FlightRecorder::crashed(void* context, int) {
  const FlightRecorder& self = *static_cast<const FlightRecorder*>(context);
  lnx::WholeFile file(self.file_.empty() ? self.crash_file_ : self.file_);
  if (file.open() != 0) return;
  (void)write_trace(self.header_, *self.store_, write_file_bytes, &file);
  (void)file.commit();
}

}  // namespace bondbox::trace
