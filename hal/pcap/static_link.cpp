// What a static link leaves out of libpcap.a. Only the static program has this file; a shared libpcap keeps its own.
//
// The program reads and writes capture files; its NICs are hal/linux's. But libpcap's file that does so also opens
// devices, of which its table names Bluetooth, USB, netfilter, D-Bus and RDMA; and installing and freeing a filter live
// beside the filter compiler, which needs the host's name services. In a static program all of it would come along:
// 400 kB, name services that do not work there, and a libdbus that needs a libsystemd.a which Debian does not have. The
// linker takes a member out of an archive only for a name that nobody has defined yet. These are the names, as libpcap
// 1.10 declares them in pcap-int.h.
#include <pcap/pcap.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

extern "C" {

struct pcap_if_list;

// A source says through `is_ours` whether a device's name is one of its own.
#define BONDBOX_NO_CAPTURE_SOURCE(source)                                 \
  pcap_t* source##_create(const char* device, char* error, int* is_ours); \
  pcap_t* source##_create(const char*, char*, int* is_ours) {             \
    *is_ours = 0;                                                         \
    return nullptr;                                                       \
  }                                                                       \
  int source##_findalldevs(pcap_if_list* devices, char* error);           \
  int source##_findalldevs(pcap_if_list*, char*) {                        \
    return 0;                                                             \
  }                                                                       \
  static_assert(true)

BONDBOX_NO_CAPTURE_SOURCE(bt);
BONDBOX_NO_CAPTURE_SOURCE(bt_monitor);
BONDBOX_NO_CAPTURE_SOURCE(usb);
BONDBOX_NO_CAPTURE_SOURCE(netfilter);
BONDBOX_NO_CAPTURE_SOURCE(dbus);
BONDBOX_NO_CAPTURE_SOURCE(rdmasniff);

#undef BONDBOX_NO_CAPTURE_SOURCE

/// The interfaces of the system itself.
int pcap_platform_finddevs(pcap_if_list* devices, char* error);
int pcap_platform_finddevs(pcap_if_list*, char*) {
  return 0;
}

pcap_t* pcap_create_interface(const char* device, char* error);
pcap_t* pcap_create_interface(const char*, char* error) {
  std::snprintf(error, PCAP_ERRBUF_SIZE, "devices of libpcap are not part of this program");
  return nullptr;
}

/// Called by pcap_setfilter, which bondbox does not use: the plan decides what is received.
int install_bpf_program(pcap_t* handle, bpf_program* program);
int install_bpf_program(pcap_t* handle, bpf_program*) {
  std::snprintf(pcap_geterr(handle), PCAP_ERRBUF_SIZE, "filters are not part of this program");
  return PCAP_ERROR;
}

/// The same by its name in libpcap 1.10.5.
int pcapint_install_bpf_program(pcap_t* handle, bpf_program* program);
int pcapint_install_bpf_program(pcap_t* handle, bpf_program* program) {
  return install_bpf_program(handle, program);
}

/// A libpcap that was built beside glibc 2.38 takes it from there; Debian 12 has 2.36.
[[gnu::weak]] size_t strlcpy(char* to, const char* from, size_t room);
size_t strlcpy(char* to, const char* from, size_t room) {
  const size_t length = std::strlen(from);
  if (room == 0) return length;
  const size_t taken = length < room ? length : room - 1;
  std::memcpy(to, from, taken);
  to[taken] = '\0';
  return length;
}

/// libpcap calls it for every handle that it closes.
void pcap_freecode(bpf_program* program) {
  std::free(program->bf_insns);
  program->bf_insns = nullptr;
  program->bf_len = 0;
}

}  // extern "C"
