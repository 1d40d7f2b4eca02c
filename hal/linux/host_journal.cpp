#include "hal/linux/host_journal.hpp"

#include <charconv>

#include "hal/linux/run_dir.hpp"

namespace bondbox::lnx {
namespace {

constexpr std::string_view first_line = "bondbox-host=1";
constexpr std::string_view hosts = "hosts";

template <class Number>
bool store(std::string_view text, Number& target) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), target);
  return error == std::errc{} && end == text.data() + text.size();
}

bool apply(std::string_view key, std::string_view value, HostRecord& record) {
  if (key == "name") return record.name = value, !value.empty();
  if (key == "boot") return record.boot_id = value, true;
  if (key == "namespace") return store(value, record.namespace_inode);
  if (key == "index") return store(value, record.index);
  if (key != "several_queues") return false;
  record.several_queues = value == "1";
  return value == "0" || value == "1";
}

}  // namespace

std::string to_text(const HostRecord& record) {
  RecordWriter text(first_line);
  text.line("name", record.name);
  text.line("boot", record.boot_id);
  text.line("namespace", std::to_string(record.namespace_inode));
  text.line("index", std::to_string(record.index));
  text.line("several_queues", record.several_queues ? "1" : "0");
  return text.finish();
}

std::optional<HostRecord> parse_host_record(std::string_view text) {
  HostRecord record;
  const auto line = [&record](std::string_view key, std::string_view value) { return apply(key, value, record); };
  if (!read_record(text, first_line, line) || record.name.empty() || record.index <= 0) return std::nullopt;
  return record;
}

int HostJournal::open(const std::string& run_dir, std::string_view name, std::uint64_t namespace_inode) {
  return Journal::open(run_dir, hosts, name, namespace_inode);
}

void HostJournal::take_over(const std::string& run_dir, std::string_view name, std::uint64_t namespace_inode,
                            UniqueFd lock) {
  Journal::take_over(run_dir, hosts, name, namespace_inode, std::move(lock));
}

std::optional<HostRecord> HostJournal::peek(const std::string& run_dir, std::string_view name,
                                            std::uint64_t namespace_inode) {
  const Result<std::string> text = read_file(path_of(run_dir, hosts, name, namespace_inode));
  return text.ok() ? parse_host_record(text.value()) : std::nullopt;
}

std::vector<std::string> HostJournal::list(const std::string& run_dir, std::uint64_t namespace_inode) {
  return Journal::list(run_dir, hosts, namespace_inode);
}

}  // namespace bondbox::lnx
