#include "tests/lab/support/machine.hpp"

#include <sys/wait.h>

#include <cstdlib>

namespace bondbox::lab {

Machine::Machine(const House& house, std::string_view config, const std::string& arguments, const std::string& before)
    : house_(house) {
  configure(config);
  write_text(path("kmsg"), "");
  // The file "on" stands for a kernel that lets everything in, so that no test waits for its limit.
  write_text(path("on"), "on\n");
  write_text(path("start"), "mount --make-rprivate /\nmount --bind " + path("kmsg") + " /dev/kmsg\nmount --bind " +
                                path("on") + " /proc/sys/kernel/printk_devkmsg\n" + before + "\nexec " + program() +
                                " init -c " + path("bondbox.toml") + " --run-dir " + run_dir() + " " + arguments +
                                "\n");
  process_ = house.box.start("exec unshare --pid --mount --mount-proc --fork --kill-child sh -e " + path("start"),
                             path("console"));
}

int Machine::first_process() const {
  const std::string pid = std::to_string(process_.pid());
  int first = 0;
  (void)wait_until(
      [&] {
        first = std::atoi(read_text("/proc/" + pid + "/task/" + pid + "/children").c_str());
        return first > 0;
      },
      5'000);
  return first;
}

CommandResult Machine::run(const std::string& command) const {
  write_text(path("command"), command);
  return run_command("nsenter -t " + std::to_string(first_process()) + " -p -m -n sh " + path("command"));
}

bool Machine::comes_up() const {
  return wait_until([this] { return ask("get bond0 active_slave").out.starts_with("eth"); }, 10'000);
}

void Machine::signal(int number) const {
  if (const int first = first_process(); first > 1) ::kill(first, number);
}

int Machine::end() {
  const std::optional<int> ended = process_.wait(10'000);
  if (!ended) return -1;
  return WIFSIGNALED(*ended) ? 128 + WTERMSIG(*ended) : WEXITSTATUS(*ended);
}

bool Machine::comes_to_log(std::string_view sentence) const {
  return wait_until([&] { return contains(log(), sentence); }, 10'000);
}

}  // namespace bondbox::lab
