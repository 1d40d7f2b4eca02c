// Writes what fuzzing begins with: frames that the kernel driver's recordings hold, texts and words that bondbox knows,
// each in the form that a target reads. seed-maker RECORDINGS DIRECTORY: files in DIRECTORY/seeds/TARGET,
// DIRECTORY/words.dict.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "firmware/option_table.hpp"
#include "firmware/saved_state.hpp"
#include "firmware/trace/checkpoint.hpp"
#include "firmware/trace/file.hpp"
#include "hal/linux/host_journal.hpp"
#include "hal/linux/netlink.hpp"
#include "hal/linux/port_journal.hpp"
#include "hal/pcap/capture_file.hpp"
#include "hal/sim/sim_hardware.hpp"
#include "hal/sim/sim_world.hpp"
#include "tests/fuzz/support/target.hpp"

namespace bondbox::fuzz {

void broken(const char* promise) {
  std::fprintf(stderr, "seeds: %s\n", promise);
  std::abort();
}

namespace {

namespace fs = std::filesystem;

constexpr std::size_t frames_each = 60;  ///< of one recording

class Seeds {
 public:
  explicit Seeds(fs::path directory) : directory_(std::move(directory)) {}

  void add(const std::string& target, const std::string& bytes) {
    const fs::path place = directory_ / "seeds" / target;
    fs::create_directories(place);
    std::ofstream(place / std::to_string(count_++), std::ios::binary) << bytes;
  }
  void add_words(const std::vector<std::string>& words) {
    std::ofstream file(directory_ / "words.dict");
    for (const std::string& word : words) {
      if (word.empty()) continue;
      file << '"';
      for (const char c : word) {
        if (c == '"' || c == '\\') file << '\\';
        file << c;
      }
      file << "\"\n";
    }
  }

