// The kernel's bonding driver, for use in a machine whose kernel has one.
#include "tests/lab/support/daemon.hpp"
#include "tests/live/lacp/party.hpp"

namespace bondbox::live {
namespace {

class KernelParty final : public Party {
 public:
  KernelParty(const lab::Namespace& space, PartyOptions options) : space_(space), options_(std::move(options)) {
    start();
  }

  void start() override {
    const std::string& bond = options_.bond;
    std::string lines = "link add " + bond + " type bond mode 802.3ad miimon 100 xmit_hash_policy layer3+4 lacp_rate " +
                        (options_.fast ? "fast" : "slow") + " lacp_active " + (options_.active ? "on" : "off") +
                        " min_links " + std::to_string(options_.min_links) + " ad_user_port_key " +
                        std::to_string(options_.user_key);
    if (!options_.system.empty()) lines += " ad_actor_system " + options_.system;
    lines += "\n";
    for (const std::string& port : options_.ports) lines += "link set " + port + " master " + bond + "\n";
    if (!options_.address.empty()) lines += "addr add " + options_.address + " dev " + bond + "\n";
    ip_batch(space_, lines + "link set " + bond + " up\n");
  }

  void stop() override { ip_batch(space_, "link del " + options_.bond + "\n"); }

  View view() override {
    const lab::Namespace::Stay inside(space_);
    return read_proc_view(lab::read_text("/proc/thread-self/net/bonding/" + options_.bond));
  }

 private:
  const lab::Namespace& space_;
  PartyOptions options_;
};

}  // namespace

std::unique_ptr<Party> make_kernel_party(const lab::Namespace& space, const PartyOptions& options) {
  return std::make_unique<KernelParty>(space, options);
}

}  // namespace bondbox::live
