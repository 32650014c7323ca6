"""Names of rooms."""

from realtime_sync.broadcast.rooms import room_of


def test_no_two_pairs_of_channel_and_codec_share_a_room() -> None:
    parts = ["a", "|", "%", "a|", "|a", "a|a", "%7C", "a%7Ca", "||"]
    pairs = [(channel, codec) for channel in parts for codec in parts]
    assert len({room_of(*pair) for pair in pairs}) == len(pairs)
