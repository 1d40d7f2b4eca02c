// What a pulled cable costs: numbered UDP packets both ways at once between an application in the appliance's namespace
// and one in its peer's, while the cable that carries them is pulled again and again at random moments. Works with
// whatever forwards between the two namespaces, and asks it nothing: which cable carries is seen on the cables.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/cables.hpp"
#include "tests/lab/support/namespace.hpp"

namespace bondbox::bench {

/// What had happened before a pull.
enum class PullClass : std::uint8_t {
  quiet,    ///< no link had changed for more than a second
  flapped,  ///< some link had changed less than a second ago
  fresh,    ///< the other cable had come back less than 0.1 s ago
};
inline constexpr std::size_t pull_classes = 3;

struct LossSettings {
  const lab::Namespace* box = nullptr;   ///< the appliance
  const lab::Namespace* town = nullptr;  ///< the peer
  std::string box_address = "192.168.10.52";
  std::string town_address = "192.168.10.254";
  std::vector<Cable> cables = {{"eth0", "port0", 10, "switch"}, {"eth1", "port1", 11, "switch"}};
  PullKind kind = PullKind::far_end;
  int pulls = 50;
  int rate = 10'000;  ///< packets a second, each way
  bool out = true;    ///< from the appliance to the peer
  bool in = true;
  std::uint32_t seed = 1;
  int rest_ms = 0;   ///< added to the time between a cable's return and the next pull (LACP needs seconds)
  int limit_s = 95;  ///< pulls that do not fit are left out
};

/// What one direction lost between one event and the next.
struct DirectionLoss {
  std::uint32_t sent = 0;
  std::uint32_t lost = 0;
  std::uint32_t duplicated = 0;
  std::uint32_t reordered = 0;  ///< arrived after one that was sent later
  double outage_ms = 0;         ///< from the first lost packet's sending to that of the next that arrived; the longest
  double delay_ms = 0;          ///< longest time on the way
};

struct PullLoss {
  PullClass before = PullClass::quiet;
  double at_s = 0;           ///< since the start
  double since_pull_ms = 0;  ///< since the pull before; 0: the first
  double since_back_ms = 0;  ///< since the other cable came back
  DirectionLoss out;
  DirectionLoss in;
};

struct LossResult {
  std::vector<PullLoss> pulls;  ///< each until the cable is put back
  std::vector<PullLoss> backs;  ///< from putting it back until the next pull
  PullLoss before;              ///< until the first pull
  std::uint64_t refused = 0;    ///< by the sender's own kernel
  std::uint64_t overrun = 0;    ///< lost in the receivers' own sockets; anything but 0 spoils the measurement
};

/// Median, mean and worst of one figure over pulls.
struct Spread {
  double median = 0;
  double mean = 0;
  double worst = 0;
};
Spread spread_of(std::vector<double> values);

/// Throws std::runtime_error where it cannot measure.
LossResult measure_loss(const LossSettings& settings);

std::string loss_text(const LossResult& result);
/// {"out": {"pulls", "lost_median", ...}, "in": ..., "pulls": [...]}
std::string loss_json(const LossResult& result);

}  // namespace bondbox::bench
