// hal/linux: the programs in the kernel where a right or a part of the kernel is lacking, and after their process has
// died.
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <csignal>

#include "hal/linux/bpf_syscall.hpp"
#include "hal/linux/capabilities.hpp"
#include "tests/lab/support/bpf_bench.hpp"

namespace bondbox::lab {
namespace {

/// Takes capabilities from the calling thread for good.
void give_up(std::initializer_list<int> capabilities) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  (void)::syscall(SYS_capget, &header, data);
  for (const int capability : capabilities) {
    const std::uint32_t others = ~(1U << capability % 32);
    data[capability / 32].effective &= others;
    data[capability / 32].permitted &= others;
  }
  (void)::syscall(SYS_capset, &header, data);
}

/// The number in a file; -1 where there is none.
int read_number(const char* path) {
  std::array<char, 16> text{};
  const lnx::UniqueFd file(::open(path, O_RDONLY | O_CLOEXEC));
  if (!file.valid() || ::read(file.get(), text.data(), text.size() - 1) <= 0) return -1;
  return std::atoi(text.data());
}

/// What is wrong, as bits, in a child that does not know what it takes to look at carrier: frames cross all the
/// same, and one sentence says what is lacking.
int carries_blindly(const Bench& bench, const std::string& lack) {
  std::string told;
  LinuxHardware hardware(bench.run.path(), [&](std::string text) { told += text + "\n"; });
  Result<std::unique_ptr<HostPort>> bond0 = hardware.open_host_port("bond0");
  Result<std::unique_ptr<Nic>> nic = hardware.open_nic("p0", LinkSource::carrier);
  if (!bond0.ok() || !nic.ok() || !nic.value()->set_mac(station).ok()) return 99;
  if (!bond0.value()->set_mac(station).ok() || !bond0.value()->set_up(true).ok()) return 98;
  if (!bond0.value()->set_carrier(true).ok()) return 97;
  Result<std::unique_ptr<Offload>> offload = hardware.open_offload(*bond0.value());
  if (!offload.ok()) return 96;
  const Outcome added = offload.value()->add_port(PortId{0}, *nic.value());
  if (!added.ok()) return 95;
  if (!carry(*offload.value(), plan_for(0)).ok()) return 95;
  Wiretap near(bench.host, "bond0");
  Wiretap far(bench.peer, "q0");
  int wrong = 0;
  const auto is_it = [](std::span<const std::uint8_t> seen) { return is_numbered(seen, 7); };
  const auto crosses = [&](Wiretap& from, Wiretap& to, MacAddress whom) {
    return wait_until([&] { return from.send(numbered(whom, 7)) == 0 && !to.expect(is_it, 20).empty(); }, patience_ms);
  };
  if (!crosses(near, far, stranger)) wrong |= 1;
  if (!crosses(far, near, station)) wrong |= 2;
  if (sees_carrier(*offload.value())) wrong |= 4;
  const std::string sentence = "cannot look at carrier";
  if (told.find(sentence) == std::string::npos || told.find(lack) == std::string::npos) wrong |= 8;
  if (told.find(sentence) != told.rfind(sentence)) wrong |= 16;
  return wrong;
}

constexpr const char* test_program = "bondbox_test";

bool load_test_program(lnx::UniqueFd& program) {
  const std::vector<bpf_insn> code{{0xb7, 0, 0, 0, 2}, {0x95, 0, 0, 0, 0}};  // r0 = TC_ACT_SHOT; exit
  std::string complaint;
  return lnx::load_program({test_program, BPF_PROG_TYPE_SCHED_CLS, code}, program, complaint) == 0;
}

int attach_test_program(int index, const lnx::UniqueFd& program) {
  return lnx::attach_to_device(index, lnx::BpfHook::ingress, program.get(), test_program);
}

bool is_on_device(int index) {
  return lnx::program_on_device(index, lnx::BpfHook::ingress, test_program).valid();
}

/// What is wrong, as bits: the one that is there is replaced by another one and that by a third, which goes.
int replaces_with_few_rights(int index) {
  lnx::know_left_programs(std::array{test_program});
  if (!lnx::keep_capabilities(lnx::daemon_capabilities(false)).ok()) return 97;
  lnx::UniqueFd first;
  lnx::UniqueFd second;
  if (!load_test_program(first) || !load_test_program(second)) return 96;
  int wrong = 0;
  if (!is_on_device(index)) wrong |= 1;
  if (attach_test_program(index, first) != 0 || attach_test_program(index, second) != 0) wrong |= 2;
  if (!is_on_device(index)) wrong |= 4;
  if (lnx::detach_from_device(index, lnx::BpfHook::ingress, second.get()) != 0) wrong |= 8;
  return wrong;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lab_bpf_rights)

BOOST_AUTO_TEST_CASE(programs_on_a_device_are_replaced_without_the_right_to_open_them_by_number) {
  const Bench bench;
  const Namespace::Stay inside(bench.host);
  const int index = static_cast<int>(::if_nametoindex("p0"));
  Process before = bench.host.fork_inside([index] {
    lnx::UniqueFd left;
    return load_test_program(left) ? attach_test_program(index, left) : 99;
  });
  const int attached = before.wait(2 * patience_ms).value_or(-1);
  if (attached == EINVAL << 8) {
    BOOST_TEST_MESSAGE("skipped: this kernel has no programs on devices");
    return;
  }
  BOOST_REQUIRE(attached == 0);
  BOOST_REQUIRE(is_on_device(index));
  Process child = bench.host.fork_inside([index] { return replaces_with_few_rights(index); });
  BOOST_TEST(child.wait(2 * patience_ms).value_or(-1) == 0);
  BOOST_TEST(!is_on_device(index));
}

BOOST_AUTO_TEST_CASE(a_process_without_the_right_is_told_which_right_it_lacks) {
  Bench bench;
  // Where any process may load programs, the kernel refuses later, and for other reasons.
  const bool everybody_may = read_number("/proc/sys/kernel/unprivileged_bpf_disabled") == 0;
  for (const int right : {CAP_BPF, CAP_PERFMON}) {
    Process child = bench.host.fork_inside([&] {
      LinuxHardware hardware = bench.hardware();
      Result<std::unique_ptr<HostPort>> bond0 = hardware.open_host_port("bond0");
      if (!bond0.ok()) return 99;
      const std::string before = bench.host.must("tc qdisc show dev bond0; ip -d -o link show bond0");
      give_up({CAP_SYS_ADMIN, right});
      const Result<std::unique_ptr<Offload>> offload = hardware.open_offload(*bond0.value());
      if (offload.ok()) return 98;
      const std::string& reason = offload.failure().reason;
      int wrong = 0;
      if (right == CAP_BPF && !everybody_may && offload.failure().error != EPERM) wrong |= 1;
      if (reason.find(right == CAP_BPF ? "(needs CAP_BPF)" : "(needs CAP_PERFMON)") == std::string::npos) wrong |= 2;
      if (reason.find("the kernel refuses the ") != 0) wrong |= 4;
      if (bench.host.must("tc qdisc show dev bond0; ip -d -o link show bond0") != before) wrong |= 8;
      return wrong;
    });
    BOOST_TEST(child.wait(2 * patience_ms).value_or(-1) == 0, "right " << right);
  }
}

BOOST_AUTO_TEST_CASE(a_user_namespace_of_ones_own_is_refused_in_words) {
  const ScratchDirectory run;
  Process child = Namespace().fork_inside([&run] {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return 0;  // not every kernel lets one
    LinuxHardware hardware(run.path());
    Result<std::unique_ptr<HostPort>> bond0 = hardware.open_host_port("bond0");
    if (!bond0.ok()) return 0;
    const Result<std::unique_ptr<Offload>> offload = hardware.open_offload(*bond0.value());
    if (offload.ok()) return 98;
    int wrong = 0;
    if (offload.failure().error != EPERM) wrong |= 1;
    if (offload.failure().reason.find("CAP_BPF") == std::string::npos) wrong |= 2;
    return wrong;
  });
  BOOST_TEST(child.wait(2 * patience_ms).value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(without_sys_frames_cross_all_the_same) {
  Bench bench;
  Process child = bench.host.fork_inside([&] {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return 94;
    if (::mount("none", "/sys", "tmpfs", 0, nullptr) != 0) return 93;
    return carries_blindly(bench, "/sys/kernel/btf/vmlinux");
  });
  BOOST_TEST(child.wait(4 * patience_ms).value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(when_the_process_is_killed_frames_go_on_crossing_and_still_change_ports, *needs_kernel_types) {
  Bench bench;
  lay_cable(bench.host, "p1", bench.peer, "q1", 11);
  bench.peer.must("ip link set q1 up");
  const ScratchDirectory scratch;
  const std::string ready = scratch.path() + "/ready";
  Process child = bench.host.fork_inside([&] {
    LinuxHardware hardware(bench.run.path());
    Result<std::unique_ptr<HostPort>> bond0 = hardware.open_host_port("bond0");
    Result<std::unique_ptr<Nic>> p0 = hardware.open_nic("p0", LinkSource::carrier);
    Result<std::unique_ptr<Nic>> p1 = hardware.open_nic("p1", LinkSource::carrier);
    if (!bond0.ok() || !p0.ok() || !p1.ok()) return 99;
    for (Nic* nic : {p0.value().get(), p1.value().get()})
      if (!nic->set_mac(station).ok()) return 98;
    if (!bond0.value()->set_mac(station).ok() || !bond0.value()->set_up(true).ok()) return 97;
    if (!bond0.value()->set_carrier(true).ok()) return 96;
    Result<std::unique_ptr<Offload>> offload = hardware.open_offload(*bond0.value());
    if (!offload.ok() || !offload.value()->add_port(PortId{0}, *p0.value()).ok()) return 95;
    if (!offload.value()->add_port(PortId{1}, *p1.value()).ok()) return 94;
    if (!carry(*offload.value(), plan_for(0)).ok()) return 93;
    lnx::UniqueFd(::open(ready.c_str(), O_CREAT | O_WRONLY, 0600));
    for (;;) ::pause();
  });
  BOOST_REQUIRE(wait_until([&] { return ::access(ready.c_str(), F_OK) == 0; }, 2 * patience_ms));
  (void)child.stop(SIGKILL);
  Wiretap near(bench.host, "bond0");
  Wiretap far0(bench.peer, "q0");
  Wiretap far1(bench.peer, "q1");
  std::uint32_t number = 0;
  const auto leaves_on = [&](Wiretap& far) {
    ++number;
    return near.send(numbered(stranger, number)) == 0 &&
           !far.expect([&](auto seen) { return is_numbered(seen, number); }, 100).empty();
  };
  BOOST_TEST(wait_until([&] { return leaves_on(far0); }, patience_ms));
  BOOST_TEST(far0.send(numbered(station, 900'000)) == 0);
  BOOST_TEST(!near.expect([](auto seen) { return is_numbered(seen, 900'000); }, patience_ms).empty());
  bench.peer.must("ip link set q0 down");
  for (int i = 0; i < 5; ++i) BOOST_TEST(leaves_on(far1));
  // The next start, which wants no bond, puts the programs away, and bond0 with them.
  const Namespace::Stay inside(bench.host);
  LinuxHardware hardware = bench.hardware();
  BOOST_TEST(hardware.restore_leftovers().size() == 3u);
  BOOST_TEST(bench.host.must("tc filter show dev p0 ingress 2>&1 | grep -v 'Parent Qdisc'; true").empty());
  BOOST_TEST(!bench.host.run("ip link show bond0").ok());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::lab
