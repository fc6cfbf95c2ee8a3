#pragma once
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <pcap/pcap.h>
