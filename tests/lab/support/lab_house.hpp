// An appliance with two cables into a switch, as in a house: what the tests of the whole program run in.
//
//   box: bond0 192.168.10.52, fd10::52        town: switch 192.168.10.254, fd10::254 (a bridge)
//        eth0 ------------ cable 0 ------------ port0
//        eth1 ------------ cable 1 ------------ port1
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

#include "hal/wire/mac_address.hpp"
#include "tests/lab/support/daemon.hpp"
#include "tests/lab/support/namespace.hpp"

namespace bondbox::lab {

struct House {
  static constexpr const char* box_v4 = "192.168.10.52";
  static constexpr const char* box_v6 = "fd10::52";
  static constexpr const char* town_v4 = "192.168.10.254";
  static constexpr const char* town_v6 = "fd10::254";
  /// The words of `bondbox run` that most tests use. miimon is short so that tests are.
  static constexpr const char* words =
      "bond0 eth0 eth1 mode=1 miimon=20 primary=eth0 address=192.168.10.52/24,fd10::52/64";

  Namespace box;
  Namespace town;
  ScratchDirectory scratch;

  /// The ports are down, as a boot leaves them. bond0 will need no duplicate address detection.
  House();

  void lay(int cable) const;
  /// The far end goes down: the appliance's port loses its carrier.
  void pull(int cable) const;
  void put_back(int cable) const;

  /// Writes a configuration of bond0, with these lines after its usual ones, and tells the words that run it.
  std::string config(std::string_view lines = {}) const;
  std::string config_path() const { return scratch.path() + "/bondbox.toml"; }

  /// All that a bond may change about a port, as the tools show it.
  std::string portrait(const std::string& port) const;
  std::string portraits() const { return portrait("eth0") + portrait("eth1"); }
  /// Whether the portraits of the ports are, or become within a few seconds (addresses are made anew), these.
  bool comes_to_show(const std::string& expected) const;
  /// What differs from these portraits now, in diff's words.
  std::string difference(const std::string& expected) const;
  MacAddress mac(const Namespace& space, const std::string& interface) const;
};

/// Two houses with two cables between them, for a bond at either end.
struct TwoHouses {
  static constexpr const char* left_v4 = "192.168.11.1";
  static constexpr const char* right_v4 = "192.168.11.2";

  Namespace left;
  Namespace right;

  /// bond0 will need no duplicate address detection.
  TwoHouses();

  /// The words of `bondbox run` at an end, 1 (left) or 2, with `more` before the address, which is the last of them.
  static std::string words(int end, const std::string& more);
};

/// Whether both ports carry, by what an LACP partner has just said.
bool partners_are_there(const Daemon& daemon);

/// Whether `space` gets an answer from the address, within a few seconds.
bool reaches(const Namespace& space, const std::string& address);

/// Echo requests in the background, a hundred a second.
class Ping {
 public:
  Ping(const Namespace& space, const std::string& address);
  struct Report {
    long sent = 0;
    long received = 0;
    bool duplicates = false;
    std::string text;
  };
  Report stop();

 private:
  ScratchDirectory scratch_;
  Process process_;
};

/// A TCP connection over which a pattern flows in one direction until it is finished.
class TcpStream {
 public:
  /// Connects, or throws. `pause_us` after each 32 kB; 0: as fast as it goes.
  TcpStream(const Namespace& from, const Namespace& to, const std::string& address, int pause_us = 2'000);
  ~TcpStream();
  TcpStream(const TcpStream&) = delete;
  TcpStream& operator=(const TcpStream&) = delete;

  std::size_t received() const noexcept { return received_; }
  /// Whether so much more arrives within a few seconds.
  bool goes_on(std::size_t bytes = 200'000) const;
  /// Ends it in the ordinary way. Whether everything that was sent has arrived, in order and intact.
  bool finish();

 private:
  void write();
  void read();

  int pause_us_;
  lnx::UniqueFd sender_;
  lnx::UniqueFd receiver_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::size_t> sent_ = 0;
  std::atomic<std::size_t> received_ = 0;
  std::atomic<bool> intact_ = true;
  std::thread writer_;
  std::thread reader_;
};

}  // namespace bondbox::lab
