################################################################################
#
# strowger-webui
#
################################################################################

STROWGER_WEBUI_VERSION = $(STROWGERD_VERSION)
STROWGER_WEBUI_SITE = $(BR2_EXTERNAL_STROWGER_PATH)/../webui
STROWGER_WEBUI_SITE_METHOD = local
STROWGER_WEBUI_LICENSE = MIT or Apache-2.0
STROWGER_WEBUI_DEPENDENCIES = host-nodejs
STROWGER_WEBUI_INSTALL_STAGING = YES
STROWGER_WEBUI_INSTALL_TARGET = NO
STROWGER_WEBUI_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS = --exclude=/dist --exclude=node_modules

# The lock file names the hash of each package that npm fetches.
define STROWGER_WEBUI_BUILD_CMDS
	cd $(@D) && $(NPM) ci --no-audit --no-fund
	cd $(@D) && $(NPM) run build
endef

define STROWGER_WEBUI_INSTALL_STAGING_CMDS
	rm -rf $(STAGING_DIR)/usr/share/strowger-webui
	mkdir -p $(STAGING_DIR)/usr/share
	cp -a $(@D)/dist $(STAGING_DIR)/usr/share/strowger-webui
endef

$(eval $(generic-package))
