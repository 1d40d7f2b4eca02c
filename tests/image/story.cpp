#include "tests/image/story.hpp"

#include <unistd.h>

#include <future>
#include <map>
#include <stdexcept>
#include <utility>

#include "tests/lab/support/daemon.hpp"

namespace bondbox::image {
namespace {

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

/// The same question where there is a shell, where there is none, and to the kernel's driver.
std::string kernel_text(Machine& machine, const std::string& way) {
  if (way == "kernel") return machine.run("cat /proc/net/bonding/bond0");
  if (way == "alone") return machine.ask("status bond0 --format proc", 0);
  return machine.run("bondbox status bond0 --format proc");
}

/// Asks again and again until the active port is `active` and `links` ports have link. Said twice, because the kernel's
/// log shares the line and may come in the middle of a word.
std::string status_with(Machine& machine, const std::string& way, const std::string& active, std::size_t links) {
  std::string text;
  for (int tries = 0; tries < 60; ++tries) {
    const std::string before = std::exchange(text, kernel_text(machine, way));
    if (text == before && lab::contains(text, "Currently Active Slave: " + active + "\n") &&
        count_of(text, "MII Status: up") == links + 1)
      return text;
    ::usleep(500'000);
  }
  throw std::runtime_error("the bond does not come to " + active + " with " + std::to_string(links) +
                           " links; it says:\n" + text + "\n--- the console\n" + machine.shown());
}

void expect_answer(Machine& machine, const std::string& what, std::size_t cable, std::size_t from) {
  if (machine.far_side().is_answered_by(cable, from, 60'000)) return;
  throw std::runtime_error("no ping is answered by cable " + std::to_string(cable) + " " + what + ":\n" +
                           machine.shown());
}

void count_pings(FarSide& far_side, std::size_t pull, std::size_t back, Story& story) {
  // The last ones have not had the time to be answered.
  const std::size_t last = far_side.next_ping();
  (void)far_side.is_answered(last, 60'000);
  story.pings = last - pull;
  story.lost_pulled = far_side.unanswered(pull, back);
  story.lost_back = far_side.unanswered(back, last);
}

/// The board qemu-x86_64 asks for it, and these ways start a web server.
bool serves_page(const std::string& way) {
  return way == "inittab" || way == "init";
}

void play(Machine& machine, const std::string& way, Story& story) {
  FarSide& far_side = machine.far_side();
  const bool has_shell = way != "alone";
  if (has_shell)
    machine.wait_for_shell();
  else
    machine.wait_for_console(0);
  far_side.start_pinging();
  story.before = status_with(machine, way, "eth0", 2);
  expect_answer(machine, "after the start", 0, far_side.next_ping());
  if (has_shell) story.ping = machine.run("ping -c 3 192.168.10.254");

  const std::size_t pull = far_side.next_ping();
  machine.set_link("eth0", false);
  expect_answer(machine, "after the pull", 1, pull);
  story.pulled = status_with(machine, way, "eth1", 1);
  if (way != "kernel") story.status = has_shell ? machine.run("bondbox status") : machine.ask("status", 0);

  if (serves_page(way)) story.page = far_side.fetch("/cgi-bin/bondbox", 60'000);

  const std::size_t back = far_side.next_ping();
  machine.set_link("eth0", true);
  expect_answer(machine, "after the cable is back", 0, back);
  story.back = status_with(machine, way, "eth0", 2);

  count_pings(far_side, pull, back, story);
  if (has_shell && way != "kernel") {
    story.rights = machine.run(
        "grep -e Seccomp: -e NoNewPrivs: /proc/$(cat /run/bondbox/pid)/status; "
        "bondbox status --format json | grep -o '\"refused_calls\":[0-9]*'");
    story.upgrade = machine.run("bondbox upgrade; echo upgrade ended with $?");
    expect_answer(machine, "after the upgrade", 0, far_side.next_ping());
  }
  machine.type("poweroff\r");
  story.end = machine.wait_for_end();
}

const std::map<std::string, std::string>& pairs() {
  static const std::map<std::string, std::string> table = {
      {"inittab", "kernel"}, {"kernel", "inittab"}, {"init", "alone"}, {"alone", "init"}};
  return table;
}

}  // namespace

Story tell_story(const std::string& board, const std::string& way) {
  Story story;
  try {
    Machine machine(board, way);
    try {
      play(machine, way, story);
    } catch (const std::exception& error) {
      story.trouble = error.what();
    }
    story.console = machine.shown();
  } catch (const std::exception& error) {
    story.trouble = error.what();
  }
  return story;
}

const Story& story_of(const std::string& way) {
  static std::map<std::string, std::shared_future<Story>> told;
  const auto begin = [](const std::string& one) {
    if (told.count(one) == 0)
      told[one] = std::async(std::launch::async, [one] { return tell_story("qemu-x86_64", one); }).share();
  };
  begin(way);
  if (const auto other = pairs().find(way); other != pairs().end()) begin(other->second);
  return told.at(way).get();
}

}  // namespace bondbox::image
