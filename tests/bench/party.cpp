#include "tests/bench/party.hpp"

namespace bondbox::bench {
namespace {

std::string nothing_missing() {
  return {};
}

class BareCable final : public Party {
 public:
  explicit BareCable(const Street& street) {
    street.box.must(std::string("ip addr add ") + Street::box_address + "/24 dev eth0 && ip link set eth0 up");
  }
};

class KernelDriver final : public Party {
 public:
  explicit KernelDriver(const Street& street) {
    street.box.must(std::string("ip link add bond0 type bond mode active-backup miimon 100 && "
                                "ip link set eth0 master bond0 && ip link set eth1 master bond0 && ip addr add ") +
                    Street::box_address + "/24 dev bond0 && ip link set bond0 up");
  }
};

template <class P>
std::unique_ptr<Party> make(const Street& street) {
  return std::make_unique<P>(street);
}

}  // namespace

PartyKind bare_cable() {
  return {"bare", "the veth cable itself, no bond", &nothing_missing, &make<BareCable>};
}

PartyKind kernel_driver() {
  return {"kernel", "the kernel's bonding driver, active-backup", &nothing_missing, &make<KernelDriver>};
}

std::vector<PartyKind> parties_here() {
  return {bare_cable(), packet_path(), bpf_path(), open_vswitch(), dpdk_bonding()};
}

std::vector<PartyKind> parties_inside() {
  return {bare_cable(), kernel_driver(), packet_path(), bpf_path()};
}

}  // namespace bondbox::bench
