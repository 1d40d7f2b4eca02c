// A raw packet socket (packet(7)) that moves frames in batches, straight between the kernel and packet buffers: each
// read and write begins at the packet's offload header, so nothing is copied in between.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "hal/linux/packet_filter.hpp"
#include "hal/linux/unique_fd.hpp"
#include "hal/nic.hpp"
#include "hal/packet.hpp"

namespace bondbox::lnx {

class PacketSocket {
 public:
  PacketSocket();
  ~PacketSocket();
  PacketSocket(PacketSocket&&) noexcept;
  PacketSocket& operator=(PacketSocket&&) noexcept;

  /// errno, 0: done. It receives nothing before bind(). One that does not hear data has small buffers, and what it
  /// sends overtakes data in the interface's queue.
  int open(Hears hears = Hears::data);
  /// Instead of memory of its own for system calls: for sockets that one thread uses one after the other.
  void share_memory(const PacketSocket& other) { vectors_ = other.vectors_; }
  /// One of another process, as it stands: bound, with its options, filters and what waits in it.
  void take_over(UniqueFd fd, Hears hears, int index, bool promiscuous, bool programmed);
  /// From now on frames of the interface are received: those to its MAC, broadcast and all multicast.
  int bind(int index);
  int set_promiscuous(bool on);
  /// Whether the interface lets frames to this station's address through as well. Who filters says what becomes of
  /// them.
  int hear_also(MacAddress mac, bool on) const;
  /// From now on an eBPF socket filter decides what is received, promiscuous or not; below 0: as before it. There is no
  /// moment without a filter. errno, 0: done.
  int use_program(int program);
  /// Throws away what has come and was not read.
  std::size_t drop_waiting() const;
  /// errno, 0: from the next frame on.
  int set_hears(Hears hears);
  /// Whose LACPDUs are none of a partner: see packet_filter().
  int set_own_system(const MacAddress& system);
  /// Frames of the interface go to one of the sockets that share them: to the first, `first` null, until spread()
  /// says otherwise. Bound, and the interface up.
  int share(const PacketSocket* first);
  /// Which of them, by the program (hal/linux/flow_spread.hpp).
  int spread(int program);
  /// Admits frames as a socket on which set_promiscuous() was called.
  int admit(bool promiscuous);

  /// As Nic::receive; counts into `counters`.
  std::size_t receive(PacketBatch& batch, NicCounters& counters);
  /// As Nic::transmit.
  TransmitResult transmit(std::span<const Packet* const> packets);
  /// Frames that the kernel dropped since the last call because they were not read in time.
  std::uint32_t take_lost() const;

  /// The bound interface, as the kernel knows it now. False when it has been removed from this namespace.
  bool read_address(MacAddress& mac) const;

  /// For an interface that has gone: nothing comes any more, and fd() never becomes readable again.
  void silence() noexcept { fd_.silence(); }

  int fd() const noexcept { return fd_.get(); }

 private:
  struct Vectors;  // the message vectors of one system call, too large for the stack of a small target

  std::size_t receive_some(PacketBatch& batch, NicCounters& counters, std::size_t wanted, int& error);
  int attach_filter();
  std::size_t prepare_messages(std::span<const Packet* const> packets);

  UniqueFd fd_;
  Hears hears_ = Hears::data;
  int index_ = 0;
  MacAddress own_system_;
  bool promiscuous_ = false;
  bool programmed_ = false;
  bool joins_ = true;  ///< UDP datagrams of a flow leave as one GSO frame, until the kernel refuses one
  std::shared_ptr<Vectors> vectors_;
};

}  // namespace bondbox::lnx
