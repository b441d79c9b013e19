from __future__ import annotations

import pytest

from proctor_sfu.quality.blame import Blame, Subject, explain, network, proctor_downlink


def subject(number: int, *, well: bool = True, worker: str = "1", block: str = "10.0.1.0/24", path: str = "udp",
            room: str = "a") -> Subject:  # fmt: skip
    return Subject(room=room, id=f"c{number}", well=well, worker=worker, network=block, path=path)


def test_a_bad_network() -> None:
    fallen = [subject(each, well=False, block="10.0.2.0/24", worker=str(each % 2)) for each in range(5)]
    others = [subject(each, worker=str(each % 2)) for each in range(10, 40)]
    found = explain(fallen, [*fallen, *others])
    assert (found.shared, found.value, found.others, found.room) == ("network", "10.0.2.0/24", 0, "a")
    assert found.summary == "5 candidates got worse at once: all in network 10.0.2.0/24, nobody there is well"
    assert found.candidates == ("a/c0", "a/c1", "a/c2", "a/c3", "a/c4")


def test_a_bad_worker() -> None:
    fallen = [subject(each, well=False, worker="2", block=f"10.0.{each}.0/24") for each in range(4)]
    others = [subject(each, worker="1", block=f"10.0.{each}.0/24") for each in range(10, 30)]
    survivor = subject(50, worker="2")
    found = explain(fallen, [*fallen, *others, survivor])
    assert (found.shared, found.value, found.others) == ("worker", "2", 1)
    assert found.summary == "4 candidates got worse at once: all on worker 2, 1 other there is well"


def test_a_bad_way() -> None:
    fallen = [subject(each, well=False, path="tcp", worker=str(each % 3), block=str(each)) for each in range(6)]
    others = [subject(each, worker=str(each % 3), block=str(each)) for each in range(10, 30)]
    assert explain(fallen, [*fallen, *others]).shared == "path"


def test_one_stray_does_not_hide_what_the_others_share() -> None:
    fallen = [subject(each, well=False, block="10.0.2.0/24", worker=str(each % 2)) for each in range(9)]
    fallen.append(subject(9, well=False, block="10.9.9.0/24"))
    others = [subject(each, worker=str(each % 2)) for each in range(20, 60)]
    assert explain(fallen, [*fallen, *others]).shared == "network"


def test_coincidence() -> None:
    fallen = [subject(each, well=False, worker=str(each), block=str(each), room=f"r{each}") for each in range(4)]
    others = [subject(each, worker=str(each % 4), block=str(each % 4), room=f"r{each % 4}") for each in range(10, 90)]
    found = explain(fallen, [*fallen, *others])
    assert (found.shared, found.value, found.room) == ("nothing", "", None)
    assert found.summary == "4 candidates got worse at once and share nothing"


def test_what_most_of_are_well_is_not_the_cause() -> None:
    fallen = [subject(each, well=False) for each in range(3)]
    assert explain(fallen, [*fallen, *(subject(each) for each in range(10, 14))]).shared == "nothing"


def test_of_equal_causes_the_server_is_suspected_first_and_the_network_named_too() -> None:
    fallen = [subject(each, well=False) for each in range(3)]
    found = explain(fallen, fallen)
    assert (found.shared, found.value) == ("worker", "1")
    told = "3 candidates got worse at once: all on worker 1 and in network 10.0.1.0/24, nobody there is well"
    assert found.summary == told


def test_what_more_of_them_share_explains_better() -> None:
    fallen = [subject(each, well=False, worker="1" if each else "2") for each in range(6)]
    found = explain(fallen, [*fallen, *(subject(each, worker="3", block="10.0.9.0/24") for each in range(10, 20))])
    assert (found.shared, found.value) == ("network", "10.0.1.0/24")
    assert "worker" not in found.summary


def test_the_window_is_three_seconds_and_two_are_not_several() -> None:
    blame = Blame()
    everybody = [subject(each) for each in range(4)]
    assert blame.feed(0, everybody[:1], everybody) is None
    assert blame.feed(1, everybody[1:2], everybody) is None
    assert blame.feed(3, [], everybody) is None, "two only"
    assert blame.feed(10, everybody[:1], everybody) is None
    assert blame.feed(11, everybody[1:3], everybody) is None
    assert blame.feed(12, [], everybody) is None
    found = blame.feed(13, [], everybody)
    assert found is not None and len(found.candidates) == 3
    assert blame.feed(20, [], everybody) is None


def test_one_that_falls_again_and_again_is_one() -> None:
    blame = Blame()
    for second in range(3):
        assert blame.feed(second, [subject(1)], [subject(1)]) is None
    assert blame.feed(3, [], [subject(1)]) is None


@pytest.mark.parametrize(
    ("address", "block"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("unknown", None),
        ("", None),
        (None, None),
        ("fe80::1%eth0", "fe80::/48"),
    ],
)
def test_blocks(address: str | None, block: str | None) -> None:
    assert network(address) == block


def test_a_proctors_own_downlink() -> None:
    found = proctor_downlink("pam", ["a/c2", "a/c1"], "a")
    assert (found.shared, found.value, found.candidates) == ("proctor", "pam", ("a/c1", "a/c2"))
