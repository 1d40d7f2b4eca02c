// What programs read of a bond in files: through a pulled cable, a port that leaves, a directory that cannot be
// written.
#include "firmware/status_files.hpp"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "tests/support/scratch_directory.hpp"
#include "tests/support/sim_bench.hpp"

namespace {

using namespace bondbox;
namespace fs = std::filesystem;

struct Shown {
  Shown() {
    BOOST_REQUIRE(directory.open(scratch.path() + "/run").ok());
    bench.add({"e0", "e1"});
    BOOST_REQUIRE(update().ok());
  }
  Outcome update() { return files.update(bench.scheduler.bonds(), bench.clock.now()); }
  fs::path net() const { return fs::path(directory.path()) / "sys/class/net"; }
  std::string read(const std::string& below_net) const { return text_of(net() / below_net); }
  static std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    BOOST_TEST(file.is_open(), path.string());
    return {std::istreambuf_iterator<char>(file), {}};
  }

  test::ScratchDirectory scratch;
  lnx::RunDir directory;
  test::SimBench bench{"e0", "e1"};
  FileWriter writer;  // without a thread: at once
  StatusFiles files{directory, writer};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(status_files)

BOOST_AUTO_TEST_CASE(an_exporters_way_through_the_tree_leads_to_each_port) {
  Shown shown;
  BOOST_TEST(shown.read("bonding_masters") == "bond0\n");
  BOOST_TEST(shown.read("bond0/bonding/slaves") == "e0 e1\n");
  BOOST_TEST(shown.read("bond0/lower_e0/bonding_slave/mii_status") == "up\n");
  BOOST_TEST(shown.read("bond0/lower_e1/master/bonding/mode") == "active-backup 1\n");
  BOOST_TEST(shown.read("e0/bonding_slave/state") == "active\n");
  BOOST_TEST(shown.read("e1/bonding_slave/state") == "backup\n");
  BOOST_TEST(shown.read("bond0/bonding/ad_partner_mac").empty());
  BOOST_TEST(shown.read("e0/bonding_slave/ad_aggregator_id") == "N/A\n");
}

BOOST_AUTO_TEST_CASE(a_pulled_cable_is_in_the_tree_and_in_the_text_at_once) {
  Shown shown;
  shown.bench.link(500, "e0", false);
  BOOST_TEST(shown.update().ok());
  BOOST_TEST(shown.read("e0/bonding_slave/mii_status") == "down\n");
  BOOST_TEST(shown.read("e0/bonding_slave/link_failure_count") == "1\n");
  BOOST_TEST(shown.read("e0/operstate") == "down\n");
  BOOST_TEST(shown.read("bond0/bonding/active_slave") == "e1\n");
  BOOST_TEST(shown.read("bond0/operstate") == "up\n");
  const std::string proc = Shown::text_of(fs::path(shown.directory.path()) / "net/bonding/bond0");
  BOOST_TEST(proc.find("Currently Active Slave: e1\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_has_not_changed_is_not_written_again) {
  Shown shown;
  const auto written = fs::last_write_time(shown.net() / "e1/bonding_slave/perm_hwaddr");
  const fs::path state = shown.net() / "e1/bonding_slave/state";
  fs::remove(shown.net() / "e1/bonding_slave/perm_hwaddr");
  shown.bench.link(500, "e0", false);
  BOOST_TEST(shown.update().ok());
  BOOST_TEST(Shown::text_of(state) == "active\n");
  BOOST_TEST(!fs::exists(shown.net() / "e1/bonding_slave/perm_hwaddr"));
  shown.files.forget();
  BOOST_TEST(shown.update().ok());
  BOOST_TEST((fs::last_write_time(shown.net() / "e1/bonding_slave/perm_hwaddr") >= written));
}

BOOST_AUTO_TEST_CASE(ports_and_bonds_that_go_leave_nothing_behind) {
  Shown shown;
  BOOST_REQUIRE(shown.bench.command([](Bond& bond) { return bond.release("e1"); }).ok());
  BOOST_TEST(shown.update().ok());
  BOOST_TEST(shown.read("bond0/bonding/slaves") == "e0\n");
  BOOST_TEST(!fs::exists(fs::symlink_status(shown.net() / "bond0/lower_e1")));
  BOOST_TEST(!fs::exists(shown.net() / "e1"));
  shown.bench.scheduler.remove_bond("bond0");
  BOOST_TEST(shown.update().ok());
  BOOST_TEST(shown.read("bonding_masters") == "\n");
  std::set<std::string> left;
  for (const auto& entry : fs::directory_iterator(shown.net())) left.insert(entry.path().filename().string());
  BOOST_TEST((left == std::set<std::string>{"bonding_masters"}));
}

BOOST_AUTO_TEST_CASE(what_another_process_left_goes_and_links_out_of_the_tree_are_not_followed) {
  Shown shown;
  const fs::path outside = fs::path(shown.scratch.path()) / "outside";
  fs::create_directories(outside);
  std::ofstream(outside / "kept") << "x";
  fs::create_directory_symlink(outside, shown.net() / "way_out");
  shown.files.clear();
  BOOST_TEST(!fs::exists(fs::path(shown.directory.path()) / "sys"));
  BOOST_TEST(fs::exists(outside / "kept"));
}

BOOST_AUTO_TEST_CASE(a_place_that_cannot_be_written_is_told_once_and_used_again_when_it_can) {
  Shown shown;
  fs::remove_all(shown.net());
  std::ofstream(shown.net()) << "a file where a directory was";
  shown.files.forget();
  const Outcome refused = shown.update();
  BOOST_TEST(!refused.ok());
  BOOST_TEST(refused.reason.find("sys/class/net") != std::string::npos, refused.reason);
  shown.bench.link(500, "e0", false);
  BOOST_TEST(shown.update().ok());
  fs::remove(shown.net());
  shown.bench.link(900, "e0", true);
  BOOST_TEST(shown.update().ok());
  BOOST_TEST(shown.read("bond0/bonding/slaves") == "e0 e1\n");
  BOOST_TEST(shown.read("bonding_masters") == "bond0\n");
}

BOOST_AUTO_TEST_SUITE_END()
