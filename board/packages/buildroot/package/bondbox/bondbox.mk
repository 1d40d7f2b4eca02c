################################################################################
#
# bondbox
#
################################################################################

BONDBOX_VERSION = 0.1.0
# The source tree that this recipe is in. For a release of your own set BONDBOX_SITE and BONDBOX_SITE_METHOD in
# local.mk, and write its hash into bondbox.hash.
BONDBOX_SITE ?= $(realpath $(BR2_EXTERNAL_BONDBOX_PATH)/../../..)
BONDBOX_SITE_METHOD ?= local
BONDBOX_LICENSE = MIT
BONDBOX_LICENSE_FILES = LICENSE
BONDBOX_DEPENDENCIES = boost libpcap bondbox-tomlplusplus

# What a developer's clone has built is not for the target.
BONDBOX_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS = --exclude /build --exclude /.git

# Static where the libraries are there for it: it is what brings the network up. Otherwise linked with the image's own.
BONDBOX_LINK = $(if $(BR2_STATIC_LIBS)$(BR2_SHARED_STATIC_LIBS),-static)

# Another compiler than GCC 12 may warn of more.
BONDBOX_MAKE_OPTS = \
	FOLD=0 \
	SETUP=0 \
	LINK=$(BONDBOX_LINK) \
	BPF=$(if $(BR2_PACKAGE_BONDBOX_BPF),1,0) \
	CXX="$(TARGET_CXX)" \
	STRIP="$(TARGET_STRIP)" \
	CXXFLAGS=-Wno-error \
	LDFLAGS="$(TARGET_LDFLAGS)"

define BONDBOX_BUILD_CMDS
	$(TARGET_MAKE_ENV) $(MAKE) -C $(@D) $(BONDBOX_MAKE_OPTS) build/bondbox
endef

define BONDBOX_INSTALL_TARGET_CMDS
	$(INSTALL) -D -m 0755 $(@D)/build/bondbox $(TARGET_DIR)/sbin/bondbox
	$(BONDBOX_INSTALL_OLD_WORDS)
endef

ifeq ($(BR2_PACKAGE_BONDBOX_IFENSLAVE),y)
define BONDBOX_INSTALL_OLD_WORDS
	ln -sf bondbox $(TARGET_DIR)/sbin/ifenslave
	for phase in if-pre-up if-down if-post-down; do \
		$(INSTALL) -D -m 0755 $(@D)/board/hooks/bondbox \
			$(TARGET_DIR)/etc/network/$$phase.d/bondbox || exit 1; \
	done
endef
endif

define BONDBOX_INSTALL_INIT_SYSV
	$(INSTALL) -D -m 0755 $(@D)/board/services/busybox/S20bondbox \
		$(TARGET_DIR)/etc/init.d/S20bondbox
endef

define BONDBOX_INSTALL_INIT_OPENRC
	$(INSTALL) -D -m 0755 $(@D)/board/services/openrc/bondbox \
		$(TARGET_DIR)/etc/init.d/bondbox
endef

define BONDBOX_INSTALL_INIT_SYSTEMD
	$(INSTALL) -D -m 0644 $(@D)/board/services/systemd/bondbox.service \
		$(TARGET_DIR)/usr/lib/systemd/system/bondbox.service
endef

define BONDBOX_LINUX_CONFIG_FIXUPS
	$(call KCONFIG_ENABLE_OPT,CONFIG_TUN)
	$(call KCONFIG_ENABLE_OPT,CONFIG_PACKET)
endef

$(eval $(generic-package))
