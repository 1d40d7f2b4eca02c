include $(sort $(wildcard $(BR2_EXTERNAL_BONDBOX_PATH)/package/*/*.mk))
