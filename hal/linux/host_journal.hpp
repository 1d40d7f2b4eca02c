// That a host port was made to outlive its process, written down before it does, so that the next process can tell its
// own bond0 from somebody else's interface of that name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hal/linux/journal.hpp"

namespace bondbox::lnx {

struct HostRecord {
  std::string name;
  std::uint64_t namespace_inode = 0;  ///< 0: the kernel does not tell
  std::string boot_id;                ///< empty: not told
  int index = 0;
  bool several_queues = false;  ///< what a queue has to ask for that is attached to it

  friend bool operator==(const HostRecord&, const HostRecord&) = default;
};

std::string to_text(const HostRecord& record);
/// Nothing when a line is not understood or something is missing.
std::optional<HostRecord> parse_host_record(std::string_view text);

class HostJournal : public Journal {
 public:
  /// As Journal::open.
  int open(const std::string& run_dir, std::string_view name, std::uint64_t namespace_inode);
  /// As Journal::take_over.
  void take_over(const std::string& run_dir, std::string_view name, std::uint64_t namespace_inode, UniqueFd lock);
  /// What a process has noted, dead or alive; empty: nothing that is understood.
  static std::optional<HostRecord> peek(const std::string& run_dir, std::string_view name,
                                        std::uint64_t namespace_inode);
  static std::vector<std::string> list(const std::string& run_dir, std::uint64_t namespace_inode);
};

}  // namespace bondbox::lnx
