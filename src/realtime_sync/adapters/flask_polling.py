"""The polling fallback as a view of a Flask application."""

from collections.abc import Callable

import flask

from realtime_sync.adapters._polls import CONTENT_TYPE, MAX_REQUEST_BYTES, read_message, subscriber_of, write_reply
from realtime_sync.broadcast.threaded_broadcaster import ThreadedBroadcaster

__all__ = ["polling_view"]


def polling_view(hub: ThreadedBroadcaster, *, namespace: str = "/") -> Callable[[], flask.Response]:
    """Return a view that answers polls; `authorize` is called in its request's context.

        app.add_url_rule("/poll", view_func=polling_view(hub), methods=["POST"])

    By POST alone: a poll carries what a client passes as `auth`, which has no place in an address. Whether other
    origins may ask is the application's to say, as is how often.

    Args:
        hub: Whose channels are asked for.
        namespace: What `authorize` is told.
    """

    def realtime_sync_poll() -> flask.Response:
        body = flask.request.stream.read(MAX_REQUEST_BYTES + 1)
        if len(body) > MAX_REQUEST_BYTES:
            return flask.Response(status=413)
        message = read_message(body)
        reply = hub.answer_poll(message, subscriber=subscriber_of(message, flask.request.environ, namespace))
        return flask.Response(write_reply(reply), content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})

    return realtime_sync_poll
