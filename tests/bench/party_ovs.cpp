// Open vSwitch with its userspace datapath, userspace-tso on, a bond in active-backup; its bridge's own port is the
// TAP that the host speaks on. With a database, sockets and processes of its own.
#include "tests/bench/party.hpp"
#include "tests/lab/support/open_vswitch.hpp"

namespace bondbox::bench {
namespace {

class OvsParty final : public Party {
 public:
  explicit OvsParty(const Street& street) : ovs_(street.box, "other_config:userspace-tso-enable=true") {
    street.fence_ports();
    street.box.must("ip link set eth0 up && ip link set eth1 up");
    ovs_.vsctl(
        "-- add-br bond0 -- set bridge bond0 datapath_type=netdev -- add-bond bond0 trunk eth0 eth1 "
        "bond_mode=active-backup");
    street.box.must(std::string("ip addr add ") + Street::box_address + "/24 dev bond0 && ip link set bond0 up");
  }
  std::vector<pid_t> processes() const override { return ovs_.processes(); }
  std::string remark() const override { return ovs_.version().substr(0, 16); }

 private:
  lab::OpenVswitch ovs_;
};

}  // namespace

PartyKind open_vswitch() {
  return {"ovs", "Open vSwitch, userspace datapath with userspace-tso, bond active-backup",
          &lab::OpenVswitch::what_is_missing,
          [](const Street& street) -> std::unique_ptr<Party> { return std::make_unique<OvsParty>(street); }};
}

}  // namespace bondbox::bench
