#include "tests/support/recorded_failover.hpp"

#include "firmware/trace/file.hpp"
#include "tests/support/sim_recording.hpp"

namespace bondbox::test {

std::vector<std::uint8_t> trace_bytes(const trace::Store& store) {
  std::vector<std::uint8_t> file;
  const auto sink = [](void* to, wire::Bytes bytes) {
    auto& all = *static_cast<std::vector<std::uint8_t>*>(to);
    all.insert(all.end(), bytes.begin(), bytes.end());
    return true;
  };
  trace::write_trace(trace::header_text(1'700'000'000'000), store, false, sink, &file);
  return file;
}

const std::vector<std::uint8_t>& recorded_failover() {
  static const std::vector<std::uint8_t> file = [] {
    SimBench bench({"e0", "e1"});
    bench.checkpoint_each = 0;
    BondConfig config = SimBench::config({"e0", "e1"});
    config.addresses.push_back(IpPrefix::parse("192.0.2.1/24").value());
    bench.add(config);
    bench.run_to(1'000);
    bench.link("e0", false);
    bench.run_to(2'000);
    bench.link("e0", true);
    bench.run_to(3'000);
    return trace_bytes(bench.recording->store);
  }();
  return file;
}

}  // namespace bondbox::test
