// What earlier processes and the kernel have left in files: notes of ports and hosts, the table of groups, the words
// of a boot loader. A note that is understood says the same when it is written again.
#include "hal/linux/host_journal.hpp"
#include "hal/linux/joined_groups.hpp"
#include "hal/linux/port_journal.hpp"

#include "firmware/init_rules.hpp"
#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/target.hpp"

namespace bondbox::fuzz {
namespace {

void run(wire::Bytes bytes) {
  Input input(bytes);
  const std::string text = input.rest_text();
  if (const auto record = lnx::parse_port_record(text)) {
    const auto again = lnx::parse_port_record(lnx::to_text(*record));
    promise(again && *again == *record, "a port's note is written as it was read");
  }
  if (const auto record = lnx::parse_host_record(text)) {
    const auto again = lnx::parse_host_record(lnx::to_text(*record));
    promise(again && *again == *record, "a host's note is written as it was read");
  }
  lnx::JoinedGroupsParser groups;
  InitOptions options;
  std::vector<std::string> words;
  std::string_view rest(text);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (const auto group = groups.take(line)) {
      promise(group->group.is_v4() && group->version >= 1 && group->version <= 3, "a group is one of IGMP's");
      (void)lnx::is_all_hosts(group->group);
      (void)lnx::is_local_network_group(group->group);
    }
    for (const std::string& complaint : read_kernel_words(line, options))
      promise(!complaint.empty(), "a refusal says why");
    if (words.size() < 32) words.emplace_back(line);
  }
  for (const std::string& complaint : read_init_words(words, options))
    promise(!complaint.empty(), "a refusal says why");
  promise(options.wait.count >= 0, "a wait does not end before it begins");
}

const Known known("records", &run);

}  // namespace
}  // namespace bondbox::fuzz
