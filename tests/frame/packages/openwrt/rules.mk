# Plays the part of OpenWrt's rules.mk, as far as board/packages/openwrt needs it: OUT is where all goes.
INCLUDE_DIR   := $(TOPDIR)/include
BUILD_DIR     := $(OUT)/build
STAGING_DIR   := $(OUT)/staging
INSTALL_DIR   := install -d -m0755
INSTALL_BIN   := install -m0755
TARGET_CXX    ?= g++
TARGET_STRIP  ?= strip
MAKE_VARS      = CFLAGS=
