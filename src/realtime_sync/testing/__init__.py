"""For tests of programs that use this library: no network, no waiting, and all the bad luck that a seed can hold."""

from realtime_sync.testing.lossy_link import LossyLink
from realtime_sync.testing.memory_transport import MemoryClient, MemoryTransport
from realtime_sync.testing.thread_clock import ThreadClock
from realtime_sync.testing.virtual_clock import VirtualClock

__all__ = ["LossyLink", "MemoryClient", "MemoryTransport", "ThreadClock", "VirtualClock"]
