"""Keep many clients on the same live document."""
