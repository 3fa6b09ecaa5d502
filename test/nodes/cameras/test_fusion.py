"""Views of several cameras by their stamps: together or not at all, never a stale one, and who is missing is named."""

from moe3d_ros.nodes.cameras.fusion import ViewFusion

MS = 1_000_000


def fusion(names=("front", "left"), strict=False) -> ViewFusion:
    return ViewFusion(names, tolerance=0.02, timeout=1.0, now_ns=0, strict=strict)


def test_views_of_one_moment_are_given_out_once():
    both = fusion()
    assert both.add("front", 100 * MS, "f100", 110 * MS) is None
    assert both.add("left", 50 * MS, "l50", 111 * MS) is None
    assert both.add("left", 115 * MS, "l115", 118 * MS) == {"front": "f100", "left": "l115"}
    assert both.add("left", 118 * MS, "l118", 119 * MS) is None
    assert both.add("front", 130 * MS, "f130", 131 * MS) == {"front": "f130", "left": "l118"}
    assert both.missing(131 * MS) == {}


def test_a_late_camera_is_waited_for_and_matched_with_the_view_of_its_moment():
    both = fusion()
    for time in (100, 133, 166, 200):
        assert both.add("front", time * MS, f"f{time}", time * MS) is None
    assert both.add("left", 133 * MS, "l133", 210 * MS) == {"front": "f133", "left": "l133"}


def test_a_silent_camera_is_waited_for_then_named_and_never_mixed_in_stale():
    both = fusion()
    both.add("left", 0, "l0", 0)
    assert both.add("front", 1 * MS, "f1", 1 * MS) == {"front": "f1", "left": "l0"}
    both.add("left", 40 * MS, "l40", 40 * MS)  # its last one
    found = [both.add("front", t * MS, f"f{t}", t * MS) for t in range(100, 2000, 100)]
    assert found[:10] == [None] * 10
    assert found[10:] == [{"front": f"f{t}"} for t in range(1100, 2000, 100)]
    assert both.missing(1950 * MS) == {"left": "is silent"}
    assert both.age("left") == 1.91
    assert both.add("left", 2000 * MS, "l2000", 2000 * MS) is None  # it is back
    assert both.add("front", 2001 * MS, "f2001", 2001 * MS) == {"front": "f2001", "left": "l2000"}
    assert both.missing(2002 * MS) == {}


def test_one_that_always_comes_after_the_others_takes_part_again():
    both = fusion()
    for t in range(0, 1500, 100):  # alone
        both.add("front", t * MS, f"f{t}", t * MS)
    assert both.missing(1400 * MS) == {"left": "has sent nothing yet"}
    assert both.add("front", 1500 * MS, "f1500", 1500 * MS) == {"front": "f1500"}
    assert both.add("left", 1500 * MS, "l1500", 1505 * MS) is None  # too late for this one
    assert both.add("front", 1600 * MS, "f1600", 1600 * MS) is None
    assert both.add("left", 1600 * MS, "l1600", 1605 * MS) == {"front": "f1600", "left": "l1600"}


def test_the_next_leads_where_the_first_is_silent():
    three = fusion(("front", "left", "right"))
    for t in range(0, 1500, 100):
        three.add("left", t * MS, f"l{t}", t * MS)
        found = three.add("right", (t + 5) * MS, f"r{t}", (t + 5) * MS)
    assert found == {"left": "l1400", "right": "r1400"}
    assert three.missing(1405 * MS) == {"front": "has sent nothing yet"}


def test_refusing_gives_out_nothing_while_one_is_missing():
    both = fusion(strict=True)
    assert all(both.add("front", t * MS, "f", t * MS) is None for t in range(0, 3000, 100))
    assert both.missing(3000 * MS) == {"left": "has sent nothing yet"}
    assert both.add("left", 2850 * MS, "l", 3000 * MS) is None
    assert set(both.missing(3000 * MS).values()) == {"sends stamps that do not match the others"}
    assert both.add("left", 2900 * MS, "l", 3000 * MS) == {"front": "f", "left": "l"}


def test_frozen_and_wrong_clocks_are_told_apart():
    three = fusion(("front", "left", "right"))
    for t in range(0, 2000, 100):
        three.add("left", 7 * MS, "frozen", t * MS)
        three.add("right", (t + 60_000) * MS, "ahead", t * MS)
        found = three.add("front", t * MS, f"f{t}", t * MS)
        assert t < 1100 or found == {"front": f"f{t}"}
    assert three.missing(1900 * MS) == {"left": "sends old stamps", "right": "sends stamps in the future"}


def test_a_recording_that_begins_again_is_followed():
    both = fusion()  # made before the recording's clock is known
    assert both.add("left", 60_000 * MS, "l", 60_000 * MS) is None
    assert both.add("front", 60_000 * MS, "f", 60_000 * MS)
    both.add("left", 10 * MS, "l10", 10 * MS)
    assert both.add("front", 10 * MS, "f10", 10 * MS) == {"front": "f10", "left": "l10"}
