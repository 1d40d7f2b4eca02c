# bondbox: user-space NIC bonding. GNU make 4.3 or newer. `make help` lists the targets.

VERSION := 0.1.0
PREFIX  ?= /usr/local
# The largest static program, in bytes: of this machine's build, and of each TRIPLE that it is built for.
SIZE_MAX := 2110000
SIZE_MAX_aarch64-linux-gnu   := 2400000
SIZE_MAX_arm-linux-gnueabihf := 1550000
SIZE_MAX_mipsel-linux-gnu    := 2750000
SIZE_MAX_riscv64-linux-gnu   := 1900000
SIZE_MAX_s390x-linux-gnu     := 2450000

ifeq ($(filter-out 3.% 4.0% 4.1% 4.2%,$(MAKE_VERSION)),)
$(error bondbox needs GNU make 4.3 or newer; this is $(MAKE_VERSION))
endif
# A -j on the command line still wins over this one.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif
MAKEFLAGS += --no-builtin-rules --no-builtin-variables
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

# TRIPLE builds for another machine, into a directory of its own, with Debian's compiler and libpcap for it. What Debian
# calls the machine, and the release that has its libpcap:
TRIPLE ?=
ARCHITECTURE_aarch64-linux-gnu   := arm64
ARCHITECTURE_arm-linux-gnueabihf := armhf
ARCHITECTURE_mipsel-linux-gnu    := mipsel
ARCHITECTURE_riscv64-linux-gnu   := riscv64
ARCHITECTURE_s390x-linux-gnu     := s390x
RELEASE_riscv64-linux-gnu        := trixie
ALL_TRIPLES := $(patsubst ARCHITECTURE_%,%,$(filter ARCHITECTURE_%,$(.VARIABLES)))

CROSS  ?= $(addsuffix -,$(TRIPLE))
CXX    := $(CROSS)g++
STRIP  := $(CROSS)strip
OBJCOPY := $(CROSS)objcopy
V      ?= 0
FOLD   ?= 1
Q      := $(if $(filter 0,$(V)),@,)
say     = $(if $(filter 0,$(V)),@printf '  %-5s %s\n' '$(1)' '$(2)',@:)

# ---- The three kinds of build ----------------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
COMMON   := -std=c++20 $(WARNINGS) -I. -ffunction-sections -fdata-sections

ifeq ($(SAN),1)
BUILD    := build/san
# GCC 12 believes that the sanitizers' own copies are read uninitialised (GCC bug 105562).
OPTIMISE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all \
  -D_GLIBCXX_ASSERTIONS -Wno-maybe-uninitialized
LINK     := -fsanitize=address,undefined
else ifeq ($(DEBUG),1)
BUILD    := build/debug
OPTIMISE := -O0 -g3 -D_GLIBCXX_ASSERTIONS
LINK     :=
else
BUILD    := build$(addprefix /,$(TRIPLE))
OPTIMISE := -Os -g1
LINK     := -static
endif
NEEDED   := build/deps/build.stamp
TESTED   := build/deps/test.stamp
BOOST_TEST      := -DBOOST_TEST_DYN_LINK
BOOST_TEST_LINK := -lboost_unit_test_framework
TEST_LINK       := $(filter-out -static,$(LINK))
ifneq ($(TRIPLE),)
ifeq ($(ARCHITECTURE_$(TRIPLE)),)
$(error TRIPLE=$(TRIPLE) is not known; known are $(sort $(ALL_TRIPLES)))
endif
ifneq ($(LINK),-static)
$(error SAN=1 and DEBUG=1 are for this machine, not for TRIPLE=$(TRIPLE))
endif
SYSROOT  := build/deps/sysroot/$(TRIPLE)
NEEDED   += build/deps/cross-$(TRIPLE).stamp $(SYSROOT)/.unpacked
# Boost and toml++ are headers, the same everywhere; this machine's come last, after the other machine's own. The tests
# take Boost.Test as a header, too, and are static: they run under QEMU without the other machine's libraries.
COMMON   += -idirafter /usr/include
BOOST_TEST      :=
BOOST_TEST_LINK :=
TEST_LINK       := -static
# Time beyond 2038 where a long has 32 bits. Debian's libpcap there knows no such time, and its callers must agree with it.
ifneq ($(filter arm-% mipsel-%,$(TRIPLE)),)
COMMON   += -D_TIME_BITS=64 -D_FILE_OFFSET_BITS=64 -Wno-psabi
OLD_TIME := -U_TIME_BITS -U_FILE_OFFSET_BITS
endif
# Some of these machines have no instruction for every atomic type.
LDFLAGS_ALL     := -L$(SYSROOT)/usr/lib/$(TRIPLE)
LIBRARIES       := -latomic
# Since glibc 2.38 these names also read "0b101"; nothing here does. Debian 12 has 2.36.
ifeq ($(RELEASE_$(TRIPLE)),trixie)
LDFLAGS_ALL     += -Wl,--defsym=__isoc23_sscanf=sscanf -Wl,--defsym=__isoc23_fscanf=fscanf \
  -Wl,--defsym=__isoc23_strtoll=strtoll
endif
endif
# Unit tests see the program's own objects; only the test files themselves are compiled without optimisation, because
# nothing measures them and the compiler is twice as fast.
TEST_OPTIMISE := $(if $(filter 1,$(SAN)),$(OPTIMISE),-O0 -g1)

