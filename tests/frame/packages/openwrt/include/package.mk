# Plays the part of OpenWrt's package.mk: `make` runs each step in order, `make info` shows what a package says of itself.
PKG_BUILD_DIR ?= $(BUILD_DIR)/$(PKG_NAME)-$(PKG_VERSION)
define BuildPackage
play:
	mkdir -p $(PKG_BUILD_DIR)
	$(call Build/Prepare)
	$(call Build/Compile)
	$(call Package/$(1)/install,$(OUT)/root)
info:
	@echo '$(strip $(subst $(newline), ,$(Package/$(1))))'
	@echo '$(strip $(Package/$(1)/conffiles))'
endef
define newline


endef
.DEFAULT_GOAL := play
