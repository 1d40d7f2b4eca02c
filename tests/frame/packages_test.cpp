// What board/packages holds: the Debian package is built and looked into; the recipes for other systems are played with
// stand-ins of those systems' own parts (tests/frame/packages), which compile nothing.
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "firmware/version.hpp"
#include "tests/frame/command.hpp"
#include "tests/frame/source_tree.hpp"
#include "tests/support/scratch_directory.hpp"

namespace bondbox::test {
namespace {

namespace ut = boost::unit_test;

std::string program() {
  const char* const given = std::getenv("BONDBOX");
  return std::filesystem::absolute(source_root / (given != nullptr ? given : "build/bondbox")).string();
}

ut::precondition needs(const char* command) {
  return ut::precondition([command](ut::test_unit_id) {
    boost::test_tools::assertion_result here(run_shell(std::string("command -v ") + command).status == 0);
    here.message() << "there is no " << command;
    return here;
  });
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Names below a directory, sorted; of directories only when they are empty.
std::set<std::string> names_below(const std::string& directory) {
  std::istringstream lines(run_shell("cd " + directory + " && find . -type f -o -type l").out);
  std::set<std::string> names;
  for (std::string line; std::getline(lines, line);) names.insert(line.substr(1));
  return names;
}

void has_all(const std::set<std::string>& names, std::initializer_list<const char*> wanted) {
  for (const char* name : wanted) BOOST_TEST(names.contains(name), name << " is missing");
}

struct DebianPackage {
  DebianPackage() {
    const CommandResult made =
        run_shell("toolchain/man.sh " + program() + " " + place.path() + "/man && " + build("a"));
    BOOST_REQUIRE_MESSAGE(made.status == 0, made.err);
    path = place.path() + "/a/bondbox_" + std::string(version()) + "-1_amd64.deb";
  }
  std::string build(const std::string& name) const {
    return "toolchain/deb.sh " + program() + " " + place.path() + "/man " + place.path() + "/" + name + " amd64 " +
           std::string(version());
  }
  ScratchDirectory place;
  std::string path;
};

const DebianPackage& built_package() {
  static const DebianPackage package;
  return package;
}

/// The recipe's own words to make, and what it says, after it was played.
struct Played {
  ScratchDirectory place;
  CommandResult result;
  std::string make_words;

  void play(const std::string& line) {
    const std::string said = place.path() + "/said";
    // A recipe's make is nobody's child: the jobs of a make that runs the tests are not its own.
    result = run_shell("unset MAKEFLAGS MFLAGS MAKELEVEL; export BONDBOX=" + program() + " SAID=" + said +
                       " OUT=" + place.path() + "; " + line);
    BOOST_TEST(result.status == 0, result.err << result.out);
    make_words = read_text(said);
  }
};

constexpr const char* stand_in_make = "$PWD/tests/frame/packages/make.sh";

}  // namespace

BOOST_AUTO_TEST_SUITE(packages)

BOOST_AUTO_TEST_CASE(all_recipes_are_of_this_version_and_licence) {
  const std::string release(version());
  const std::string buildroot = "board/packages/buildroot/package/bondbox/bondbox";
  BOOST_TEST(read_text(source_root / "board/packages/debian/changelog").starts_with("bondbox (" + release + "-"));
  BOOST_TEST(has(read_text(source_root / (buildroot + ".mk")), "\nBONDBOX_VERSION = " + release + "\n"));
  BOOST_TEST(
      has(read_text(source_root / "board/packages/openwrt/bondbox/Makefile"), "\nPKG_VERSION:=" + release + "\n"));
  BOOST_TEST(has(read_text(source_root / "board/packages/alpine/APKBUILD"), "\npkgver=" + release + "\n"));
  const std::string hash = run_shell("sha256sum < LICENSE").out.substr(0, 64);
  BOOST_TEST(has(read_text(source_root / (buildroot + ".hash")), "\nsha256  " + hash + "  LICENSE\n"));
}

BOOST_AUTO_TEST_CASE(their_scripts_are_shell) {
  for (const char* script :
       {"board/packages/debian/postinst", "board/packages/debian/prerm", "board/packages/debian/postrm",
        "board/packages/openwrt/bondbox/files/bondbox.defaults", "board/packages/alpine/APKBUILD"}) {
    BOOST_TEST(run_shell(std::string("sh -n ") + script).status == 0, script);
    if (run_shell("command -v shellcheck").status != 0) continue;
    // abuild sets what is not set here, and reads what is not read here.
    const CommandResult checked = run_shell(std::string("shellcheck -s sh -e SC2034,SC2154 ") + script);
    BOOST_TEST(checked.status == 0, checked.out);
  }
}

BOOST_AUTO_TEST_CASE(the_debian_package_holds_program_service_hooks_pages_and_conffile, *needs("dpkg-deb")) {
  const DebianPackage& package = built_package();
  const std::string root = package.place.path() + "/root";
  BOOST_REQUIRE(run_shell("dpkg-deb -x " + package.path + " " + root).status == 0);
  has_all(names_below(root),
          {"/sbin/bondbox", "/sbin/ifenslave", "/etc/bondbox.toml", "/etc/init.d/bondbox",
           "/lib/systemd/system/bondbox.service", "/lib/systemd/system/networking.service.d/bondbox.conf",
           "/usr/share/bondbox/ifupdown", "/etc/network/if-pre-up.d/ifenslave", "/etc/network/if-down.d/bondbox",
           "/etc/network/if-post-down.d/ifenslave", "/usr/share/man/man8/bondbox.8.gz",
           "/usr/share/man/man8/ifenslave.8.gz", "/usr/share/man/man5/bondbox.toml.5.gz",
           "/usr/share/doc/bondbox/copyright", "/usr/share/doc/bondbox/troubleshooting.md",
           "/usr/share/doc/bondbox/changelog.Debian.gz"});
  BOOST_TEST(run_shell("cmp " + root + "/sbin/bondbox " + program()).status == 0);
  BOOST_TEST(run_shell("readlink " + root + "/sbin/ifenslave").out == "bondbox\n");
  BOOST_TEST(run_shell("cd " + root + " && dpkg-deb --ctrl-tarfile " + package.path +
                       " | tar -x -O ./md5sums | md5sum --quiet -c -")
                 .status == 0);

  const std::string owners = run_shell("dpkg-deb -c " + package.path).out;
  for (const std::string& line : lines_of(owners)) BOOST_TEST(has(line, " root/root "), line);
  const std::string fields = run_shell("dpkg-deb -f " + package.path).out;
  BOOST_TEST(has(fields, "Version: " + std::string(version()) + "-1\n"), fields);
  BOOST_TEST(has(fields, "Conflicts: ifenslave\n"), fields);
  // Nothing of the template is left.
  BOOST_TEST(run_shell("dpkg-deb -f " + package.path + " | grep -c \"@[A-Z_]*@\"").out == "0\n", fields);
  const std::string kept = run_shell("dpkg-deb --ctrl-tarfile " + package.path + " | tar -x -O ./conffiles").out;
  BOOST_TEST(kept == "/etc/bondbox.toml\n/etc/init.d/bondbox\n");
}

BOOST_AUTO_TEST_CASE(the_debian_package_is_the_same_bytes_each_time, *needs("dpkg-deb")) {
  const DebianPackage& package = built_package();
  const std::string second = package.place.path() + "/b/";
  const CommandResult again = run_shell("sleep 1; umask 077; TZ=Asia/Tokyo; export TZ; " + package.build("b"));
  BOOST_REQUIRE_MESSAGE(again.status == 0, again.err);
  BOOST_TEST(run_shell("cmp " + package.path + " " + second + "*.deb").status == 0);
}

BOOST_AUTO_TEST_CASE(lintian_finds_no_fault_in_the_debian_package, *needs("dpkg-deb") * needs("lintian")) {
  const DebianPackage& package = built_package();
  const CommandResult found = run_shell("lintian --no-cfg --allow-root --fail-on error,warning " + package.path);
  BOOST_TEST(found.status == 0, found.out << found.err);
  BOOST_TEST(found.out.empty(), found.out);
}

/// It is the file that a new machine has: refused in words, and what it shows as an example is right.
BOOST_AUTO_TEST_CASE(the_debian_conffile_bonds_nothing_until_its_example_is_uncommented) {
  const std::string file = "board/packages/debian/bondbox.toml";
  const CommandResult as_it_is = run_bondbox("check -c " + file);
  BOOST_TEST(as_it_is.status == 1);
  BOOST_TEST(has(as_it_is.err, "there is no bond in the file"), as_it_is.err);
  const ScratchDirectory scratch;
  std::ofstream uncommented(scratch.path() + "/c.toml");
  for (const std::string& line : lines_of(read_text(source_root / file)))
    uncommented << (line.starts_with("#") && !line.starts_with("# ") && line != "#" ? line.substr(1) : line) << "\n";
  uncommented.close();
  const CommandResult example = run_bondbox("check -c " + scratch.path() + "/c.toml");
  BOOST_TEST(example.status == 0, example.err);
  BOOST_TEST(has(example.out, "bond0"), example.out);
}

BOOST_AUTO_TEST_CASE(buildroots_recipe_builds_and_installs_for_each_init) {
  const std::pair<const char*, const char*> inits[] = {{"SYSV", "/etc/init.d/S20bondbox"},
                                                       {"OPENRC", "/etc/init.d/bondbox"},
                                                       {"SYSTEMD", "/usr/lib/systemd/system/bondbox.service"}};
  for (const auto& [init, script] : inits) {
    Played played;
    played.play(std::string("make -s -f tests/frame/packages/buildroot.mk MAKE=") + stand_in_make +
                " BR2_EXTERNAL_BONDBOX_PATH=$PWD/board/packages/buildroot OUT=$OUT INIT=" + init +
                " BR2_PACKAGE_BONDBOX_IFENSLAVE=y BR2_SHARED_STATIC_LIBS=y");
    const std::string target = played.place.path() + "/target";
    BOOST_REQUIRE(std::filesystem::is_directory(target));
    has_all(names_below(target), {"/sbin/bondbox", "/sbin/ifenslave", "/etc/network/if-pre-up.d/bondbox", script});
    BOOST_TEST(std::filesystem::exists(played.place.path() + "/staging/usr/include/toml++/toml.h"));
    BOOST_TEST(has(played.make_words, " SETUP=0 LINK=-static BPF=0 "), played.make_words);
    BOOST_TEST(has(played.result.out, "bondbox depends on boost libpcap bondbox-tomlplusplus\n"), played.result.out);
    BOOST_TEST(has(played.result.out, "enable CONFIG_TUN\n"), played.result.out);
  }
}

BOOST_AUTO_TEST_CASE(openwrts_recipe_builds_and_installs) {
  Played played;
  // The tree is copied by the recipe; the directory that its words name is read from where they were said.
  played.play(std::string("make -s -C board/packages/openwrt/bondbox TOPDIR=$PWD/tests/frame/packages/openwrt OUT=$OUT "
                          "BONDBOX_TREE=$PWD/board/.. MAKE=") +
              stand_in_make + " play info");
  has_all(names_below(played.place.path() + "/root"),
          {"/sbin/bondbox", "/etc/init.d/bondbox", "/etc/uci-defaults/60-bondbox"});
  BOOST_TEST(has(played.make_words, " SETUP=0 BPF=0 LINK= "), played.make_words);
  BOOST_TEST(has(played.result.out, "+kmod-tun"), played.result.out);
  BOOST_TEST(has(played.result.out, "\n/etc/bondbox.toml\n"), played.result.out);
  BOOST_TEST(!std::filesystem::exists(played.place.path() + "/build/bondbox-" + std::string(version()) + "/build/obj"));
}

BOOST_AUTO_TEST_CASE(openwrts_first_start_takes_the_bonds_over_from_its_network_file) {
  const ScratchDirectory scratch;
  const std::string at = scratch.path();
  const std::string run = "export BONDBOX=" + program() + " BONDBOX_CONFIG=" + at +
                          "/bondbox.toml BONDBOX_NETWORK=" + at + "/network PATH=" + at +
                          ":$PATH; sh board/packages/openwrt/bondbox/files/bondbox.defaults";
  std::ofstream(at + "/logger") << "#!/bin/sh\necho \"$*\" >> " << at << "/log\n";
  BOOST_REQUIRE(run_shell("chmod +x " + at + "/logger").status == 0);
  // A router without bonds stays without a file.
  std::ofstream(at + "/network") << "config interface lan\n  option device 'br-lan'\n  option proto 'dhcp'\n";
  BOOST_TEST(run_shell(run).status == 0);
  BOOST_TEST(!std::filesystem::exists(at + "/bondbox.toml"));
  std::ofstream(at + "/network") << "config device\n  option name 'bond0'\n  option type 'bonding'\n"
                                    "  option policy 'active-backup'\n  list ports 'eth0'\n  list ports 'eth1'\n";
  BOOST_TEST(run_shell(run).status == 0);
  const CommandResult checked = run_bondbox("check -c " + at + "/bondbox.toml");
  BOOST_TEST(checked.status == 0, checked.err);
  BOOST_TEST(has(checked.out, "eth1"), checked.out);
  BOOST_TEST(has(read_text(at + "/log"), "are now in"), read_text(at + "/log"));
  // What somebody has written since is left alone.
  std::ofstream(at + "/bondbox.toml") << "# mine\n";
  BOOST_TEST(run_shell(run).status == 0);
  BOOST_TEST(read_text(at + "/bondbox.toml") == "# mine\n");
}

BOOST_AUTO_TEST_CASE(alpines_recipe_builds_and_installs) {
  Played played;
  played.play(
      std::string("mkdir $OUT/bin && ln -s ") + stand_in_make +
      " $OUT/bin/make && PATH=$OUT/bin:$PATH sh tests/frame/packages/abuild.sh $PWD/board/packages/alpine $OUT");
  has_all(names_below(played.place.path() + "/pkg"),
          {"/sbin/bondbox", "/etc/bondbox.toml", "/etc/init.d/bondbox", "/usr/share/man/man8/bondbox.8",
           "/usr/share/man/man5/bondbox.toml.5"});
  has_all(names_below(played.place.path() + "/ifupdown"), {"/sbin/ifenslave", "/etc/network/if-pre-up.d/bondbox"});
  BOOST_TEST(has(played.make_words, "SETUP=0 LINK= "), played.make_words);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test