# The program throws nothing: what the standard library throws (no memory) ends it either way, and the code that would
# clean up on the way is a seventh of the program. Objects that catch are told below.
PROGRAM_FLAGS := -fno-exceptions $(if $(filter -static,$(LINK)),-fno-asynchronous-unwind-tables)
CXXFLAGS_ALL  := $(COMMON) $(OPTIMISE) $(CXXFLAGS)
TESTFLAGS_ALL := $(COMMON) $(TEST_OPTIMISE) $(BOOST_TEST) $(CXXFLAGS)
LDFLAGS_ALL   += -Wl,--gc-sections -Wl,-z,noseparate-code -Wl,--build-id=none $(LDFLAGS)
LIBRARIES     := -lpcap $(LIBRARIES)

# ---- Sources and objects ---------------------------------------------------------------------------------------------

find = $(sort $(shell find $(1) -name '*.cpp' 2>/dev/null))

# hal/pcap/static_link.cpp stands in for parts of libpcap.a; a shared libpcap has them.
# What ends in .bpf.cpp is compiled for the kernel's BPF machine, below.
PROGRAM_SOURCES := $(filter-out $(if $(filter -static,$(LINK)),,hal/pcap/static_link.cpp) %.bpf.cpp,\
  $(call find,firmware hal policies))
SUPPORT_SOURCES := $(call find,tests/support)
LAB_SOURCES     := $(call find,tests/lab)
LIVE_SOURCES    := $(call find,tests/live)
SWARM_SOURCES   := $(call find,tests/swarm)
IMAGE_SOURCES   := $(call find,tests/image)
BENCH_SOURCES   := $(filter-out tests/bench/self/% tests/bench/micro/%,$(call find,tests/bench))
MICRO_SOURCES   := $(call find,tests/bench/micro)
# The bench's arithmetic and reports are tested as units; the rest of it is built when it is asked for.
BENCH_CHECKED   := $(addprefix tests/bench/,statistics.cpp results.cpp report_json.cpp report_svg.cpp report_text.cpp)
# What the lab tests measure pulled cables with.
LAB_MEASURES    := $(addprefix tests/bench/,cables.cpp loss.cpp loss_report.cpp numbered_flow.cpp)
# The long run; a short form of it is a test of the lab.
SOAK_SOURCES    := $(call find,tests/soak)
SOAK_MEASURES   := $(addprefix tests/bench/,cables.cpp counters.cpp interrupt.cpp numbered_flow.cpp)
# The kept inputs of the fuzz targets are played back as units; libFuzzer's side of them is built when it is asked for.
UNIT_SOURCES    := $(filter-out $(SUPPORT_SOURCES) $(LAB_SOURCES) $(LIVE_SOURCES) $(SWARM_SOURCES) $(BENCH_SOURCES) $(MICRO_SOURCES) \
  tests/fuzz/engine/% tests/image/% tests/soak/%,$(call find,tests))

objects_of = $(patsubst %.cpp,$(BUILD)/obj/%.o,$(1))
PROGRAM_OBJECTS := $(call objects_of,$(PROGRAM_SOURCES))
# A NIC of libpcap's is for where there is no hal/linux: tests hold it to the contract, the program has no use for it.
LINKED_OBJECTS  := $(filter-out $(addprefix $(BUILD)/obj/hal/pcap/,pcap_nic.o software_offload.o),$(PROGRAM_OBJECTS))
LIBRARY_OBJECTS := $(filter-out $(BUILD)/obj/firmware/main.o $(if $(TEST_LINK),,$(BUILD)/obj/hal/pcap/static_link.o),\
  $(PROGRAM_OBJECTS))
SUPPORT_OBJECTS := $(call objects_of,$(SUPPORT_SOURCES))
UNIT_OBJECTS    := $(call objects_of,$(UNIT_SOURCES))
# Numbered packets are what the lab counts losses by, too.
LAB_OBJECTS     := $(call objects_of,$(LAB_SOURCES) tests/bench/numbered_flow.cpp)
# The live tests also use the lab's namespaces and its daemon.
IMAGE_OBJECTS   := $(call objects_of,$(IMAGE_SOURCES)) $(filter $(BUILD)/obj/tests/lab/support/%,$(LAB_OBJECTS))
LIVE_OBJECTS    := $(call objects_of,$(LIVE_SOURCES)) $(filter $(BUILD)/obj/tests/lab/support/%,$(LAB_OBJECTS))
BENCH_OBJECTS   := $(call objects_of,$(BENCH_SOURCES))
MICRO_OBJECTS   := $(call objects_of,$(MICRO_SOURCES))
SOAK_OBJECTS    := $(call objects_of,$(SOAK_SOURCES))
SWARM_OBJECTS   := $(call objects_of,$(SWARM_SOURCES))
TEST_OBJECTS    := $(filter-out $(BENCH_OBJECTS),$(sort $(SUPPORT_OBJECTS) $(UNIT_OBJECTS) $(LAB_OBJECTS) $(LIVE_OBJECTS) \
  $(IMAGE_OBJECTS) $(SOAK_OBJECTS)))

