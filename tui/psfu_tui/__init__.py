"""``psfu monitor``: the screens of the person who watches over an exam, and the same numbers for scripts."""