 private:
  fs::path directory_;
  std::size_t count_ = 0;
};

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> frames_of(const fs::path& path) {
  std::vector<std::string> frames;
  auto reader = pcapio::CaptureReader::open(path.string());
  while (reader.ok() && frames.size() < frames_each) {
    const auto frame = reader.value().next();
    if (!frame.ok() || !frame.value()) break;
    frames.emplace_back(frame.value()->bytes.begin(), frame.value()->bytes.end());
  }
  return frames;
}

std::string as_byte(std::size_t value) {
  return std::string(1, static_cast<char>(value));
}

void add_recording(Seeds& seeds, const fs::path& path) {
  const std::string whole = read_file(path);
  seeds.add("capture", whole.substr(0, 2'000));
  std::string story;
  std::size_t number = 0;
  for (const std::string& frame : frames_of(path)) {
    seeds.add("wire", frame);
    const std::string framed = as_byte(frame.size()) + as_byte(0) + frame;
    std::string plan(27, '\0');
    for (std::size_t i = 0; i < plan.size(); ++i) plan[i] = static_cast<char>((number * 7 + i * 5) & 0x7f);
    if (number++ % 8 == 0) seeds.add("forwarder", plan + framed + framed);
    // A frame that comes in, then a hundred milliseconds.
    story += as_byte(0) + as_byte(frame.size()) + frame + as_byte(16 + 1) + as_byte(99);
    if (story.size() < 800) continue;
    for (const char* target : {"lacp", "alb", "tlb", "modes"}) seeds.add(target, as_byte(number & 63) + story);
    story.clear();
  }
  seeds.add("lacp", as_byte(1) + story);
}

constexpr const char* scenario_text = R"(duration = "12s"
[bond.bond0]
mode = "active-backup"
ports = ["e0", "e1"]
[[nic]]
name = "e0"
mac = "02:00:00:00:0a:00"
speed = 10000
[[nic]]
name = "e1"
[[wire]]
ends = ["e0", "sw0"]
[[at]]
time = "1s"
link = { e0 = "down" }
[[at]]
time = "2500ms"
set = { bond0 = { primary = "e1" } }
[[at]]
time = "3s"
print = "proc"
)";

void add_configurations(Seeds& seeds) {
  seeds.add("scenario", scenario_text);
  for (const OptionInfo& option : all_options()) {
    if (option.kind == OptionKind::read_only) continue;
    const std::string name(option.name);
    std::vector<std::string> values{std::string(option.default_text), "1", "0", "eth1", "10.0.0.1"};
    for (const ValueName& value : option.values) values.push_back(value.name);
    for (const std::string& value : values) {
      for (const char* mode : {"1", "4"}) {
        const std::string words = std::string("bond0 eth0 eth1 mode=") + mode + " " + name + "=" + value;
        seeds.add("words", words);
        seeds.add("config", std::string("[bond.bond0]\nmode = ") + mode + "\nports = [\"eth0\", \"eth1\"]\n" + name +
                                " = \"" + value + "\"\nport.eth1.prio = 3\naddress = \"10.0.0.5/24\"\n");
        seeds.add("import", as_byte(0x10) + "options bonding mode=" + mode + " " + name + "=" + value +
                                "\nalias bond0 bonding\n");
        seeds.add("import", as_byte(0x11) +
                                "iface bond0 inet static\naddress 10.0.0.5/24\nbond-slaves eth0 eth1\nbond-mode " +
                                mode + "\nbond-" + name + " " + value + "\n");
        seeds.add("import", as_byte(0x12) +
                                "config interface 'wan'\n option proto 'bonding'\n list ports 'eth0'\n option mode '" +
                                mode + "'\n option " + name + " '" + value + "'\n");
      }
      seeds.add("control", as_byte(1) + "set" + as_byte(0) + "bond0" + as_byte(0) + name + as_byte(0) + value +
                               as_byte(0) + as_byte(0) + "get" + as_byte(0) + "bond0" + as_byte(0) + name + as_byte(0) +
                               as_byte(0));
      seeds.add("console", as_byte(0x20) + as_byte(0x60) + "set bond0 " + name + " " + value + "\r");
    }
  }
}

void add_commands(Seeds& seeds) {
  for (const std::string words :
       {"status", "status bond0 --format json", "events --after 3", "explain bond0 e0",
        "which bond0 --from 02:00:00:00:00:01 --to 02:00:00:00:00:02", "release bond0 e0", "release --after 5 bond0 e1",
        "enslave bond0 e0 e9", "remove bond0", "activate bond0 e1", "reload", "add bond1 e0 mode=1"}) {
    std::string request = as_byte(4) + words + ' ';
    for (char& c : request) c = c == ' ' ? '\0' : c;
    seeds.add("control", request + as_byte(0));
    seeds.add("console", as_byte(0) + as_byte(0x60) + words + "\r");
  }
  for (const char* words : {"bond0 eth0 eth1", "-d bond0 eth0", "-c bond0 eth1", "-a", "-v", "-f bond0 eth0", "bond0",
                            "--detach bond0 eth0", "--help", "-ad bond0 eth0"})
    for (const std::size_t form : {0U, 1U, 4U}) seeds.add("ifenslave", as_byte(form) + words);
  for (const char* text : {"10.0.0.1", "10.0.0.1/24", "fd00::1/64", "::ffff:10.0.0.1", "02:00:00:00:0a:01", "1.5s",
                           "500ms", "2h", "eth0", "xmit-hash-polcy"})
    seeds.add("texts", text);
}

void add_records(Seeds& seeds) {
  lnx::PortRecord port;
  port.name = "eth0";
  port.index = 3;
  port.mtu = 1500;
  port.disable_ipv6 = 0;
  port.ipv6_addresses.push_back(*IpPrefix::parse("fd00::1/64"));
  port.set_macs.push_back(*MacAddress::parse("02:00:00:00:0a:01"));
  port.set_mtus.push_back(1400);
  seeds.add("records", lnx::to_text(port));
  lnx::HostRecord host;
  host.name = "bond0";
  host.index = 4;
  seeds.add("records", lnx::to_text(host));
  seeds.add("records", "12\tbond0     :     2      V2\n\t\t\t\t010200E0     1 0:00000000\t\t0\n");
  seeds.add("records", "ro bondbox.config=/etc/b.toml bondbox.wait=5s quiet\n--wait\n3s\n--\n/sbin/init\n");
}

template <class Family>
std::string message_of(std::uint16_t type, const Family& family, bool link) {
  lnx::NetlinkMessage message(type, 0, family);
  const std::uint8_t address[6] = {2, 0, 0, 0, 0, 1};
  message.add_text(IFLA_IFNAME, "eth0");
  message.add_u32(IFLA_MTU, 1500);
  message.add(IFLA_ADDRESS, address, link ? 6 : 4);
  message.add_u8(IFLA_CARRIER, 1);
  const std::size_t info = message.open(IFLA_LINKINFO);
  message.add_text(IFLA_INFO_KIND, "vlan");
  const std::size_t data = message.open(IFLA_INFO_DATA);
  message.add_u16(1, 7);
  message.close(data);
  message.close(info);
  const auto* const bytes = reinterpret_cast<const char*>(&message.header());
  return {bytes, bytes + message.header().nlmsg_len};
}

void add_messages(Seeds& seeds) {
  seeds.add("netlink", message_of(0, ifinfomsg{}, true));
  ifaddrmsg address{};
  address.ifa_family = 2;
  address.ifa_prefixlen = 24;
  seeds.add("netlink", message_of(2, address, false));
  rtmsg route{};
  route.rtm_family = 2;
  route.rtm_type = 1;
  seeds.add("netlink", message_of(4, route, false));
}

void put16(std::string& bytes, std::size_t value) {
  bytes += as_byte(value >> 8) + as_byte(value & 0xff);
}

void put_word(std::string& bytes, std::uint32_t value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// Two datagrams of a flow, the second a copy with the next identification.
void add_datagrams(Seeds& seeds) {
  std::string frame = std::string(11, '\2') + "\3";
  put16(frame, 0x0800);
  put16(frame, 0x4500);
  put16(frame, 20 + 8 + 4);
  frame += std::string("\0\7\0\0\x40\x11\0\0\x0a\0\0\1\x0a\0\0\2", 16);
  put16(frame, 1000);
  put16(frame, 2000);
  put16(frame, 8 + 4);
  put16(frame, 0x1234);
  frame += "data";
  const std::string offload = as_byte(1) + as_byte(0) + as_byte(34) + as_byte(6);
  seeds.add("udp_run", offload + as_byte(frame.size()) + frame + as_byte(0) + as_byte(4) + as_byte(0) + as_byte(4));
}

/// A struct of one member behind an int, in this machine's byte order.
void add_types(Seeds& seeds) {
  const std::string texts("\0long unsigned int\0net_device\0state\0", 37);
  std::string types;
  for (const std::uint32_t part : {1U, 1U << 24, 8U, 64U}) put_word(types, part);
  for (const std::uint32_t part : {19U, 4U << 24 | 1U, 64U, 30U, 1U, 64U}) put_word(types, part);
  std::string bytes("\x9f\xeb\1\0", 4);
  const auto size = static_cast<std::uint32_t>(types.size());
  for (const std::uint32_t part : {24U, 0U, size, size, static_cast<std::uint32_t>(texts.size())})
    put_word(bytes, part);
  seeds.add("btf", bytes + types + texts);
}

std::string text_of(wire::Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A short story of a mode: what was recorded of it, from the start and from a checkpoint, and what the bond knew.
void add_story(Seeds& seeds, std::uint8_t mode) {
  sim::SimClock clock;
  sim::SimWorld world(clock);
  sim::SimHardware machine(world);
  EventLog events;
  trace::Store store = trace::Store::ring(1, 1'000'000);
  trace::Tape tape;
  tape.record(store, Tick{});
  trace::TapedHardware hardware(tape, &machine);
  Scheduler scheduler(hardware, clock, events);
  scheduler.set_tape(tape);
  BondConfig config;
  config.name = "bond0";
  config.options.mode = Mode{mode};
  for (const char* name : {"e0", "e1", "e2"}) {
    (void)world.add_nic({.name = name, .mac = {{2, 0, 0, 0, 10, static_cast<std::uint8_t>(name[1])}}});
    config.ports.emplace_back(name);
  }
  (void)scheduler.add_bond(config);
  std::size_t middle = 0;
  for (int i = 0; i < 20; ++i) {
    while (scheduler.step()) {
    }
    if (i == 8) {
      std::vector<std::uint8_t> state;
      tape.settle();
      (void)trace::write_checkpoint(scheduler, hardware, state);
      middle = store[0].used;
      tape.checkpoint(state);
    }
    if (i == 5 || i == 12) (void)world.set_link("e0", i != 5);
    clock.advance_to(clock.now() + Ticks{100});
  }
  const wire::Bytes records(store[0].bytes.get(), store[0].used);
  seeds.add("trace", as_byte(2) + text_of(records.first(middle)));
  seeds.add("trace", as_byte(3) + text_of(records.subspan(middle)));
  std::string file;
  const auto sink = [](void* to, wire::Bytes bytes) {
    *static_cast<std::string*>(to) += text_of(bytes);
    return true;
  };
  trace::write_trace(trace::header_text(0), store, false, sink, &file);
  seeds.add("trace", as_byte(0) + file);
  std::vector<std::uint8_t> memory;
  scheduler.bonds()[0]->save(memory, clock.now());
  seeds.add("saved_state", as_byte(mode) + as_byte(0) + text_of(memory));
  SavedState state;
  state.bonds.push_back({scheduler.bonds()[0]->running_config(), 1, false, memory});
  std::vector<std::uint8_t> bytes;
  state.write(bytes, clock.now(), events);
  seeds.add("saved_state", as_byte(0xff) + text_of(wire::Bytes(bytes).subspan(40)));
}

std::vector<std::string> known_words() {
  std::vector<std::string> words{
      "ports", "slaves",      "bond",   "port",   "address", "gateway",         "mtu",   "mac",
      "loops", "nic",         "wire",   "at",     "link",    "duration",        "iface", "auto",
      "inet",  "bond-master", "config", "option", "list",    "options bonding", "alias", "install",
      "bond0", "eth0",        "eth1",   "e0",     "status"};
  for (const OptionInfo& option : all_options()) {
    words.emplace_back(option.name);
    for (const ValueName& value : option.values) words.emplace_back(value.name);
  }
  return words;
}

int write_all(const fs::path& recordings, const fs::path& directory) {
  fs::remove_all(directory / "seeds");
  fs::create_directories(directory / "seeds");
  Seeds seeds(directory);
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(recordings))
    if (entry.path().extension() == ".pcap") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) add_recording(seeds, file);
  add_configurations(seeds);
  add_commands(seeds);
  add_records(seeds);
  add_messages(seeds);
  add_datagrams(seeds);
  add_types(seeds);
  for (std::uint8_t mode = 0; mode < 7; ++mode) add_story(seeds, mode);
  seeds.add_words(known_words());
  return files.empty() ? 1 : 0;
}

}  // namespace
}  // namespace bondbox::fuzz

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  return bondbox::fuzz::write_all(argv[1], argv[2]);
}