PROGRAM   := $(BUILD)/bondbox
UNIT      := $(BUILD)/tests/bondbox-tests
LAB       := $(BUILD)/tests/bondbox-lab
LIVE      := $(BUILD)/tests/bondbox-live
IMAGE     := $(BUILD)/tests/bondbox-image
SWARM     := $(BUILD)/tests/bondbox-swarm
BENCH     := $(BUILD)/tests/bondbox-bench
MICRO     := $(BUILD)/tests/bondbox-micro
SOAK      := $(BUILD)/tests/bondbox-soak
GENERATED := $(BUILD)/generated
# What the loops share, in a build of its own: the rest of the program has one thread.
THREADS   := build/threads/bondbox-threads
THREAD_SOURCES := tests/main.cpp $(addprefix tests/unit/firmware/,epoch_slots_test.cpp spsc_queue_test.cpp \
  worker_test.cpp worker_pool_test.cpp file_writer_test.cpp) \
  $(addprefix firmware/,bond_loops.cpp changeover.cpp file_writer.cpp forwarder.cpp worker.cpp worker_pool.cpp) \
  $(addprefix hal/linux/,descriptors.cpp monotonic_clock.cpp wait_set.cpp worker_thread.cpp) hal/packet.cpp $(wildcard hal/wire/*.cpp) policies/choice.cpp policies/transmit_hash.cpp
THREAD_OBJECTS := $(THREAD_SOURCES:%.cpp=build/threads/obj/%.o)
THREAD_FLAGS   := $(COMMON) -O1 -g -fsanitize=thread -DBOOST_TEST_DYN_LINK
TEST_PCH  := $(GENERATED)/boost_test.hpp

BENCH_ENV := env BONDBOX='$(abspath $(PROGRAM))' MICRO='$(abspath $(MICRO))' OUT='$(BUILD)' \
  ROUNDS='$(ROUNDS)' SECONDS='$(SECONDS)' ONLY='$(ONLY)' FORMAT='$(FORMAT)' PULLS='$(PULLS)' TABLES='$(TABLES)'

# ---- Targets ---------------------------------------------------------------------------------------------------------

BOARD  ?= qemu-x86_64
BOOT   ?= inittab
# What `make test` boots: images have the static program of build/ in them.
TEST_BOARDS   := qemu-x86_64
IMAGES_TESTED := $(if $(filter build,$(BUILD)),$(IMAGE) images-to-test)
BOARDS := $(patsubst board/%/board.conf,%,$(wildcard board/*/board.conf))

.PHONY: all run check man deb test takeovers inits test-threads test-cross image images-to-test boot bench bench-kernel bench-micro bench-deps soak fuzz fuzz-keep swarm traces size install uninstall objects clean help always

all: $(PROGRAM) ## build build/bondbox: static, stripped (the default)

run: $(PROGRAM) build/deps/run.stamp ## show it: two cables, one address, one cable pulled (about 20 seconds)
	$(Q)BONDBOX='$(abspath $(PROGRAM))' board/demo/run.sh

test: $(PROGRAM) $(UNIT) $(LAB) $(LIVE) $(SWARM) $(THREADS) $(IMAGES_TESTED) size build/deps/run.stamp build/deps/test.stamp build/deps/live.stamp build/deps/page.stamp build/deps/unpacked.stamp ## build, and run every test; ONLY=suite/case runs some
	$(Q)BONDBOX='$(abspath $(PROGRAM))' ONLY='$(ONLY)' THREADS='$(THREADS)' tests/run.sh $(BUILD)/tests

bench: $(PROGRAM) $(BENCH) $(MICRO) build/deps/run.stamp ## beside a bare cable and other programs; ROUNDS=, SECONDS=, ONLY=, FORMAT=json
	$(Q)$(BENCH_ENV) $(BENCH) run

bench-kernel: $(PROGRAM) $(BENCH) build/deps/run.stamp build/deps/live.stamp ## beside the kernel's own driver, in user-mode-linux
	$(Q)$(BENCH_ENV) $(BENCH) kernel

bench-micro: $(PROGRAM) $(BENCH) $(MICRO) ## what single decisions cost, in ns and instructions
	$(Q)$(BENCH_ENV) $(BENCH) micro

soak: $(PROGRAM) $(SOAK) build/deps/run.stamp ## numbered packets while cables are pulled; TIME=60 seconds, MODES=1,5, PATHS=off,bpf, SEED=, RATE=, RESTARTS=1
	$(Q)BONDBOX='$(abspath $(PROGRAM))' $(SOAK) time=$(TIME) modes=$(MODES) paths=$(PATHS) seed=$(SEED) rate=$(RATE) restarts=$(RESTARTS) keep=build/soak

bench-deps: build/deps/run.stamp build/deps/live.stamp build/deps/unpacked.stamp build/deps/bench.stamp build/deps/bench-unpacked.stamp ## get the programs that bench compares with

# A story that broke a rule is shrunk and left in build/swarm; those that were mended are kept in tests/swarm/kept.
SEED ?= 1000
TIME ?= 60
swarm: $(SWARM) ## random worlds in simulated time, held against rules; SEED=, TIME= seconds, or STORY=file plays one
	$(Q)mkdir -p build/swarm
	$(Q)$(SWARM) $(if $(STORY),play '$(STORY)',run $(SEED) $(TIME) build/swarm)

traces: $(UNIT) $(LAB) $(PROGRAM) ## record the traces anew that tests step on every CPU (tests/scenario/traces)
	$(Q)BONDBOX_KEEP_TRACES='$(CURDIR)/tests/scenario/traces' $(UNIT) --run_test='kept_traces/the_same_story*'
	$(Q)BONDBOX='$(abspath $(PROGRAM))' BONDBOX_KEEP_TRACES='$(CURDIR)/tests/scenario/traces' $(LAB) \
	  --run_test='lab_trace/all_from_the_start*'

