include $(sort $(wildcard $(BR2_EXTERNAL_STROWGER_PATH)/package/*/*.mk))
