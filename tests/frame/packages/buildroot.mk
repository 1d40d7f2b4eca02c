# Plays Buildroot's part for a package of an external tree, as far as board/packages/buildroot needs it: lays the source
# tree (links, without what a developer has built), then runs the commands of each step in Buildroot's order.
#   make -f buildroot.mk BR2_EXTERNAL_BONDBOX_PATH=... OUT=... [BR2_...=y] [MAKE=...]
.DEFAULT_GOAL := play
TARGET_DIR  := $(OUT)/target
STAGING_DIR := $(OUT)/staging
INSTALL     := install
TARGET_CXX  ?= g++
TARGET_STRIP ?= strip
TARGET_MAKE_ENV := PATH=$(PATH)

github = https://github.com/$(1)/$(2)/archive/$(3)
KCONFIG_ENABLE_OPT = echo enable $(1)
UPPER = $(shell echo '$(1)' | tr 'a-z-' 'A-Z_')
pkgname = $(lastword $(subst /, ,$(dir $(lastword $(MAKEFILE_LIST)))))

lay-tree = for entry in $(1)/*; do [ "$${entry\#\#*/}" = build ] || ln -sfn "$$entry" $(@D)/; done
lay-headers = mkdir -p $(@D)/include/toml++ && touch $(@D)/include/toml++/toml.h

define inner-generic-package
played += $(OUT)/build/$(1)-$($(2)_VERSION)/.played
$(OUT)/build/$(1)-$($(2)_VERSION)/.played: $(foreach other,$(filter bondbox-%,$($(2)_DEPENDENCIES)),$(OUT)/build/$(other)-$($(call UPPER,$(other))_VERSION)/.played)
	mkdir -p $$(@D)
	@echo '$(1) depends on $($(2)_DEPENDENCIES)'
	@echo '$(1) is licensed by $($(2)_LICENSE_FILES)'
	$(if $(filter local,$($(2)_SITE_METHOD)),$$(call lay-tree,$($(2)_SITE)),$$(lay-headers))
	$$($(2)_BUILD_CMDS)
	$(if $(filter YES,$($(2)_INSTALL_STAGING)),$$($(2)_INSTALL_STAGING_CMDS))
	$(if $(filter NO,$($(2)_INSTALL_TARGET)),,$$($(2)_INSTALL_TARGET_CMDS))
	$$($(2)_INSTALL_INIT_$(INIT))
	$$($(2)_LINUX_CONFIG_FIXUPS)
	touch $$@
endef
generic-package = $(call inner-generic-package,$(pkgname),$(call UPPER,$(pkgname)))

include $(BR2_EXTERNAL_BONDBOX_PATH)/external.mk
play: $(played)