takeovers: $(PROGRAM) $(LAB) $(LIVE) build/deps/run.stamp build/deps/test.stamp build/deps/live.stamp ## one process takes over from another, again and again; REPEAT=50, RATE=10000 packets/s each way
	$(Q)BONDBOX='$(abspath $(PROGRAM))' REPEAT=$(or $(REPEAT),50) RATE=$(or $(RATE),10000) $(LAB) \
	  --run_test=lab_takeover --log_level=message --color_output=no
	$(Q)for offload in off auto; do BONDBOX='$(abspath $(PROGRAM))' REPEAT=$(or $(REPEAT),50) RATE=$(or $(RATE),10000) \
	  OFFLOAD=$$offload $(LIVE) --run_test='lacp_ovs_partner/a_takeover*' --color_output=no || exit 1; done

# Not a part of `test`: each boots a Debian of its own, which debootstrap makes the first time.
INITS ?= systemd sysvinit openrc openrc-sysvinit
inits: $(PROGRAM) build/deps/inits.stamp build/deps/live.stamp ## bondbox as a service of real inits, in user-mode-linux; INITS=systemd
	$(Q)for init in $(INITS); do BONDBOX='$(abspath $(PROGRAM))' tests/inits/run.sh $$init || exit 1; done

test-threads: $(THREADS) ## what several threads share, under ThreadSanitizer (part of test; a few seconds)
	$(Q)ONLY='$(ONLY)' THREADS='$(THREADS)' tests/run.sh

image: build/image/$(BOARD)/kernel ## kernel and initramfs of a router; BOARD=qemu-x86_64 (the default), qemu-aarch64 or qemu-arm

boot: build/image/$(BOARD)/kernel ## boot it under QEMU, its serial console on this terminal; BOOT=inittab, init, alone or kernel
	$(Q)board/boot.sh $(BOARD) $(<D) $(BOOT)

# Not a part of `test`: it compiles everything again for each machine, and QEMU is some twenty times slower.
TRIPLES ?= $(ALL_TRIPLES)
test-cross: build/deps/cross-tests.stamp $(TRIPLES:%=build/%/bondbox) $(TRIPLES:%=build/%/tests/bondbox-tests) ## unit, scenario and oracle tests for other machines, under QEMU; TRIPLES=s390x-linux-gnu
	$(Q)ONLY='$(ONLY)' tests/cross.sh $(TRIPLES)

check: $(UNIT) build/deps/check.stamp ## format, clang-tidy, include rules; runs nothing else
	$(Q)toolchain/check.sh $(BUILD)

# The static programs that are there, each with its limit.
limit_of = $(if $(filter build/bondbox,$(1)),$(SIZE_MAX),$(SIZE_MAX_$(notdir $(patsubst %/bondbox,%,$(1)))))
BUILT    = $(sort $(PROGRAM) $(wildcard build/bondbox $(ALL_TRIPLES:%=build/%/bondbox)))

size: $(PROGRAM) ## sizes of all static programs that were built; fail when one is over its limit
ifeq ($(LINK),-static)
	$(Q)toolchain/size.sh $(foreach program,$(BUILT),$(program):$(call limit_of,$(program)))
else
	@echo "  SIZE  not checked: $(PROGRAM) is not the static build"
endif

man: $(PROGRAM) ## the manual pages bondbox(8) and bondbox.toml(5), into build/man
	$(call say,MAN,$(BUILD)/man)
	$(Q)toolchain/man.sh '$(abspath $(PROGRAM))' $(BUILD)/man

# A program for another machine cannot be asked what its pages are to say.
install: $(PROGRAM) $(if $(TRIPLE),,man) ## copy it to $(DESTDIR)$(PREFIX)/sbin, its pages to share/man; PREFIX is /usr/local unless given
	$(call say,INST,$(DESTDIR)$(PREFIX)/sbin/bondbox)
	$(Q)install -D -m 0755 $(PROGRAM) '$(DESTDIR)$(PREFIX)/sbin/bondbox'
	$(Q)install -d '$(DESTDIR)$(PREFIX)/share/doc/bondbox'
	$(Q)install -m 0644 board/docs/*.md '$(DESTDIR)$(PREFIX)/share/doc/bondbox'
ifeq ($(TRIPLE),)
	$(Q)install -D -m 0644 $(BUILD)/man/bondbox.8 '$(DESTDIR)$(PREFIX)/share/man/man8/bondbox.8'
	$(Q)install -D -m 0644 $(BUILD)/man/bondbox.toml.5 '$(DESTDIR)$(PREFIX)/share/man/man5/bondbox.toml.5'
endif

# Of a program for another machine, too; its pages are those of this one's.
DEB_ARCHITECTURE = $(or $(ARCHITECTURE_$(TRIPLE)),$(shell dpkg --print-architecture))
deb: $(PROGRAM) ## a Debian package with service, hooks and pages, into build/deb; lintian looks at it where it is installed
ifeq ($(LINK),-static)
	$(Q)$(MAKE) --no-print-directory TRIPLE= man
	$(Q)toolchain/deb.sh $(PROGRAM) build/man $(BUILD)/deb '$(DEB_ARCHITECTURE)' '$(VERSION)'
	$(Q)if command -v lintian > /dev/null; then \
	  lintian --no-cfg --allow-root --fail-on error,warning $(BUILD)/deb/*_'$(DEB_ARCHITECTURE)'.deb && echo '  LINT  no faults'; \
	else echo '  LINT  skipped: lintian is not installed (make check installs it)'; fi
else
	@echo '  DEB   not made: $(PROGRAM) is not the static build'; exit 1
endif

uninstall: ## remove what install copied
	$(call say,RM,$(DESTDIR)$(PREFIX)/sbin/bondbox)
	$(Q)rm -f '$(DESTDIR)$(PREFIX)/sbin/bondbox' '$(DESTDIR)$(PREFIX)/share/man/man8/bondbox.8' \
	  '$(DESTDIR)$(PREFIX)/share/man/man5/bondbox.toml.5' $(patsubst board/docs/%,'$(DESTDIR)$(PREFIX)/share/doc/bondbox/%',$(wildcard board/docs/*.md))

objects: $(PROGRAM_OBJECTS) $(TEST_OBJECTS) ## compile everything, link nothing (with -k: go on after an error)

clean: ## remove build/
	$(Q)rm -rf build

help: ## this list
	@echo 'bondbox $(VERSION): one network address over several cables.'
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { sub(/:.*/, "", $$1); printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo '  With any of them: SAN=1 (address and undefined-behaviour sanitizers, in build/san),'
	@echo '  DEBUG=1 (no optimisation, in build/debug), V=1 (show the commands), TRIPLE=aarch64-linux-gnu (another machine),'
	@echo '  BPF=0 (no programs for the kernel, so no clang is needed), BPF=1 (fail where there is no clang),'
	@echo '  FOLD=0 (keep functions apart whose code is the same),'
	@echo '  SETUP=0 (nothing is installed, whatever is missing), LINK= (the program with shared libraries, not static).'

