"""Clients in Python; `pip install "realtime-sync[client]"`."""

from realtime_sync.client.async_client import AsyncSyncClient, WatchedChannel
from realtime_sync.replication.backoff import Backoff
from realtime_sync.replication.subscription import Status

__all__ = ["AsyncSyncClient", "Backoff", "Status", "WatchedChannel"]
