// libnl, and the kernel's own numbers for the IPVS family and for neighbours.
#pragma once
#include <linux/if_ether.h>
#include <linux/ip_vs.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