# ---- Building --------------------------------------------------------------------------------------------------------

build/deps/%.stamp: toolchain/debian-packages toolchain/setup.sh
	$(Q)toolchain/setup.sh $* $@

build/deps/sysroot/%/.unpacked: toolchain/unpack.sh
	$(Q)RELEASE='$(RELEASE_$*)' toolchain/unpack.sh $(ARCHITECTURE_$*) $(@D) libpcap0.8-dev && touch $@

# A file with the words in $(2) that is only touched when they differ: what depends on it follows a change of flags.
define remember
$(1): always
	@mkdir -p $$(@D); printf '%s\n' '$(subst ','\'',$(2))' > $$@.new; \
	if cmp -s $$@.new $$@; then rm $$@.new; else mv $$@.new $$@; fi
endef
$(eval $(call remember,$(BUILD)/obj/.flags,$(CXX) $(CXXFLAGS_ALL) $(PROGRAM_FLAGS)))
$(eval $(call remember,$(BUILD)/obj/.test-flags,$(CXX) $(TESTFLAGS_ALL)))
$(eval $(call remember,$(BUILD)/obj/.link-flags,$(CXX) $(FOLD) $(LDFLAGS_ALL) $(LINK) $(LINKED_OBJECTS)))
$(eval $(call remember,$(BUILD)/obj/.unit-flags,$(CXX) $(LDFLAGS_ALL) $(LIBRARY_OBJECTS) $(UNIT_OBJECTS)))
$(eval $(call remember,$(BUILD)/obj/.bench-flags,$(CXX) $(LDFLAGS_ALL) $(LIBRARY_OBJECTS) $(BENCH_OBJECTS) $(MICRO_OBJECTS)))
$(eval $(call remember,$(BUILD)/obj/.lab-flags,$(CXX) $(LDFLAGS_ALL) $(LIBRARY_OBJECTS) $(LAB_OBJECTS)))
$(eval $(call remember,$(BUILD)/obj/.image-flags,$(CXX) $(LDFLAGS_ALL) $(LIBRARY_OBJECTS) $(IMAGE_OBJECTS)))
$(eval $(call remember,$(BUILD)/obj/.swarm-flags,$(CXX) $(LDFLAGS_ALL) $(LIBRARY_OBJECTS) $(SWARM_OBJECTS)))
$(eval $(call remember,$(BUILD)/obj/.live-flags,$(CXX) $(LDFLAGS_ALL) $(LIBRARY_OBJECTS) $(LIVE_OBJECTS)))

COMMIT := $(shell git -C . describe --always --dirty --exclude='*' --abbrev=10 2>/dev/null)
$(eval $(call remember,$(GENERATED)/version_generated.hpp,\
  inline constexpr char version_text[] = "$(VERSION)"; inline constexpr char commit_text[] = "$(COMMIT)";))

# In one object only, so that two checkouts compile everything else alike.
$(eval $(call remember,$(GENERATED)/source_dir_generated.hpp,\
  inline constexpr char source_dir_text[] = "$(CURDIR)";))

$(PROGRAM_OBJECTS): $(BUILD)/obj/%.o: %.cpp $(BUILD)/obj/.flags | $(NEEDED)
	$(call say,CXX,$<)
	@mkdir -p $(@D)
	$(Q)$(CXX) $(CXXFLAGS_ALL) $(PROGRAM_FLAGS) -MMD -MP -c $< -o $@

# toml++ is left by a throw where it would assert; a thread may not be had; Boost.JSON asks for exceptions.
$(addprefix $(BUILD)/obj/,firmware/config/document.o hal/linux/bpf_later.o firmware/render_json.o firmware/render_drill.o): PROGRAM_FLAGS :=
$(BUILD)/obj/hal/pcap/%.o: PROGRAM_FLAGS += $(OLD_TIME)
$(BUILD)/obj/firmware/version.o: CXXFLAGS_ALL += -I$(GENERATED)
$(BUILD)/obj/firmware/version.o: $(GENERATED)/version_generated.hpp

