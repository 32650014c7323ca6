"""Clients in Python; `pip install "realtime-sync[client]"`."""

from realtime_sync.client.async_client import AsyncSyncClient
from realtime_sync.client.sync_channel import SyncWatchedChannel
from realtime_sync.client.sync_client import SyncClient
from realtime_sync.client.watched_channel import WatchedChannel
from realtime_sync.replication.backoff import Backoff
from realtime_sync.replication.subscription import Status

__all__ = ["AsyncSyncClient", "Backoff", "Status", "SyncClient", "SyncWatchedChannel", "WatchedChannel"]
