// One side of a scenario inside the machine: a bond in a network namespace of its own, on cables to far ends in
// another. What happens to a bond is the same for both sides; how it is asked differs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hal/linux/unique_fd.hpp"
#include "hal/wire/mac_address.hpp"
#include "tests/lab/support/namespace.hpp"
#include "tests/live/frames.hpp"
#include "tests/live/scenario.hpp"

namespace bondbox::live {

/// A network namespace without a name, IPv6 switched off in it so that nothing is said unasked.
class Space {
 public:
  Space();
  int fd() const noexcept { return fd_.get(); }
  std::string path() const;

  /// While it lives this thread is inside.
  class Stay {
   public:
    explicit Stay(const Space& space);
    ~Stay();
    Stay(const Stay&) = delete;
    Stay& operator=(const Stay&) = delete;

   private:
    lnx::UniqueFd before_;
  };

  /// Lines for `ip -batch`; throws with what it said.
  void ip(const std::string& lines) const;

 private:
  lnx::UniqueFd fd_;
};

/// Sees what comes in on an interface and sends frames out of it.
class Port {
 public:
  /// `every_frame`: also those that the stack leaves alone because they are for somebody else.
  Port(const Space& space, const std::string& interface, bool every_frame);
  void send(const std::vector<std::uint8_t>& frame);
  struct Seen {
    std::int64_t time_ns = 0;
    std::vector<std::uint8_t> bytes;
  };
  std::vector<Seen> take();

 private:
  bool every_frame_;
  lnx::UniqueFd fd_;
};

class Side {
 public:
  explicit Side(const Scenario& scenario);
  virtual ~Side() = default;
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  /// Options, ports, bond0 up with its address. The lines are those of a record.
  std::vector<std::string> set_up();
  /// Begins a step.
  std::vector<std::string> act(const Step& step);
  /// Ends it: what has been seen since, and how everything stands.
  std::vector<std::string> look();

 protected:
  /// "OK" or the name of the errno.
  virtual std::string write(const std::string& option, const std::string& value) = 0;
  virtual std::string read(const std::string& option) = 0;
  virtual std::string change_ports(bool enslave, const std::string& port) = 0;
  virtual std::string status() = 0;

  const Scenario& scenario_;
  Space box_;

 private:
  std::vector<std::string> write_and_read(const std::string& option, const std::string& value);
  void far_end(int port, bool up);
  std::vector<std::string> send(const std::vector<std::string>& words);
  void look_at_far_ends(std::vector<std::string>& lines);
  void look_at_host(std::vector<std::string>& lines);
  MacAddress mac_of(const std::string& interface);

  Space far_;
  lnx::UniqueFd control_;      ///< for interface requests in the box
  lnx::UniqueFd far_control_;  ///< and at the far ends
  std::vector<Port> ports_;
  std::optional<Port> host_;    ///< bond0
  std::optional<Port> tagged_;  ///< the VLAN interface on it
  std::vector<TestFrame> sent_;
  std::vector<TestFrame> received_;
};

std::unique_ptr<Side> make_kernel_side(const Scenario& scenario);
std::unique_ptr<Side> make_bondbox_side(const Scenario& scenario);

}  // namespace bondbox::live
