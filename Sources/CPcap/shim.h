#pragma once
#include <linux/filter.h>
#include <pcap/pcap.h>