# The status page, in one object.
PAGE_HEADER := $(GENERATED)/page_generated.hpp
$(PAGE_HEADER): toolchain/page.sh firmware/page/page.html firmware/page/page.css firmware/page/page.js
	$(call say,PAGE,firmware/page)
	$(Q)toolchain/page.sh $@ firmware/page
$(BUILD)/obj/firmware/page/page.o: CXXFLAGS_ALL += -I$(GENERATED)
$(BUILD)/obj/firmware/page/page.o: $(PAGE_HEADER)

# ---- The programs for the kernel's BPF machine -----------------------------------------------------------------------

# BPF: 0 leaves them out, 1 fails where clang is missing; unset they are left out with a line where it is missing.
BPF         ?=
BPF_CLANG   ?= clang++
BPF_OBJCOPY ?= llvm-objcopy
BPF_READELF ?= llvm-readelf
BPF_NAMES   := egress ingress filter locate
BPF_HEADER  := $(GENERATED)/bpf_programs_generated.hpp
# The byte order is added by the script: the one that CXX compiles for. An older BPF machine than v2 has no comparison
# for "less".
BPF_FLAGS   := -mcpu=v2 -std=c++20 -O2 -ffreestanding -fno-exceptions -fno-rtti -fno-jump-tables \
  -fno-asynchronous-unwind-tables -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -I.
$(eval $(call remember,$(BUILD)/bpf/.flags,$(BPF) $(BPF_CLANG) $(CXX) $(BPF_FLAGS)))

ifeq ($(BPF),0)
$(BPF_HEADER): $(BUILD)/bpf/.flags
	@mkdir -p $(@D); echo '#define BONDBOX_NO_BPF 1' > $@
