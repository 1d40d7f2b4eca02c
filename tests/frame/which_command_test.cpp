// `bondbox which` as a person types it, without any bond running.
#include <boost/test/unit_test.hpp>
#include <string>

#include "hal/pcap/capture_file.hpp"
#include "tests/frame/command.hpp"
#include "tests/support/recorded_rows.hpp"
#include "tests/support/scratch_directory.hpp"

namespace bondbox::test {
namespace {

/// A capture file of its own, removed at the end.
class Capture {
 public:
  Capture() {
    auto writer = pcapio::CaptureWriter::create(path(), pcapio::CaptureWriter::Precision::microseconds);
    BOOST_REQUIRE(writer.ok());
    for (const auto& row : read_recorded_rows("tx_vectors.csv")) {
      if (row[0] != "ab") continue;
      BOOST_REQUIRE(writer.value().write(static_cast<std::int64_t>(frames), bytes_from_hex(row[5])).ok());
      ++frames;
    }
    BOOST_REQUIRE(writer.value().close().ok());
  }

  std::string path() const { return directory_.path() + "/sent.pcap"; }
  std::size_t frames = 0;

 private:
  ScratchDirectory directory_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(which_command)

BOOST_AUTO_TEST_CASE(each_frame_of_a_capture_gets_a_line) {
  const Capture capture;
  BOOST_REQUIRE(capture.frames == 18U);
  std::string wanted;
  for (std::size_t i = 1; i <= capture.frames; ++i)
    wanted += std::to_string(i) + "\t0\t-\tthe active port; if port 0 dies it moves to port 1\n";
  for (const char* mode : {"1", "active-backup"}) {
    const CommandResult result =
        run_bondbox("which --mode " + std::string(mode) + " --ports 3 --pcap " + capture.path());
    BOOST_TEST(result.status == 0, result.err);
    BOOST_TEST(result.out == wanted);
  }
}

BOOST_AUTO_TEST_CASE(a_frame_in_hex_gets_a_line) {
  const CommandResult result = run_bondbox("which --mode=1 --ports=2 --hex=" + std::string(28, '0'));
  BOOST_TEST(result.status == 0, result.err);
  BOOST_TEST(result.out == "1\t0\t-\tthe active port; if port 0 dies it moves to port 1\n");
}

BOOST_AUTO_TEST_CASE(a_capture_that_cannot_be_read_is_told) {
  const CommandResult missing = run_bondbox("which --mode 1 --ports 2 --pcap /nonexistent.pcap");
  BOOST_TEST(missing.status == 1);
  BOOST_TEST(missing.err == "bondbox: /nonexistent.pcap: No such file or directory\n");
  const CommandResult other = run_bondbox("which --mode 1 --ports 2 --pcap Makefile");
  BOOST_TEST(other.status == 1);
  BOOST_TEST(other.err.starts_with("bondbox: Makefile: not a capture file"), other.err);
}

BOOST_AUTO_TEST_CASE(wrong_words_are_told_what_is_expected) {
  struct Row {
    const char* words;
    const char* said;
  };
  const Row rows[] = {
      {"", "which needs --pcap FILE, --hex FRAME or --flow FLOW, one of them"},
      {"bond0", "which needs --pcap FILE, --hex FRAME or --flow FLOW, one of them"},
      {"bond0 --hex 00 --pcap x", "which needs --pcap FILE, --hex FRAME or --flow FLOW, one of them"},
      {"bond0 bond1 --hex 00", "unexpected \"bond1\""},
      {"--hex 00", "which needs a bond, or --ports N with --mode M and --xmit-hash-policy P"},
      {"bond0 --mode 2 --hex 00", "a running bond has its own mode, ports and options: give --pcap or --hex alone"},
      {"bond0 --resilient --hex 00", "a running bond has its own mode, ports and options: give --pcap or --hex alone"},
      {"--ports 0 --hex 00", "--ports needs a number from 1 to 16, not \"0\""},
      {"--ports 17 --hex 00", "--ports needs a number from 1 to 16, not \"17\""},
      {"--ports 2x --hex 00", "--ports needs a number from 1 to 16, not \"2x\""},
      {"--ports 2 --hex 0", "--hex needs a frame as pairs of hex digits, not \"0\""},
      {"--ports 2 --pcap=", "--pcap needs a file"},
      {"--ports 2 --hex", "--hex needs a value"},
      {"--mode 7 --ports 2 --hex 00", "--mode cannot be \"7\" (one of balance-rr, active-backup,"},
      {"--xmit-hash-policy layer4 --ports 2 --hex 00", "--xmit-hash-policy cannot be \"layer4\" (one of layer2,"},
      {"--packets-per-slave 65536 --ports 2 --hex 00", "--packets-per-slave cannot be \"65536\" (allowed values 0 -"},
      {"--colour", "unexpected \"--colour\""},
  };
  for (const Row& row : rows) {
    const CommandResult result = run_bondbox(std::string("which ") + row.words);
    BOOST_TEST(result.status == 2, row.words);
    BOOST_TEST(result.err.starts_with(std::string("bondbox: ") + row.said), row.words << ": " << result.err);
    BOOST_TEST(result.err.find("usage: bondbox which") != std::string::npos, row.words);
    BOOST_TEST(result.out == "", row.words);
  }
}

BOOST_AUTO_TEST_CASE(a_bond_that_does_not_run_is_told) {
  setenv("BONDBOX_RUN_DIR", "/nonexistent", 1);
  const CommandResult result = run_bondbox("which bond0 --hex 00");
  unsetenv("BONDBOX_RUN_DIR");
  BOOST_TEST(result.status == 1);
  BOOST_TEST(result.err.starts_with("bondbox: no bondbox is running"), result.err);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::test
