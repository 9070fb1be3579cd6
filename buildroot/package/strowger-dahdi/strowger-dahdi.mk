################################################################################
#
# strowger-dahdi
#
################################################################################

STROWGER_DAHDI_RELEASE = 3.1.0+git20230717
STROWGER_DAHDI_VERSION = $(STROWGER_DAHDI_RELEASE)~dfsg-10.1
# On a mirror of the builder's choice, or in the download folder already.
STROWGER_DAHDI_SITE = $(or $(call qstrip,$(BR2_PACKAGE_STROWGER_DAHDI_SITE)),file://$(DL_DIR)/strowger-dahdi)
STROWGER_DAHDI_SOURCE = dahdi-dkms_$(STROWGER_DAHDI_VERSION)_all.deb
STROWGER_DAHDI_LICENSE = GPL-2.0, LGPL-2.1 (part of the headers)
STROWGER_DAHDI_LICENSE_FILES = copyright

# A .deb is an ar archive; sources and licences are in data.tar.xz.
define STROWGER_DAHDI_EXTRACT_CMDS
	cd $(@D) && ar x $(STROWGER_DAHDI_DL_DIR)/$(STROWGER_DAHDI_SOURCE) data.tar.xz
	$(call suitable-extractor,data.tar.xz) $(@D)/data.tar.xz | \
		$(TAR) -C $(@D) --strip-components=5 $(TAR_OPTIONS) - \
			./usr/src/dahdi-$(STROWGER_DAHDI_RELEASE)
	$(call suitable-extractor,data.tar.xz) $(@D)/data.tar.xz | \
		$(TAR) -C $(@D) --strip-components=5 $(TAR_OPTIONS) - \
			./usr/share/doc/dahdi-dkms/copyright
	rm $(@D)/data.tar.xz
endef

# Firmware is asked for at run time, where a card wants some: none is here to be linked in.
STROWGER_DAHDI_MODULE_SUBDIRS = drivers/dahdi
STROWGER_DAHDI_MODULE_MAKE_OPTS = \
	KSRC=$(LINUX_DIR) \
	KVERS=$(LINUX_VERSION_PROBED) \
	DAHDI_BUILD_ALL=m \
	DAHDI_INCLUDE=$(@D)/include \
	HOTPLUG_FIRMWARE=yes \
	INSTALL_MOD_DIR=dahdi

define STROWGER_DAHDI_LINUX_CONFIG_FIXUPS
	$(call KCONFIG_ENABLE_OPT,CONFIG_CRC_CCITT)
	$(call KCONFIG_ENABLE_OPT,CONFIG_FW_LOADER)
endef

# Makes the header with the version.
define STROWGER_DAHDI_CONFIGURE_CMDS
	$(TARGET_MAKE_ENV) $(MAKE) -C $(@D) $(STROWGER_DAHDI_MODULE_MAKE_OPTS) prereq
endef

$(eval $(kernel-module))
$(eval $(generic-package))
