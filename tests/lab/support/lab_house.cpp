#include "tests/lab/support/lab_house.hpp"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <vector>

namespace bondbox::lab {
namespace {

constexpr int patience = 8'000;  // ms, for what must come; TCP's own retransmission doubles from 200 ms
constexpr std::size_t chunk_size = 32 * 1024;

/// A byte for every place in a stream, such that pieces lost, doubled or swapped show.
std::uint8_t pattern_at(std::size_t place) {
  return static_cast<std::uint8_t>((static_cast<std::uint32_t>(place) * 2'654'435'761U) >> 24);
}

std::string numbered(const char* name, int cable) {
  return name + std::to_string(cable);
}

}  // namespace

House::House() {
  box.must("echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad");
  // With an address of its own: a bridge otherwise takes that of a port, and another one when the port goes.
  town.must(
      "ip link add switch address 02:00:00:00:0f:fe type bridge stp_state 0 forward_delay 0 mcast_snooping 0 && ip "
      "link set switch up && "
      "ip addr add 192.168.10.254/24 dev switch && ip addr add fd10::254/64 dev switch nodad");
  lay(0);
  lay(1);
}

void House::lay(int cable) const {
  // Equal interface indexes on both ends, or the kernel would tell of a lost carrier at once (see lay_cable).
  lay_cable(box, numbered("eth", cable), town, numbered("port", cable), 10 + cable);
  town.must("ip link set " + numbered("port", cable) + " master switch up");
}

void House::pull(int cable) const {
  town.must("ip link set " + numbered("port", cable) + " down");
}

void House::put_back(int cable) const {
  town.must("ip link set " + numbered("port", cable) + " up");
}

TwoHouses::TwoHouses() {
  for (const Namespace* house : {&left, &right}) house->must("echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad");
  lay_cable(left, "eth0", right, "eth0", 10);
  lay_cable(left, "eth1", right, "eth1", 11);
}

std::string TwoHouses::words(int end, const std::string& more) {
  return "bond0 eth0 eth1 " + more + " address=192.168.11." + std::to_string(end) + "/24";
}

bool partners_are_there(const Daemon& daemon) {
  for (const std::string port : {"/bonds/0/ports/0", "/bonds/0/ports/1"}) {
    if (daemon.status(port + "/carries") != "true") return false;
    if (daemon.status(port + "/lacp/receive_state") != "current") return false;
  }
  return true;
}

std::string House::config(std::string_view lines) const {
  std::string text =
      "[bond.bond0]\n"
      "mode = \"active-backup\"\n"
      "ports = [\"eth0\", \"eth1\"]\n"
      "miimon = 20\n"
      "primary = \"eth0\"\n"
      "address = [\"192.168.10.52/24\", \"fd10::52/64\"]\n";
  write_text(config_path(), text.append(lines));
  return "-c " + config_path();
}

std::string House::portrait(const std::string& port) const {
  // What the cable and the moment decide is left out: operational state, addresses still being tried out, and the
  // queue that the kernel gives a port which goes up for the first time; and the far end's namespace, which ip
  // cannot always name, and complains, while somebody makes or deletes others.
  return box.must("ip -d -o link show " + port +
                  " 2> /dev/null | sed 's/,LOWER_UP//; s/NO-CARRIER,//; s/state [A-Z]*//; s/qdisc no[a-z]*//; "
                  "s/link-netns[^ ]* [^ ]*//'; " +
                  "ip -o addr show " + port + " | sed 's/ tentative//; s/valid_lft.*//'; tc qdisc show dev " + port +
                  " | grep -v noqueue; tc filter show dev " + port +
                  " ingress 2>&1; for family in ipv4 ipv6; do grep -r . /proc/sys/net/$family/conf/" + port +
                  " 2>&1 | sort; done");
}

bool House::comes_to_show(const std::string& expected) const {
  return wait_until([&] { return portraits() == expected; }, 5'000);
}

std::string House::difference(const std::string& expected) const {
  write_text(scratch.path() + "/before", expected);
  write_text(scratch.path() + "/now", portraits());
  return run_command("diff " + scratch.path() + "/before " + scratch.path() + "/now").output;
}

MacAddress House::mac(const Namespace& space, const std::string& interface) const {
  const std::string shown = space.must("ip -o link show " + interface + " 2> /dev/null | sed 's/.*ether //; s/ .*//'");
  const std::optional<MacAddress> mac = MacAddress::parse(shown.substr(0, shown.find('\n')));
  if (!mac) throw std::runtime_error(interface + " has no MAC: " + shown);
  return *mac;
}

bool reaches(const Namespace& space, const std::string& address) {
  return wait_until([&] { return space.run("ping -n -c 1 -W 1 " + address).ok(); }, patience);
}

Ping::Ping(const Namespace& space, const std::string& address)
    : process_(space.start("exec ping -n -i 0.01 " + address, scratch_.path() + "/ping")) {}

Ping::Report Ping::stop() {
  if (process_.pid() > 0) ::kill(process_.pid(), SIGINT);
  (void)process_.wait(patience);
  Report report;
  report.text = read_text(scratch_.path() + "/ping");
  const std::size_t end = report.text.find(" packets transmitted, ");
  report.duplicates = contains(report.text, "DUP!") || contains(report.text, "duplicates");
  if (end != std::string::npos) {
    const std::size_t line = report.text.rfind('\n', end) + 1;
    (void)std::sscanf(report.text.c_str() + line, "%ld packets transmitted, %ld received", &report.sent,
                      &report.received);
  }
  return report;
}

TcpStream::TcpStream(const Namespace& from, const Namespace& to, const std::string& address, int pause_us)
    : pause_us_(pause_us) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (::getaddrinfo(address.c_str(), nullptr, &hints, &list) != 0) throw std::runtime_error("bad address " + address);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> there(list, &::freeaddrinfo);
  const auto open_in = [&](const Namespace& space) {
    const Namespace::Stay inside(space);
    lnx::UniqueFd fd(::socket(there->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval limit{patience / 1000, 0};
    for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO})
      (void)::setsockopt(fd.get(), SOL_SOCKET, option, &limit, sizeof limit);
    return fd;
  };
  const lnx::UniqueFd listener = open_in(to);
  sender_ = open_in(from);
  socklen_t length = there->ai_addrlen;
  const bool connected = ::bind(listener.get(), there->ai_addr, there->ai_addrlen) == 0 &&
                         ::listen(listener.get(), 1) == 0 &&
                         ::getsockname(listener.get(), there->ai_addr, &length) == 0 &&
                         ::connect(sender_.get(), there->ai_addr, length) == 0;
  if (!connected) throw std::runtime_error("no connection to " + address + ": " + std::strerror(errno));
  receiver_ = lnx::UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const timeval limit{patience / 1000, 0};
  (void)::setsockopt(receiver_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  writer_ = std::thread([this] { write(); });
  reader_ = std::thread([this] { read(); });
}

TcpStream::~TcpStream() {
  stopping_ = true;
  (void)::shutdown(sender_.get(), SHUT_RDWR);
  (void)::shutdown(receiver_.get(), SHUT_RDWR);
  if (writer_.joinable()) writer_.join();
  if (reader_.joinable()) reader_.join();
}

void TcpStream::write() {
  std::array<std::uint8_t, chunk_size> chunk{};
  while (!stopping_) {
    for (std::size_t i = 0; i < chunk.size(); ++i) chunk[i] = pattern_at(sent_ + i);
    for (std::size_t done = 0; done < chunk.size();) {
      const ssize_t wrote = ::send(sender_.get(), chunk.data() + done, chunk.size() - done, MSG_NOSIGNAL);
      if (wrote <= 0) return;
      done += static_cast<std::size_t>(wrote);
      sent_ += static_cast<std::size_t>(wrote);
    }
    if (pause_us_ > 0) std::this_thread::sleep_for(std::chrono::microseconds(pause_us_));
  }
  (void)::shutdown(sender_.get(), SHUT_WR);
}

void TcpStream::read() {
  std::vector<std::uint8_t> buffer(256 * 1024);
  for (;;) {
    const ssize_t got = ::recv(receiver_.get(), buffer.data(), buffer.size(), 0);
    if (got <= 0) return;
    const std::size_t before = received_;
    for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i)
      if (buffer[i] != pattern_at(before + i)) intact_ = false;
    received_ += static_cast<std::size_t>(got);
  }
}

bool TcpStream::goes_on(std::size_t bytes) const {
  const std::size_t wanted = received_ + bytes;
  return wait_until([&] { return received_ >= wanted; }, 3 * patience);
}

bool TcpStream::finish() {
  stopping_ = true;
  writer_.join();
  reader_.join();
  return intact_ && received_ == sent_ && received_ > 0;
}

}  // namespace bondbox::lab
