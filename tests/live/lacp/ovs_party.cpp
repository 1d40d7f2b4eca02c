// Open vSwitch in user space. Its bridge has the bond's name: that is the interface the host speaks on.
#include "tests/lab/support/open_vswitch.hpp"
#include "tests/live/lacp/party.hpp"

namespace bondbox::live {
namespace {

class OvsParty final : public Party {
 public:
  OvsParty(const lab::Namespace& space, PartyOptions options)
      : space_(space), options_(std::move(options)), ovs_(space) {
    start();
  }

  void start() override {
    std::string up;
    std::string words = "-- add-br " + options_.bond + " -- set bridge " + options_.bond + " datapath_type=netdev";
    for (const std::string& port : options_.ports) up += "link set " + port + " up\n";
    // The ports stay interfaces of the host: its own stack must not answer on them in the bond's place.
    space_.must(
        "echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore; echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
    for (const std::string& port : options_.ports)
      space_.must("echo 1 > /proc/sys/net/ipv6/conf/" + port + "/disable_ipv6");
    ip_batch(space_, up);
    const std::string lacp = std::string(" lacp=") + (options_.active ? "active" : "passive") +
                             " other_config:lacp-time=" + (options_.fast ? "fast" : "slow");
    if (options_.apart) {
      for (const std::string& port : options_.ports)
        words += " -- add-port " + options_.bond + " " + port + " -- set port " + port + lacp;
    } else {
      words += " -- add-bond " + options_.bond + " trunk";
      for (const std::string& port : options_.ports) words += " " + port;
      words += std::string(" bond_mode=") + options_.ovs_mode + lacp;
    }
    ovs_.vsctl(words);
    if (!options_.address.empty())
      ip_batch(space_,
               "addr add " + options_.address + " dev " + options_.bond + "\nlink set " + options_.bond + " up\n");
  }

  void stop() override { ovs_.vsctl("-- del-br " + options_.bond); }

  View view() override {
    return read_ovs_view(ovs_.appctl("lacp/show"), options_.apart ? "" : ovs_.appctl("bond/show trunk"));
  }

  std::string log() override {
    return ovs_.appctl("fdb/show " + options_.bond) + ovs_.appctl("dpctl/dump-flows") + space_.run("ip neigh").output;
  }

 private:
  const lab::Namespace& space_;
  PartyOptions options_;
  lab::OpenVswitch ovs_;
};

}  // namespace

std::string what_ovs_misses() {
  return lab::OpenVswitch::what_is_missing();
}

std::unique_ptr<Party> make_ovs_party(const lab::Namespace& space, const PartyOptions& options) {
  return std::make_unique<OvsParty>(space, options);
}

}  // namespace bondbox::live
