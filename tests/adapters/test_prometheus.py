"""The collector, scraped by Prometheus's own text format."""

import attrs
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from realtime_sync import AsyncBroadcaster, Stats, allow_everyone
from realtime_sync.adapters.prometheus import _GAUGES, StatsCollector
from realtime_sync.broadcast.stats import Counters, Drop, ResyncCause
from realtime_sync.testing import MemoryTransport


class Counting:
    """What a collector reads: counters without a broadcaster."""

    def __init__(self) -> None:
        self.counters = Counters()

    def get_stats(self) -> Stats:
        return attrs.evolve(self.counters.stats(), channels=3)


def scraped(*collectors: StatsCollector) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    text = generate_latest(registry).decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_counters_are_totals_in_base_units_and_gauges_are_as_they_are() -> None:
    hub = Counting()
    hub.counters.add(frames=7, encode_s=0.25, bytes_sent=1_000, bytes_saved=9_000)
    found = scraped(StatsCollector(hub))
    assert found["realtime_sync_frames_total", ()] == 7
    assert found["realtime_sync_encode_seconds_total", ()] == 0.25
    assert found["realtime_sync_sent_bytes_total", ()] == 1_000
    assert found["realtime_sync_saved_bytes_total", ()] == 9_000
    assert found["realtime_sync_channels", ()] == 3


def test_each_cause_is_a_label_from_the_beginning() -> None:
    hub = Counting()
    hub.counters.drop(Drop.QUEUE_FULL, 5)
    hub.counters.resync(ResyncCause.GAP)
    found = scraped(StatsCollector(hub))
    assert found["realtime_sync_dropped_total", (("cause", "queue_full"),)] == 5
    assert found["realtime_sync_dropped_total", (("cause", "catch_up"),)] == 0
    assert found["realtime_sync_resyncs_total", (("cause", "gap"),)] == 1
    assert found["realtime_sync_resyncs_total", (("cause", "other_epoch"),)] == 0


def test_every_attribute_of_stats_is_a_metric_with_a_help_text() -> None:
    metrics = list(StatsCollector(Counting()).collect())
    assert len(metrics) == len(attrs.fields(Stats))
    assert all(metric.documentation.strip() for metric in metrics)
    assert {metric.name.removeprefix("realtime_sync_") for metric in metrics if metric.type == "gauge"} == set(_GAUGES)


def test_several_broadcasters_are_told_apart_by_labels() -> None:
    one, other = Counting(), Counting()
    one.counters.add(frames=1)
    other.counters.add(frames=2)
    found = scraped(StatsCollector(one, {"namespace": "/a"}))
    found |= scraped(StatsCollector(other, {"namespace": "/b"}))
    assert found["realtime_sync_frames_total", (("namespace", "/a"),)] == 1
    assert found["realtime_sync_frames_total", (("namespace", "/b"),)] == 2


async def test_it_reads_a_real_broadcaster() -> None:
    async with AsyncBroadcaster(MemoryTransport(), authorize=allow_everyone) as hub:
        channel = hub.channel("project_42", initial={})
        await channel.flush()
        found = scraped(StatsCollector(hub))
    assert found["realtime_sync_frames_total", ()] == 1
    assert found["realtime_sync_keyframes_total", ()] == 1
    assert not [name for name, labels in found if "project_42" in str(labels)]
