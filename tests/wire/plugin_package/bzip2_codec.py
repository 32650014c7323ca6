"""JSON compressed by bzip2, as another package would bring it: public names of realtime_sync alone."""

import bz2

import realtime_sync as rs


class Bzip2Codec:
    """A codec of its own name, which keeps the limits that it is called with."""

    name = "json+bzip2"
    is_text = False

    def encode(self, obj: rs.Json) -> bytes:
        return bz2.compress(rs.get_codec("json").encode(obj))

    def decode(self, data: bytes, *, limits: rs.Limits = rs.Limits()) -> rs.Json:  # noqa: B008 (a frozen value)
        stream = bz2.BZ2Decompressor()
        try:
            plain = stream.decompress(data, limits.max_decoded_bytes + 1)
        except (OSError, ValueError) as error:
            raise rs.DecodeError(self.name, str(error)) from error
        if len(plain) > limits.max_decoded_bytes:
            raise rs.LimitExceeded(self.name, "max_decoded_bytes", limits.max_decoded_bytes, len(plain))
        if not stream.eof or stream.unused_data:
            raise rs.DecodeError(self.name, "not exactly one bzip2 stream")
        return rs.get_codec("json").decode(plain, limits=limits)


codec = Bzip2Codec()
