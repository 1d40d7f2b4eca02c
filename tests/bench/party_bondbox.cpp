#include <stdexcept>

#include "tests/bench/bondbox_daemon.hpp"
#include "tests/bench/party.hpp"

namespace bondbox::bench {
namespace {

std::string words(const std::string& more) {
  return std::string("bond0 eth0 eth1 mode=1 miimon=100 address=") + Street::box_address + "/24 " + more;
}

class PacketPath final : public Party {
 public:
  explicit PacketPath(const Street& street) : daemon_(street.box, words(has_option("offload") ? "offload=off" : "")) {}
  std::vector<pid_t> processes() const override { return {daemon_.pid()}; }
  bool poll_busily(bool on) override {
    return has_option("busy_poll_us") && daemon_.set("busy_poll_us", on ? "2000" : "0");
  }

 private:
  BondboxDaemon daemon_;
};

class BpfPath final : public Party {
 public:
  explicit BpfPath(const Street& street) : daemon_(street.box, words("offload=bpf")) {
    daemon_.must_answer();
    const std::string state = daemon_.status("/bonds/0/offload");
    if (!lab::wait_until([&] { return daemon_.status("/bonds/0/offload/serving") == "true"; }, 3'000))
      throw std::runtime_error("the kernel does not carry the plan: " + state + daemon_.log());
  }
  std::vector<pid_t> processes() const override { return {daemon_.pid()}; }
  std::string remark() const override { return daemon_.status("/bonds/0/offload/kind"); }

 private:
  BondboxDaemon daemon_;
};

}  // namespace

PartyKind packet_path() {
  return {"packet", "bondbox, offload = \"off\": every frame through the daemon", [] { return std::string(); },
          [](const Street& street) -> std::unique_ptr<Party> { return std::make_unique<PacketPath>(street); }};
}

PartyKind bpf_path() {
  return {"bpf", "bondbox, offload = \"bpf\": programs in the kernel",
          [] { return std::string(has_option("offload") ? "" : "this bondbox has no option offload"); },
          [](const Street& street) -> std::unique_ptr<Party> { return std::make_unique<BpfPath>(street); }};
}

}  // namespace bondbox::bench
