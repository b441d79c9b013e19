"""The ledger's chain: what it says of rows that were cut, changed, moved, taken out or put in."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor_sfu.recording import ledger
from proctor_sfu.recording.ledger import Chain

AT = 1_700_000_000.123


def write(count: int = 5) -> list[bytes]:
    chain = Chain()
    return [chain.append("gap", AT + n, {"track": "camera", "cause": "worker-died", "ms": n}) for n in range(count)]


LINES = write()
WHOLE = b"".join(LINES)


def test_it_reads_what_it_wrote() -> None:
    found = ledger.read(WHOLE)
    assert (found.end, found.torn, found.problem) == (len(WHOLE), 0, None)
    assert [row.n for row in found.rows] == [1, 2, 3, 4, 5]
    assert found.rows[2].at == pytest.approx(AT + 2)
    assert found.rows[2].event == "gap"
    assert found.rows[2].fields == {"track": "camera", "cause": "worker-died", "ms": 2}
    assert WHOLE[found.rows[2].offset :].startswith(LINES[2])


def test_anybody_can_check_the_chain_with_two_tools() -> None:
    before = ledger.GENESIS
    for line in LINES:
        row = json.loads(line)
        assert row["prev"] == before
        assert row["hash"] == hashlib.sha256(line[: line.rindex(b',"hash"')]).hexdigest()
        before = row["hash"]


def test_it_goes_on_where_it_ended() -> None:
    found = ledger.read(b"".join(LINES[:3]))
    assert found.chain.append("gap", AT + 3, {"track": "camera", "cause": "worker-died", "ms": 3}) == LINES[3]


def test_the_rest_of_a_ledger_can_be_read_alone() -> None:
    skipped = len(LINES[0]) + len(LINES[1])
    found = ledger.read(WHOLE[skipped:], first=False, base=skipped)
    assert [row.n for row in found.rows] == [3, 4, 5]
    assert (found.rows[0].offset, found.end) == (skipped, len(WHOLE))


def test_cut_anywhere_is_torn_never_tampered() -> None:
    for at in range(len(WHOLE) + 1):
        found = ledger.read(WHOLE[:at])
        assert found.problem is None
        assert found.end + found.torn == at
        assert len(found.rows) == WHOLE[:at].count(b"\n")


def test_zeros_behind_the_last_row_are_torn() -> None:
    found = ledger.read(WHOLE + bytes(300))
    assert (len(found.rows), found.torn, found.problem) == (5, 300, None)


def test_every_changed_byte_is_found_and_named() -> None:
    lines = LINES[:3]
    data = b"".join(lines)
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1 << at % 8
        found = ledger.read(bytes(changed))
        first_of_row = max(start for start in (0, len(lines[0]), len(lines[0] + lines[1])) if start <= at)
        if at == len(data) - 1:
            assert found.torn == len(lines[2])
            continue
        assert found.problem is not None, at
        assert found.problem.offset == first_of_row
        # Naming it tries every byte, so every seventh one has to do.
        assert at % 7 or ledger.changed_byte(bytes(changed), found.chain, found.problem.offset) == at


def test_more_than_one_changed_byte_has_no_name() -> None:
    changed = bytearray(WHOLE)
    changed[10] ^= 1
    changed[20] ^= 1
    assert ledger.changed_byte(bytes(changed), Chain(), 0) is None
    assert ledger.changed_byte(WHOLE, Chain(), 0) is None


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ([0, 2, 1, 3, 4], "row 3 stands where row 2"),
        ([0, 1, 3, 4], "row 4 stands where row 3"),
        ([0, 1, 1, 2], "row 2 stands where row 3"),
        ([1, 2, 3], "row 2 stands where row 1"),
    ],
)
def test_rows_in_another_order(order: list[int], reason: str) -> None:
    found = ledger.read(b"".join(LINES[n] for n in order))
    assert found.problem is not None
    assert reason in found.problem.reason


def test_a_row_written_anew_breaks_the_chain_behind_it() -> None:
    chain = Chain()
    chain.append("gap", AT, {"track": "camera", "cause": "worker-died", "ms": 0})
    forged = chain.append("gap", AT + 1, {"track": "camera", "cause": "disk-slow", "ms": 1})
    found = ledger.read(LINES[0] + forged + LINES[2])
    assert found.problem is not None
    assert found.problem.offset == len(LINES[0] + forged)
    assert "does not follow" in found.problem.reason


@pytest.mark.parametrize("line", [b"\n", b"{}\n", b"[]\n", b'{"n":1,"hash":"x"}\n', b"\xff\n", b"[" * 5000 + b"\n"])
def test_what_is_no_row(line: bytes) -> None:
    assert ledger.read(line + LINES[0]).problem is not None


def test_what_hashes_well_but_says_nothing() -> None:
    for body in (b"{", b'{"n":1', b'{"n":"x","at":"y","event":"z","prev":"q"', b'{"a":' + b"[" * 2000):
        line = body + b',"hash":"' + hashlib.sha256(body).hexdigest().encode() + b'"}\n'
        assert ledger.read(line).problem is not None


def test_fields_may_not_take_the_names_of_the_chain() -> None:
    with pytest.raises(ValueError, match="reserved"):
        Chain().append("gap", AT, {"prev": "x"})
    with pytest.raises(ValueError, match="row of"):
        Chain().append("gap", AT, {"note": "x" * ledger.LONGEST_ROW})
    with pytest.raises(ValueError, match="JSON compliant"):
        Chain().append("gap", AT, {"ms": float("nan")})


@given(st.dictionaries(st.text(min_size=1).filter(lambda name: name not in {"n", "at", "event", "prev", "hash"}),
                       st.text() | st.integers() | st.booleans() | st.none(), max_size=5))  # fmt: skip
def test_any_fields_come_back(fields: dict[str, object]) -> None:
    found = ledger.read(Chain().append("x", AT, fields))
    assert found.problem is None
    assert found.rows[0].fields == fields


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_exception(data: bytes) -> None:
    found = ledger.read(WHOLE + data)
    assert len(found.rows) >= 5 or found.problem is not None
