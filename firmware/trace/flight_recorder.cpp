#include "firmware/trace/flight_recorder.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "firmware/trace/checkpoint.hpp"
#include "hal/linux/run_dir.hpp"
#include "hal/linux/whole_file.hpp"

namespace bondbox::trace {
namespace {

constexpr std::size_t ring_segments = 4;
constexpr std::size_t ring_segment_bytes = 96 * 1024;
/// What is written to of a segment in the end; the rest is room for what one step may have to say.
constexpr std::size_t ring_segment_resident = 64 * 1024;
constexpr std::size_t long_segments = 256;
constexpr std::size_t long_segment_bytes = 256 * 1024;
constexpr unsigned files_kept = 4;
/// What stands in a file beside its header and what was recorded, at most.
constexpr std::size_t around_header = 64;
constexpr std::size_t around_segment = 64;
/// The announcements that follow a failover are of the story.
constexpr Ticks after_failover = ticks_from_ms(1'000);
/// A flapping link must not keep the program busy with writing.
constexpr Ticks between_failovers = ticks_from_ms(30'000);

bool write_file_bytes(void* context, wire::Bytes bytes) {
  return static_cast<lnx::WholeFile*>(context)->write(bytes);
}

bool append_bytes(void* context, wire::Bytes bytes) {
  auto& all = *static_cast<std::vector<std::uint8_t>*>(context);
  all.insert(all.end(), bytes.begin(), bytes.end());
  return true;
}

Outcome outcome_of(int error, const std::string& path) {
  return error == 0 ? Outcome::done() : Outcome::failed(error, "cannot write " + path + ": " + std::strerror(error));
}

Outcome write_bytes(const std::string& path, wire::Bytes bytes) {
  lnx::WholeFile file(path);
  int error = file.open();
  if (error == 0) {
    (void)file.write(bytes);
    error = file.commit();
  }
  return outcome_of(error, path);
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
  if (file.empty()) return "--trace needs a file";
  return lnx::is_place_of_file(file) ? std::nullopt : std::optional(file + " is there and is no file");
}

FlightRecorder::~FlightRecorder() {
  tape_.stop();
  lnx::on_fatal_signal(nullptr, nullptr);
  if (!store_) return;
  if (file_.empty()) return;
  const Outcome outcome = write_to(file_);
  log_(outcome.ok() ? "trace written to " + file_ : outcome.reason);
}

void FlightRecorder::prepare() {
  if (prepared_) return;
  prepared_.emplace(file_.empty() ? Store::ring(ring_segments, ring_segment_bytes, ring_segment_resident)
                                  : Store::growing(long_segments, long_segment_bytes));
}

void FlightRecorder::start(std::string directory, std::int64_t started_ms, Tick now) {
  directory_ = std::move(directory);
  header_ = header_text(started_ms);
  crash_file_ = directory_ + "/crash.trace";
  prepare();
  store_.swap(prepared_);
  tape_.record(*store_, now);
  lnx::on_fatal_signal(crashed, this);
}

void FlightRecorder::heard(const Event& event) {
  if (event.kind != EventKind::active || event.outage_ms_max < 0 || due_) return;
  due_ = std::max(event.at + after_failover, not_before_);
}

/// With all that what follows hangs on, so that what is kept replays from its oldest segment on, whatever was lost.
void FlightRecorder::begin_segment(Scheduler& scheduler) {
  tape_.settle();
  if (!write_checkpoint(scheduler, hardware_, checkpoint_)) checkpoint_.clear();
  tape_.begin_segment(scheduler.now(), checkpoint_);
}

void FlightRecorder::after_steps(Scheduler& scheduler) {
  if (!store_) return;
  const Tick now = scheduler.now();
  if (tape_.needs_room()) begin_segment(scheduler);
  if (!due_ || now < *due_) return;
  due_.reset();
  not_before_ = now + between_failovers;
  (void)hand_over([this](const Outcome& outcome, const std::string& path) {
    const bool told = std::exchange(trouble_told_, !outcome.ok());
    if (outcome.ok()) log_("trace of the failover written to " + path);
    if (!outcome.ok() && !told) log_(outcome.reason);
  });
}

RecorderStatus FlightRecorder::status() const {
  RecorderStatus status;
  if (!store_) return status;
  status.runs = true;
  for (std::size_t i = 0; i < store_->size(); ++i) status.bytes += (*store_)[i].used;
  status.records = tape_.records();
  status.dropped = store_->lost_bytes() + tape_.dropped();
  status.since = (*store_)[0].from;
  status.replays = (*store_)[0].begins;
  status.written = written_;
  status.failed = failed_;
  status.file = file_;
  return status;
}

/// What is there now is laid out here, because the tape goes on.
Result<std::string> FlightRecorder::hand_over(Done done) {
  if (!store_) return Outcome::failed(ENODATA, "nothing is recorded");
  const auto bytes = std::make_shared<std::vector<std::uint8_t>>();
  bytes->reserve(header_.size() + around_header + static_cast<std::size_t>(status().bytes) +
                 store_->size() * around_segment);
  (void)write_trace(header_, *store_, ends_amid(), append_bytes, bytes.get());
  const std::string name = std::to_string(next_file_ % files_kept + 1) + ".trace";
  std::string path = directory_ + "/" + name;
  writer_.hand(
      "trace/" + name,
      [bytes, path, directory = directory_] {
        Outcome made = lnx::make_directories(directory, 0700);
        return made.ok() ? write_bytes(path, *bytes) : made;
      },
      [this, path, done = std::move(done)](const Outcome& outcome) {
        ++(outcome.ok() ? written_ : failed_);
        next_file_ += outcome.ok() ? 1 : 0;
        last_outcome_ = outcome;
        if (done) done(outcome, path);
      });
  return path;
}

Outcome FlightRecorder::write_to(const std::string& path) {
  lnx::WholeFile file(path);
  int error = file.open();
  if (error == 0) {
    (void)write_trace(header_, *store_, ends_amid(), write_file_bytes, &file);
    error = file.commit();
  }
  return outcome_of(error, path);
}

/// Called by a signal handler.
void FlightRecorder::crashed(void* context, int) {
  const FlightRecorder& self = *static_cast<const FlightRecorder*>(context);
  lnx::WholeFile file(self.file_.empty() ? self.crash_file_ : self.file_);
  if (file.open() != 0) return;
  (void)write_trace(self.header_, *self.store_, self.ends_amid(), write_file_bytes, &file);
  (void)file.commit();
}

}  // namespace bondbox::trace
