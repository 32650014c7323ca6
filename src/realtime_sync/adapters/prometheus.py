"""What a broadcaster counted, for Prometheus.

    from prometheus_client import REGISTRY
    from realtime_sync.adapters.prometheus import StatsCollector

    REGISTRY.register(StatsCollector(hub))

Names follow the conventions of https://prometheus.io/docs/practices/naming/: base units, `_total` for what only grows.
No label has a channel's or a client's name, so that their number does not grow with use.
"""

import inspect
import re
from collections.abc import Iterator
from enum import Enum
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from realtime_sync.broadcast.stats import Stats

__all__ = ["StatsCollector"]

_PREFIX = "realtime_sync"

_GAUGES = ("channels", "subscriptions", "queued_events", "pending_operations", "parked")
"""What goes up and down; everything else only grows."""

_UNITS = {"encode_s": "encode_seconds", "bytes_sent": "sent_bytes", "bytes_saved": "saved_bytes"}
"""Where Prometheus would call a field otherwise: the unit stands last, and is a base unit."""


class _Counted(Protocol):
    """A broadcaster, of either shell."""

    def get_stats(self) -> Stats:
        """Return counters and gauges."""


class StatsCollector(Collector):
    """Reads `hub.get_stats()` at each scrape; counts nothing of its own.

    Args:
        hub: What `realtime_sync.attach` returned.
        labels: Label names and values for every metric, to tell several broadcasters of one process apart.
    """

    def __init__(self, hub: _Counted, labels: dict[str, str] | None = None) -> None:
        self._hub = hub
        self._names, self._values = list(labels or {}), list((labels or {}).values())

    def collect(self) -> Iterator[Metric]:
        """Yield a metric for each attribute of `Stats`."""
        stats = self._hub.get_stats()
        for name, help_text in _HELP.items():
            value = getattr(stats, name)
            metric_name = f"{_PREFIX}_{_UNITS.get(name, name)}"
            if name in _GAUGES:
                gauge = GaugeMetricFamily(metric_name, help_text, labels=self._names)
                gauge.add_metric(self._values, value)
                yield gauge
            elif isinstance(value, (int, float)):
                counter = CounterMetricFamily(metric_name, help_text, labels=self._names)
                counter.add_metric(self._values, value)
                yield counter
            else:
                yield self._by_cause(metric_name, help_text, value)

    def describe(self) -> Iterator[Metric]:
        """Yield what `collect` yields: its names do not depend on what happened."""
        return self.collect()

    def _by_cause(self, name: str, help_text: str, counts: dict[Enum, int]) -> Metric:
        metric = CounterMetricFamily(name, help_text, labels=[*self._names, "cause"])
        for cause, count in counts.items():
            metric.add_metric([*self._values, str(cause.value)], count)
        return metric


def _help_texts() -> dict[str, str]:
    """Return the sentence that the docstring of `Stats` has for each attribute, in its order."""
    documented = inspect.getdoc(Stats) or ""
    _, _, attributes = documented.partition("Attributes:\n")
    entries = re.findall(r"^    (\w+): ((?:.+)(?:\n {8}.+)*)", attributes, re.MULTILINE)
    return {name: re.sub(r"\s+", " ", text).removesuffix(" (gauge).") for name, text in entries}


_HELP = _help_texts()
