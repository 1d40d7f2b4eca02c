// The ways to start on the board qemu-x86_64, with network cards whose cables the emulator pulls.
#include <boost/test/unit_test.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/image/story.hpp"
#include "tests/image/support/needs_board.hpp"
#include "tests/lab/support/daemon.hpp"

namespace bondbox::image {
namespace {

/// A port's part of the kernel's text.
std::string section_of(const std::string& text, const std::string& port) {
  const std::size_t begin = text.find("Slave Interface: " + port + "\n");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find("\n\n", begin) - begin);
}

void tell_losses(const std::string& way, const Story& story) {
  BOOST_TEST_MESSAGE(way << ": pings lost: " << story.lost_pulled << " when the cable was pulled, " << story.lost_back
                         << " when it was back, of " << story.pings);
}

/// What every way to start has to do, whoever started bondbox.
void check_failover(const std::string& way, const Story& story) {
  BOOST_REQUIRE_MESSAGE(story.trouble.empty(), story.trouble);
  BOOST_TEST(lab::contains(section_of(story.before, "eth0"), "Link Failure Count: 0"), story.before);
  BOOST_TEST(lab::contains(section_of(story.pulled, "eth0"), "MII Status: down"), story.pulled);
  BOOST_TEST(lab::contains(section_of(story.pulled, "eth0"), "Link Failure Count: 1"), story.pulled);
  BOOST_TEST(lab::contains(section_of(story.back, "eth0"), "Link Failure Count: 1"), story.back);
  BOOST_TEST(lab::contains(section_of(story.back, "eth1"), "Link Failure Count: 0"), story.back);
  BOOST_TEST(lab::contains(story.console, "(slave eth0): link status definitely down, disabling slave"), story.console);
  BOOST_TEST(lab::contains(story.console, "(slave eth1): making interface the new active one"), story.console);
  BOOST_TEST((story.end == 0), "the machine has not switched itself off:\n" << story.console);
  tell_losses(way, story);
}

void check_own_ping(const Story& story) {
  BOOST_TEST(lab::contains(story.ping, "3 packets transmitted, 3 packets received"), story.ping);
}

/// The filter of system calls is in force, on this processor, and nothing that the story took was against it.
void check_rights(const Story& story) {
  BOOST_TEST(lab::contains(story.rights, "NoNewPrivs:\t1"), story.rights);
  BOOST_TEST(lab::contains(story.rights, "Seccomp:\t2"), story.rights);
  BOOST_TEST(lab::contains(story.rights, "\"refused_calls\":0\n"), story.rights);
}

/// The one that watches has the old process's number still, and ends the new one with the machine.
void check_upgrade(const Story& story) {
  BOOST_TEST(lab::contains(story.upgrade, "upgrade ended with 0"), story.upgrade);
  BOOST_TEST(lab::contains(story.console, "in the place of process "), story.console);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

constexpr std::string Story::*chapters[] = {&Story::before, &Story::pulled, &Story::back};

/// What bondbox's text of the kernel's file says, line for line beside the kernel's.
void check_same_words(const Story& ours, const Story& kernels) {
  for (const auto chapter : chapters) {
    const std::vector<std::string> our_lines = lines_of(ours.*chapter);
    const std::vector<std::string> kernel_lines = lines_of(kernels.*chapter);
    BOOST_TEST(our_lines.size() == kernel_lines.size(), ours.*chapter << "\n--- the kernel's\n" << kernels.*chapter);
    for (std::size_t i = 0; i < std::min(our_lines.size(), kernel_lines.size()); ++i) {
      // The only difference on purpose: each tells its own version.
      if (i == 0 && our_lines[i].starts_with("Ethernet Channel Bonding Driver: v")) continue;
      BOOST_TEST(our_lines[i] == kernel_lines[i]);
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(image_autostart, *needs_board("qemu-x86_64"))

BOOST_AUTO_TEST_CASE(busybox_init_starts_it_and_a_pulled_cable_costs_nothing_but_a_failover) {
  check_failover("inittab", story_of("inittab"));
  check_own_ping(story_of("inittab"));
  check_rights(story_of("inittab"));
  check_upgrade(story_of("inittab"));
}

BOOST_AUTO_TEST_CASE(it_starts_as_the_kernels_first_process_and_the_next_init_finds_the_bond) {
  check_failover("init", story_of("init"));
  check_own_ping(story_of("init"));
  check_rights(story_of("init"));
  check_upgrade(story_of("init"));
}

BOOST_AUTO_TEST_CASE(it_is_all_that_runs_and_serves_the_console_by_itself) {
  const Story& story = story_of("alone");
  check_failover("alone", story);
  BOOST_TEST(lab::contains(story.console, "reboot: Power down"), story.console);
  BOOST_TEST(!lab::contains(story.console, "Kernel panic"), story.console);
}

BOOST_AUTO_TEST_CASE(busybox_httpd_serves_the_status_page_to_the_far_side_while_a_cable_is_out) {
  for (const char* way : {"inittab", "init"}) {
    const Story& story = story_of(way);
    BOOST_REQUIRE_MESSAGE(story.trouble.empty(), story.trouble);
    BOOST_TEST(lab::contains(story.page, " 200 OK\r\n"), way << ": " << story.page);
    BOOST_TEST(lab::contains(story.page, "bond0 is degraded</h1>"), story.page);
    BOOST_TEST(lab::contains(story.page, "<b>eth0 does not carry traffic</b>: it has had no link"), story.page);
    BOOST_TEST(lab::contains(story.page, "</html>"), story.page);
  }
}

BOOST_AUTO_TEST_CASE(the_status_of_two_ports_fits_a_serial_terminal) {
  const Story& story = story_of("inittab");
  BOOST_REQUIRE_MESSAGE(story.trouble.empty(), story.trouble);
  const std::vector<std::string> lines = lines_of(story.status);
  BOOST_TEST(lines.size() > 5U, story.status);
  BOOST_TEST(lines.size() <= 23U, story.status);  // the last of 24 is the prompt's
  for (const std::string& line : lines) BOOST_TEST(line.size() <= 80U, line);
  BOOST_TEST(lab::contains(story.status, "DEGRADED: eth0 has had no link"), story.status);
}

BOOST_AUTO_TEST_SUITE_END()

// One machine after the other: emulated by another processor it is slow enough by itself.
namespace {

void check_in_the_kernels_words(const std::string& board) {
  const Story story = tell_story(board, "inittab");
  check_failover(board + ", inittab", story);
  check_own_ping(story);
  check_rights(story);
  check_upgrade(story);
  const Story kernels = tell_story(board, "kernel");
  BOOST_REQUIRE_MESSAGE(kernels.trouble.empty(), kernels.trouble);
  tell_losses(board + ", kernel", kernels);
  check_same_words(story, kernels);
}

void check_as_first_process(const std::string& board) {
  const Story story = tell_story(board, "init");
  check_failover(board + ", init", story);
  check_own_ping(story);
  check_rights(story);
  check_upgrade(story);
}

void check_alone(const std::string& board) {
  const Story story = tell_story(board, "alone");
  check_failover(board + ", alone", story);
  BOOST_TEST(lab::contains(story.console, "reboot: Power down"), story.console);
  BOOST_TEST(!lab::contains(story.console, "Kernel panic"), story.console);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(image_of_another_machine, *needs_board("qemu-aarch64"))

BOOST_AUTO_TEST_CASE(a_board_with_an_arm_processor_fails_over_as_well_and_in_the_kernels_words) {
  check_in_the_kernels_words("qemu-aarch64");
}

BOOST_AUTO_TEST_CASE(it_is_that_boards_first_process_and_makes_way_for_the_next_init) {
  check_as_first_process("qemu-aarch64");
}

BOOST_AUTO_TEST_CASE(it_is_all_that_runs_there) {
  check_alone("qemu-aarch64");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(image_of_a_machine_of_32_bits, *needs_board("qemu-arm"))

BOOST_AUTO_TEST_CASE(a_board_of_32_bits_fails_over_as_well_and_in_the_kernels_words) {
  check_in_the_kernels_words("qemu-arm");
}

BOOST_AUTO_TEST_CASE(it_is_the_first_process_of_32_bits_and_makes_way_for_the_next_init) {
  check_as_first_process("qemu-arm");
}

BOOST_AUTO_TEST_CASE(it_is_all_that_runs_on_32_bits) {
  check_alone("qemu-arm");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(image_beside_the_kernels_driver, *needs_board("qemu-x86_64"))

BOOST_AUTO_TEST_CASE(the_kernels_driver_tells_the_same_story_in_the_same_words) {
  const Story& ours = story_of("inittab");
  const Story& kernels = story_of("kernel");
  BOOST_REQUIRE_MESSAGE(ours.trouble.empty(), ours.trouble);
  BOOST_REQUIRE_MESSAGE(kernels.trouble.empty(), kernels.trouble);
  tell_losses("kernel", kernels);
  check_same_words(ours, kernels);
  for (const auto chapter : chapters) {
    BOOST_TEST((story_of("init").*chapter) == (ours.*chapter));
    BOOST_TEST((story_of("alone").*chapter) == (ours.*chapter));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::image
