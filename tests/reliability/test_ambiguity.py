"""
Answers that are lost after the commit.
"""

from collections import Counter

from tests.promises.test_delivery import SEND, an_emulator, deliver
from tests.reliability.scoreboard import Measured, score

# So many are sent at once, each time to an emulator of its own.
AT_ONCE = 5_000


def carry_out(count, seed, delivery):
    """
    What became of so many sends: facts to be summed up.
    """
    emulator = an_emulator()
    emulator.drop_some(SEND, share=0.1, seed=seed)

    outcomes = deliver(emulator, count, delivery=delivery)

    posted = Counter(emulator.record.texts())
    received = emulator.record.received(SEND)
    dropped = sum(each.fault == "drop" for each in received)
    unknown = [outcome for outcome in outcomes if outcome.is_unknown]
    done = [outcome for outcome in outcomes if outcome.error is None]
    return Counter(
        dropped=dropped,
        unknown=len(unknown),
        doubled=len(emulator.record.doubled()),
        lost=sum(posted[outcome.text] == 0 for outcome in outcomes),
        silently_lost=sum(posted[outcome.text] == 0 for outcome in done),
        neither=len(outcomes) - len(unknown) - len(done),
    )


def total(count, delivery):
    sums = Counter()
    for seed in range(-(-count // AT_ONCE)):
        sums.update(carry_out(min(count, AT_ONCE), seed, delivery))
    return sums


def measure(count):
    once, least = total(count, "at_most_once"), total(count, "at_least_once")
    text = (
        f"at_most_once: {once['doubled']} doubled, {once['unknown']:,} unknown raised of "
        f"{once['dropped']:,} lost answers, {once['silently_lost']} silently lost; "
        f"at_least_once: {least['lost']} lost, {least['doubled']:,} doubled for "
        f"{least['dropped']:,} lost answers"
    )
    met = (
        once["doubled"] == once["silently_lost"] == once["neither"] == least["neither"] == 0
        and once["unknown"] == once["dropped"] > count / 20
        and least["lost"] == 0
        and 0 < least["doubled"] <= least["dropped"]
    )
    return Measured(text, met, f"{once}, {least}")


def test_ambiguity():
    """
    Where it cannot be known whether a message arrived, the caller is told, or it is sent again.
    """
    score(
        "ambiguity",
        measure,
        what="{size} sends, 10 % of answers lost after the commit, over a transport in process",
        target="at_most_once: 0 doubled, each unknown raised, 0 silently lost; at_least_once: "
        "0 lost, doubled at most those injected",
        short=5_000,
        full=100_000,
    )
