// Plays back to every fuzz target what was kept of its fuzzing, and a few hundred inputs made from it.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/frame/source_tree.hpp"
#include "tests/fuzz/support/target.hpp"

namespace bondbox::fuzz {

void broken(const char* promise) {
  throw std::runtime_error(std::string("promise broken: ") + promise);
}

namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;

/// As many from each target, whatever it keeps.
constexpr std::size_t changed_inputs = 100;
constexpr std::size_t kept_bytes_max = 300'000;

struct Kept {
  std::string name;
  Bytes bytes;
};

/// In the order of their names.
std::vector<Kept> kept_of(std::string_view target) {
  std::vector<Kept> kept;
  const fs::path place = test::source_root / "tests/fuzz/corpus" / target;
  if (!fs::is_directory(place)) return kept;
  for (const auto& entry : fs::directory_iterator(place)) {
    std::ifstream file(entry.path(), std::ios::binary);
    kept.push_back({entry.path().filename().string(), Bytes(std::istreambuf_iterator<char>(file), {})});
  }
  std::sort(kept.begin(), kept.end(), [](const Kept& a, const Kept& b) { return a.name < b.name; });
  return kept;
}

/// One input that another two were cut and spliced into, with a few bytes changed.
Bytes changed(const std::vector<Kept>& kept, std::mt19937& random) {
  const auto below = [&random](std::size_t limit) { return static_cast<std::size_t>(random()) % limit; };
  const Bytes& head = kept[below(kept.size())].bytes;
  const Bytes& tail = kept[below(kept.size())].bytes;
  Bytes bytes(head.begin(), head.begin() + static_cast<std::ptrdiff_t>(below(head.size() + 1)));
  bytes.insert(bytes.end(), tail.begin() + static_cast<std::ptrdiff_t>(below(tail.size() + 1)), tail.end());
  for (std::size_t i = below(8); i > 0 && !bytes.empty(); --i)
    bytes[below(bytes.size())] = static_cast<std::uint8_t>(random());
  return bytes;
}

void play(const Target& target, const Bytes& bytes, const std::string& which) {
  try {
    target.run(bytes);
  } catch (const std::exception& failure) {
    BOOST_ERROR(target.name << ", " << which << ": " << failure.what());
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fuzz_targets)

BOOST_AUTO_TEST_CASE(every_target_keeps_a_few_inputs_and_every_kept_input_has_a_target) {
  std::set<std::string> names;
  std::size_t bytes = 0;
  for (const Target& target : targets()) {
    names.insert(std::string(target.name));
    const auto kept = kept_of(target.name);
    BOOST_TEST(!kept.empty(), "nothing is kept for " << target.name);
    for (const Kept& input : kept) bytes += input.bytes.size();
    const fs::path source = test::source_root / "tests/fuzz/targets" / (std::string(target.name) + ".cpp");
    BOOST_TEST(fs::is_regular_file(source), target.name << " is in a file of another name");
  }
  for (const auto& entry : fs::directory_iterator(test::source_root / "tests/fuzz/corpus"))
    BOOST_TEST(names.count(entry.path().filename().string()) == 1U, entry.path() << " belongs to no target");
  for (const auto& entry : fs::directory_iterator(test::source_root / "tests/fuzz/targets"))
    BOOST_TEST(names.count(entry.path().stem().string()) == 1U, entry.path() << " makes no target known");
  BOOST_TEST(bytes < kept_bytes_max);
}

BOOST_AUTO_TEST_CASE(a_kept_input_breaks_no_promise) {
  for (const Target& target : targets()) {
    play(target, {}, "nothing");
    for (const Kept& input : kept_of(target.name)) play(target, input.bytes, input.name);
  }
}

BOOST_AUTO_TEST_CASE(an_input_made_from_kept_ones_breaks_no_promise) {
  for (const Target& target : targets()) {
    const auto kept = kept_of(target.name);
    BOOST_REQUIRE(!kept.empty());
    std::mt19937 random(20'261'123);
    for (std::size_t i = 0; i < changed_inputs; ++i)
      play(target, changed(kept, random), "made, number " + std::to_string(i));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace bondbox::fuzz