else
$(BPF_HEADER): toolchain/bpf.sh $(wildcard hal/linux/bpf/* hal/wire/*.hpp) $(BUILD)/bpf/.flags | build/deps/bpf.stamp
	$(call say,BPF,$(BPF_NAMES))
	@mkdir -p $(@D)
	$(Q)BPF='$(BPF)' CLANG='$(BPF_CLANG)' OBJCOPY='$(BPF_OBJCOPY)' READELF='$(BPF_READELF)' CXX='$(CXX)' \
	  toolchain/bpf.sh $@ $(BUILD)/bpf '$(BPF_FLAGS)' $(BPF_NAMES)
endif

$(BUILD)/obj/hal/linux/bpf_programs.o: CXXFLAGS_ALL += -I$(GENERATED) $(if $(filter 0,$(BPF)),-DBONDBOX_NO_BPF)
$(BUILD)/obj/hal/linux/bpf_programs.o: $(BPF_HEADER)

$(BUILD)/obj/tests/support/source_dir.o: TESTFLAGS_ALL += -I$(GENERATED)
$(BUILD)/obj/tests/support/source_dir.o: $(GENERATED)/source_dir_generated.hpp

$(TEST_OBJECTS): $(BUILD)/obj/%.o: %.cpp $(BUILD)/obj/.test-flags $(TEST_PCH).gch | $(NEEDED)
	$(call say,CXX,$<)
	@mkdir -p $(@D)
	$(Q)$(CXX) $(TESTFLAGS_ALL) $(if $(findstring main.cpp,$<),,-include $(TEST_PCH)) -MMD -MP -c $< -o $@

# What measures must not be slower than what is measured, and the swarm is to see many worlds.
$(SWARM_OBJECTS): CXXFLAGS_ALL += $(BOOST_TEST)
$(BENCH_OBJECTS) $(MICRO_OBJECTS) $(SWARM_OBJECTS): $(BUILD)/obj/%.o: %.cpp $(BUILD)/obj/.flags | $(NEEDED) $(TESTED)
	$(call say,CXX,$<)
	@mkdir -p $(@D)
	$(Q)$(CXX) $(CXXFLAGS_ALL) -O2 -MMD -MP -c $< -o $@

# Boost.Test's header takes longer to compile than most tests; it is compiled once.
$(TEST_PCH).gch: $(BUILD)/obj/.test-flags | $(NEEDED) $(TESTED)
	$(call say,CXX,boost/test/unit_test.hpp)
	@mkdir -p $(@D)
	@echo '#include <boost/test/unit_test.hpp>' > $(TEST_PCH)
	$(Q)$(CXX) $(TESTFLAGS_ALL) -x c++-header $(TEST_PCH) -o $@

# ---- Fuzzing ---------------------------------------------------------------------------------------------------------

# Everything once more, by clang with libFuzzer's counters and the sanitizers: a program for each target.
FUZZ_CXX     ?= clang++
FUZZ_TARGETS := $(patsubst tests/fuzz/targets/%.cpp,%,$(call find,tests/fuzz/targets))
FUZZ_FLAGS   := $(filter-out -Werror,$(COMMON)) -Wno-unknown-warning-option -Wno-sign-conversion -Os -g1 -fno-omit-frame-pointer \
  -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all -D_GLIBCXX_ASSERTIONS \
  -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
FUZZ_OBJECT   = $(patsubst %.cpp,build/fuzz/obj/%.o,$(1))
FUZZ_PROGRAM := $(call FUZZ_OBJECT,$(filter-out firmware/main.cpp firmware/cli/% hal/pcap/static_link.cpp \
  hal/pcap/pcap_nic.cpp hal/pcap/software_offload.cpp,$(PROGRAM_SOURCES)) $(call find,tests/fuzz/support))
FUZZ_OWN     := $(call FUZZ_OBJECT,$(call find,tests/fuzz/targets tests/fuzz/engine))
FUZZ_TIME     = $(or $(TIME),60)
FUZZ_CHOSEN   = $(or $(TARGET),$(FUZZ_TARGETS))

fuzz: $(patsubst %,build/fuzz/%,$(FUZZ_CHOSEN)) build/fuzz/seeds.stamp ## look for inputs that break a promise; TIME=60 (seconds for all), TARGET=name
	$(Q)tests/fuzz/run.sh build/fuzz '$(FUZZ_TIME)' $(FUZZ_CHOSEN)

fuzz-keep: $(patsubst %,build/fuzz/%,$(FUZZ_CHOSEN)) ## put the fewest inputs that reach what fuzz has reached into tests/fuzz/corpus
	$(Q)tests/fuzz/keep.sh build/fuzz $(FUZZ_CHOSEN)

$(eval $(call remember,build/fuzz/obj/.flags,$(FUZZ_CXX) $(FUZZ_FLAGS)))
$(FUZZ_PROGRAM) $(FUZZ_OWN): build/fuzz/obj/%.o: %.cpp build/fuzz/obj/.flags | build/deps/build.stamp build/deps/fuzz.stamp
	$(call say,FUZZ,$<)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CXX) $(FUZZ_FLAGS) $(if $(filter tests/%,$<),,$(FUZZ_PROGRAM_FLAGS)) -MMD -MP -c $< -o $@
FUZZ_PROGRAM_FLAGS := -fno-exceptions
$(addprefix build/fuzz/obj/,firmware/config/document.o hal/linux/bpf_later.o firmware/render_json.o firmware/render_drill.o): FUZZ_PROGRAM_FLAGS :=
build/fuzz/obj/firmware/version.o build/fuzz/obj/firmware/page/page.o build/fuzz/obj/hal/linux/bpf_programs.o: FUZZ_FLAGS += -I$(GENERATED)
build/fuzz/obj/firmware/version.o: $(GENERATED)/version_generated.hpp
build/fuzz/obj/hal/linux/bpf_programs.o: $(BPF_HEADER)
build/fuzz/obj/firmware/page/page.o: $(PAGE_HEADER)
build/fuzz/program.a: $(FUZZ_PROGRAM)
	$(call say,AR,$@)
	$(Q)rm -f $@; ar rcsT $@ $^
$(patsubst %,build/fuzz/%,$(FUZZ_TARGETS)): build/fuzz/%: build/fuzz/obj/tests/fuzz/engine/main.o \
  build/fuzz/obj/tests/fuzz/targets/%.o build/fuzz/program.a
	$(call say,LINK,$@)
	$(Q)$(FUZZ_CXX) -fsanitize=fuzzer,address,undefined $^ -lpcap -o $@
build/fuzz/seed-maker: build/fuzz/obj/tests/fuzz/engine/seeds.o build/fuzz/program.a
	$(call say,LINK,$@)
	$(Q)$(FUZZ_CXX) -fsanitize=address,undefined,fuzzer-no-link $^ -lpcap -o $@
build/fuzz/seeds.stamp: build/fuzz/seed-maker $(wildcard tests/oracle/data/*)
	$(call say,SEEDS,build/fuzz)
	$(Q)build/fuzz/seed-maker tests/oracle/data build/fuzz && touch $@

# ---- Images ----------------------------------------------------------------------------------------------------------

# A board names the machine that its program is compiled for; this machine's own is build/bondbox.
triple_of  = $(shell sed -n 's/^triple=//p' board/$(1)/board.conf)
program_of = build/$(addsuffix /,$(filter-out $(shell $(CXX) -dumpmachine),$(call triple_of,$(1))))bondbox

# Packages are fetched once, whatever of this tree changes later.
define board_rules
build/image/$(1)/kernel: $(program_of) board/image.sh toolchain/unpack.sh \
  $(shell find board/$(1) board/common) | build/deps/image.stamp
	$(Q)board/image.sh $(1) $$< $$(@D) || { rm -f $$@; exit 1; }
endef
$(foreach board,$(BOARDS),$(eval $(call board_rules,$(board))))

# Where packages cannot be had the tests are skipped, and say so.
images-to-test: $(PROGRAM)
	$(Q)for board in $(TEST_BOARDS); do \
	  $(MAKE) --no-print-directory image BOARD=$$board || echo "  SKIP  there is no image of $$board" >&2; done

# LAUNCHER: a word before another machine's compiler, ccache for instance.
LAUNCHER ?=
ifeq ($(BUILD),build)
$(foreach triple,$(ALL_TRIPLES),$(eval build/$(triple)/tests/bondbox-tests: build/$(triple)/bondbox))
$(foreach triple,$(ALL_TRIPLES),build/$(triple)/bondbox build/$(triple)/tests/bondbox-tests): always
	$(Q)triple='$(word 2,$(subst /, ,$@))'; \
	$(MAKE) TRIPLE=$$triple CXX="$(addsuffix $() ,$(LAUNCHER))$$triple-g++" STRIP=$$triple-strip $@
endif

# Functions whose code is the same become one, some 50 kB of them: nothing here knows functions by their addresses. GNU's
# linker does not do it; where LLVM's is missing, and for other machines, the program is that much larger. FOLD=0: never.
comma := ,
fold   = $(if $(and $(filter build,$(BUILD)),$(filter 1,$(FOLD)),$(shell command -v ld.lld)),-fuse-ld=lld -Wl$(comma)--icf=all -Wl$(comma)-O2)

# Nothing is thrown through functions of the C library or libpcap, so their tables for that stay behind (67 kB): the
# program is linked with copies that have none. A library that cannot be copied is linked as it is.
SLIM := $(BUILD)/slim
define slim
mkdir -p $(SLIM); for name in libc.a libpcap.a; do \
  file=$(if $(SYSROOT),$(SYSROOT)/usr/lib/$(TRIPLE)/$$name); [ -n "$$file" ] && [ -f "$$file" ] || file=$$($(CXX) -print-file-name=$$name); \
  $(OBJCOPY) --remove-section .eh_frame --remove-section .rela.eh_frame --remove-section .rel.eh_frame \
    "$$file" $(SLIM)/$$name 2> /dev/null || rm -f $(SLIM)/$$name; \
done
endef

$(PROGRAM).debug: $(LINKED_OBJECTS) $(BUILD)/obj/.link-flags | $(if $(filter build,$(BUILD)),build/deps/link.stamp)
	$(call say,LINK,$(PROGRAM))
ifeq ($(LINK),-static)
	$(Q)$(slim)
	$(Q)$(CXX) $(LINK) $(fold) -L$(SLIM) $(LDFLAGS_ALL) $(LINKED_OBJECTS) $(LIBRARIES) -o $@
else
	$(Q)$(CXX) $(LINK) $(LDFLAGS_ALL) $(LINKED_OBJECTS) $(LIBRARIES) -o $@
endif

ifeq ($(LINK),-static)
$(PROGRAM): $(PROGRAM).debug
	$(Q)$(STRIP) -R .comment -o $@ $<
else
$(PROGRAM): $(PROGRAM).debug
	$(Q)ln -f $< $@
endif

BENCH_SUPPORT := $(SUPPORT_OBJECTS) $(filter $(BUILD)/obj/tests/lab/support/%,$(LAB_OBJECTS)) \
  $(filter $(BUILD)/obj/tests/live/support/%,$(LIVE_OBJECTS))

$(UNIT): $(LIBRARY_OBJECTS) $(SUPPORT_OBJECTS) $(UNIT_OBJECTS) $(call objects_of,$(BENCH_CHECKED)) $(BUILD)/obj/.unit-flags
$(LAB):  $(LIBRARY_OBJECTS) $(SUPPORT_OBJECTS) $(LAB_OBJECTS) $(call objects_of,$(LAB_MEASURES) $(SOAK_MEASURES)) \
  $(filter-out %/main.o,$(SOAK_OBJECTS)) $(BUILD)/obj/.lab-flags
$(SOAK): $(LIBRARY_OBJECTS) $(SUPPORT_OBJECTS) $(filter $(BUILD)/obj/tests/lab/support/%,$(LAB_OBJECTS)) $(SOAK_OBJECTS) \
  $(call objects_of,$(SOAK_MEASURES)) $(BUILD)/obj/.lab-flags
$(LIVE): $(LIBRARY_OBJECTS) $(SUPPORT_OBJECTS) $(LIVE_OBJECTS) $(BUILD)/obj/.live-flags
$(IMAGE): $(LIBRARY_OBJECTS) $(SUPPORT_OBJECTS) $(IMAGE_OBJECTS) $(BUILD)/obj/.image-flags
$(SWARM): $(LIBRARY_OBJECTS) $(SUPPORT_OBJECTS) $(SWARM_OBJECTS) $(BUILD)/obj/.swarm-flags
$(BENCH): $(LIBRARY_OBJECTS) $(BENCH_SUPPORT) $(BENCH_OBJECTS) $(BUILD)/obj/.bench-flags
$(MICRO): $(LIBRARY_OBJECTS) $(MICRO_OBJECTS) $(BUILD)/obj/.bench-flags
$(UNIT) $(LAB) $(LIVE) $(IMAGE) $(SWARM) $(BENCH) $(MICRO) $(SOAK):
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CXX) $(TEST_LINK) $(LDFLAGS_ALL) $(filter %.o,$^) $(BOOST_TEST_LINK) $(LIBRARIES) -o $@

$(eval $(call remember,build/threads/obj/.flags,$(CXX) $(THREAD_FLAGS) $(THREAD_SOURCES)))
$(THREAD_OBJECTS): build/threads/obj/%.o: %.cpp build/threads/obj/.flags | $(NEEDED) $(TESTED)
	$(call say,CXX,$<)
	@mkdir -p $(@D)
	$(Q)$(CXX) $(THREAD_FLAGS) -MMD -MP -c $< -o $@
$(THREADS): $(THREAD_OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CXX) -fsanitize=thread $^ -lboost_unit_test_framework -o $@

-include $(FUZZ_PROGRAM:.o=.d) $(FUZZ_OWN:.o=.d) $(THREAD_OBJECTS:.o=.d) $(PROGRAM_OBJECTS:.o=.d) $(TEST_OBJECTS:.o=.d) $(BENCH_OBJECTS:.o=.d) $(MICRO_OBJECTS:.o=.d) $(SWARM_OBJECTS:.o=.d)
