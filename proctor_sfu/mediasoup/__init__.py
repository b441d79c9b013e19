"""The Python host of mediasoup-worker: complete, typed, usable alone. ``worker.py`` begins with a whole program.

It has the classes of the mediasoup API (https://mediasoup.org/documentation/v3/mediasoup/api/) with their names in
snake_case; tests/conformance holds it against the official host, and lists where and why it differs. What holds for
every class:

- A method that asks the worker sends its request at once and returns a future, so many can be under way. The future
  fails with `WorkerClosedError` when the worker is closed or dies, `NotFoundError` when the entity is closed, and
  `InvalidArgumentError` or `WorkerRequestError` with the worker's own reason. Arguments that cannot be meant are
  refused by the call itself, before anything is sent: `InvalidArgumentError`, `UnsupportedError`, `NotFoundError`.
- ``close()`` is idempotent, takes effect at once and closes what lives in the entity; a future still waited for is not
  lost, what it would have made is closed again.
- Events are heard with ``on()``, ``once()`` and ``wait()``. ``observer`` has those for whoever watches without owning.
- Values are immutable. Bitrates are bits per second, sizes bytes, times milliseconds unless said otherwise; None is
  "there is no such thing", never zero.
"""
