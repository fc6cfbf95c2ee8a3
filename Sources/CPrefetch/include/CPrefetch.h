#pragma once

/// Asks the processor to fetch the cache line at `address`; any address is allowed.
static inline void ipvscope_prefetch(const void *address) { __builtin_prefetch(address, 1, 3); }
