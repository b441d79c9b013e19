"""The Python host of mediasoup-worker: complete, typed, usable alone; see ``proctor_sfu.mediasoup.worker``."""
