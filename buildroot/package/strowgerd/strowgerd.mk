################################################################################
#
# strowgerd
#
################################################################################

STROWGERD_VERSION = $(call qstrip,$(shell sed -n \
	's/^version = "\(.*\)"/\1/p' $(BR2_EXTERNAL_STROWGER_PATH)/../Cargo.toml | head -n 1))
STROWGERD_SITE = $(BR2_EXTERNAL_STROWGER_PATH)/..
STROWGERD_SITE_METHOD = local
STROWGERD_SUBDIR = appliance/daemon
STROWGERD_LICENSE = MIT or Apache-2.0
STROWGERD_LICENSE_FILES = LICENSE-MIT LICENSE-APACHE
STROWGERD_DEPENDENCIES = host-pkgconf opus strowger-webui

# What builds and runs leave in a clone is no source.
STROWGERD_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS = \
	--exclude=/target --exclude=/var --exclude=/.cache --exclude=/images/out \
	--exclude=/webui/dist --exclude=node_modules

# Buildroot vendors what it downloads, and a local source is not downloaded.
define STROWGERD_VENDOR
	mkdir -p $(@D)/.cargo $(BR_CARGO_HOME)
	cd $(@D) && \
		$(HOST_MAKE_ENV) $(PKG_COMMON_CARGO_ENV) \
		flock $(BR_CARGO_HOME)/.br-lock \
		cargo vendor --locked VENDOR > .cargo/config.toml
endef
STROWGERD_PRE_CONFIGURE_HOOKS += STROWGERD_VENDOR

define STROWGERD_WEBUI
	rm -rf $(@D)/webui/dist
	cp -a $(STAGING_DIR)/usr/share/strowger-webui $(@D)/webui/dist
endef
STROWGERD_PRE_BUILD_HOOKS += STROWGERD_WEBUI

# The profile of the workspace, which Buildroot's own would replace. Paths of the machine that builds
# must not be in the program.
STROWGERD_CARGO_ENV = \
	CARGO_PROFILE_RELEASE_LTO="thin" \
	CARGO_PROFILE_RELEASE_CODEGEN_UNITS="4" \
	PKG_CONFIG_ALLOW_CROSS=1 \
	RUSTFLAGS="--remap-path-prefix=$(@D)=/strowger"
STROWGERD_CARGO_BUILD_OPTS = --bin strowgerd
STROWGERD_CARGO_INSTALL_OPTS = --bin strowgerd

define STROWGERD_USERS
	strowger -1 strowger -1 * /data/strowger - - Telephone exchange
endef

define STROWGERD_INSTALL_INIT_SYSTEMD
	$(INSTALL) -D -m 0644 $(STROWGERD_PKGDIR)/strowgerd.service \
		$(TARGET_DIR)/usr/lib/systemd/system/strowgerd.service
endef

$(eval $(cargo-package))
