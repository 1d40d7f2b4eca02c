################################################################################
#
# bondbox-tomlplusplus
#
################################################################################

BONDBOX_TOMLPLUSPLUS_VERSION = 3.3.0
BONDBOX_TOMLPLUSPLUS_SITE = $(call github,marzer,tomlplusplus,v$(BONDBOX_TOMLPLUSPLUS_VERSION))
BONDBOX_TOMLPLUSPLUS_LICENSE = MIT
BONDBOX_TOMLPLUSPLUS_LICENSE_FILES = LICENSE
BONDBOX_TOMLPLUSPLUS_INSTALL_STAGING = YES
BONDBOX_TOMLPLUSPLUS_INSTALL_TARGET = NO

define BONDBOX_TOMLPLUSPLUS_INSTALL_STAGING_CMDS
	mkdir -p $(STAGING_DIR)/usr/include
	cp -R $(@D)/include/toml++ $(STAGING_DIR)/usr/include/
endef

$(eval $(generic-package))
