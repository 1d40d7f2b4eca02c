// A Nic that keeps what it is told to send and refuses what a test wants refused.
#pragma once

#include <string>
#include <utility>

#include "hal/nic.hpp"
#include "tests/support/fake_channel.hpp"

namespace bondbox::test {

class FakeNic : public FakeChannel<Nic> {
 public:
  explicit FakeNic(std::string name = "e0", MacAddress mac = {{0x02, 0, 0, 0, 0x0a, 0}})
      : FakeChannel(std::move(name), mac), permanent_mac_(mac) {}

  FrameRecord& sent = taken;
  LinkSample sample{.present = true, .up = true, .speed_mbps = 10'000, .duplex = Duplex::full};
  LinkSource source = LinkSource::carrier;
  int link_calls = 0;

  void refuse_all(int error) {
    answer = [error](wire::Bytes) { return error; };
  }
  /// The first `count` frames offered from now on are taken.
  void refuse_after(std::size_t count, int error) {
    answer = [left = count, error](wire::Bytes) mutable { return left == 0 ? error : (--left, 0); };
  }
  /// Of the frames offered from now on, counted from 0, the one with this number is refused.
  void refuse_one(std::size_t number, int error) {
    answer = [left = number + 1, error](wire::Bytes) mutable { return left != 0 && --left == 0 ? error : 0; };
  }

  MacAddress permanent_mac() const noexcept override { return permanent_mac_; }
  Outcome set_promiscuous(bool on) override {
    promiscuous = on;
    return Outcome::done();
  }
  LinkSample link() override {
    ++link_calls;
    return sample;
  }
  bool has_lost_link() override { return !sample.up; }
  void set_link_source(LinkSource now) override { source = now; }

 private:
  MacAddress permanent_mac_;
};

}  // namespace bondbox::test
