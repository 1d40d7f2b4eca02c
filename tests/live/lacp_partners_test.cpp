// bondbox and other LACP speakers: the kernel's 802.3ad in user-mode-linux, Open vSwitch in user space in namespaces of
// this machine. Every case also runs as a control without bondbox: what fails there is the rig's fault, or the
// partner's own way. When the first case is asked for, all that are enabled run side by side.
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "policies/modes.hpp"
#include "tests/lab/support/daemon.hpp"
#include "tests/live/lacp/side_by_side.hpp"
#include "tests/live/support/uml_machine.hpp"

namespace bondbox::live {
namespace {

namespace ut = boost::unit_test;

constexpr int run_limit_s = 600;
constexpr int machine_mb = 512;

/// The cases with one kind of partner: where they run, and what they have found.
class Partners {
 public:
  explicit Partners(Kind partner) : partner_(partner) {}

  void add(const ut::test_case& test, Job job) { registered_.emplace_back(&test, std::move(job)); }

  void start() {
    for (const auto& [test, job] : registered_)
      if (test->is_enabled() && what_is_missing(job).empty()) jobs_.push_back(job);
    if (jobs_.empty()) return;
    write_jobs(exchange_.path(), jobs_);
    const std::string command =
        "exec " + std::filesystem::read_symlink("/proc/self/exe").string() + " " + jobs_word + " " + exchange_.path();
    if (partner_ == Kind::kernel) {
      machine_ = std::make_unique<UmlMachine>(UmlMachine::usual_modules(), machine_mb);
      machine_->start(command);
    } else {
      const pid_t pid = ::fork();
      if (pid == 0) {
        ::setpgid(0, 0);
        ::execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
        ::_exit(127);
      }
      process_ = lab::Process(pid);
    }
  }

  /// Waits for the end of all. What went wrong with the run as a whole; empty: nothing.
  const std::string& finish() {
    if (!trouble_) {
      trouble_.emplace();
      if (machine_) {
        const UmlResult result = machine_->wait(run_limit_s);
        if (!result.ok()) trouble_ = result.text();
      } else if (process_.wait(run_limit_s * 1000) != 0) {
        trouble_ = "the cases did not end in time";
      }
      process_.stop(SIGKILL);
    }
    return *trouble_;
  }

  JobResult result(const Job& job) const { return read_result(exchange_.path(), job); }

  static std::string what_is_missing(const Job& job) {
    if (job.right == Kind::kernel) return UmlMachine::what_is_missing();
    if (::geteuid() != 0) return "namespaces need root";
    static const std::string ovs = what_ovs_misses();
    return ovs;
  }

 private:
  Kind partner_;
  lab::ScratchDirectory exchange_;
  std::vector<std::pair<const ut::test_case*, Job>> registered_;
  std::vector<Job> jobs_;
  std::unique_ptr<UmlMachine> machine_;
  lab::Process process_;
  std::optional<std::string> trouble_;
};

/// Those with the kernel and those with Open vSwitch run at the same time as well.
Partners& partners(Kind kind) {
  static Partners kernel(Kind::kernel);
  static Partners ovs(Kind::ovs);
  return kind == Kind::kernel ? kernel : ovs;
}

void judge(const Job& job) {
  static const bool started = [] {
    for (const Kind kind : {Kind::kernel, Kind::ovs}) partners(kind).start();
    return true;
  }();
  BOOST_REQUIRE(started);
  const std::string& trouble = partners(job.right).finish();
  const JobResult result = partners(job.right).result(job);
  BOOST_TEST(result.ended, job.title() << ": " << (trouble.empty() ? "no result" : trouble));
  const std::string machine =
      result.machine.empty() ? std::string() : ", whose machine did not keep pace (" + result.machine + ")";
  for (const std::string& failure : result.failures) BOOST_TEST(false, job.title() << machine << ": " << failure);
  for (const std::string& note : result.notes)
    std::printf("  lacp, %s, %s: %s\n", job.title().c_str(), job.test.c_str(), note.c_str());
}

bool can_be(const Case& test, Kind left, Kind right) {
  switch (test.with) {
    case With::everybody:
      return true;
    case With::not_ovs_alone:
      return left != Kind::ovs;
    case With::bondbox:
      return left == Kind::bondbox;
    case With::not_ovs:
      return left != Kind::ovs && right != Kind::ovs;
  }
  return false;
}

void add_suite(const char* name, Kind left, Kind right) {
  ut::test_suite* const suite = BOOST_TEST_SUITE(name);
  ut::framework::current_auto_test_suite().add(suite);
  for (const std::span<const Case> table : {negotiation_cases(), outage_cases()})
    for (const Case& test : table) {
      if (!can_be(test, left, right)) continue;
      const Job job{test.name, left, right};
      ut::test_case* const unit = ut::make_test_case([job] { judge(job); }, test.name, __FILE__, __LINE__);
      if (right != Kind::kernel) unit->add_label("needs-no-machine");
      unit->add_precondition([job](ut::test_unit_id) {
        const std::string reason = Partners::what_is_missing(job);
        boost::test_tools::assertion_result result(reason.empty());
        result.message() << reason;
        return result;
      });
      suite->add(unit);
      partners(right).add(*unit, job);
    }
}

const bool registered = [] {
  add_suite("lacp_kernel_partner", Kind::bondbox, Kind::kernel);
  add_suite("lacp_kernel_control", Kind::kernel, Kind::kernel);
  add_suite("lacp_ovs_partner", Kind::bondbox, Kind::ovs);
  add_suite("lacp_ovs_control", Kind::ovs, Kind::ovs);
  return true;
}();

}  // namespace
}  // namespace bondbox::live
