"""
The log in memory under anything that can happen to it, against a model that forgets nothing.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from connector_async.limits import Claim, MemoryStore
from connector_async.limits.quota import SECOND, Window

from .windows import done, first_fit, fits

KEYS = ("a", "b", "c", "d")
keys = st.sampled_from(KEYS)
# Siblings have other quotas, but look back equally far.
quotas = st.sampled_from(
    [
        ((2, 3), (5, 20)),
        ((1, 1), (5, 20)),
        ((4, 7), (5, 20)),
        ((3, 20), (5, 20)),
        ((5, 20),),
    ]
)
MINUTE = 60 * SECOND


def windows(quota):
    return [(count, per * SECOND) for count, per in quota]


class Store(RuleBasedStateMachine):
    """
    Calls that ask, are entered at once or when answered, are withdrawn, or are cancelled;
    refusals between them.
    """

    def __init__(self):
        super().__init__()
        self.store = MemoryStore(max_keys=2)
        self.now = 0
        self.entries = {key: [] for key in KEYS}
        self.paused_until = dict.fromkeys(KEYS, 0)
        self.shrunk_at = dict.fromkeys(KEYS, -MINUTE)
        self.under_way = {}
        self.entered = []

    @rule(nanoseconds=st.integers(0, 25 * SECOND))
    def time_passes(self, nanoseconds):
        self.now += nanoseconds

    @rule(key=keys, quota=quotas)
    def time_comes(self, key, quota):
        self.now = max(self.now, self.store.outlook([self.a_claim(key, quota)], self.now))

    @rule(asked=st.dictionaries(keys, quotas, min_size=1, max_size=3), weight=st.integers(1, 3))
    def asks(self, asked, weight):
        asked = {key: quota for key, quota in asked.items() if key not in self.under_way}
        if asked and self.is_let_in(asked, weight=weight):
            for key, quota in asked.items():
                self.entries[key] += [self.now] * weight
                self.entered.append((self.a_claim(key, quota, weight=weight), self.now))

    @precondition(lambda self: self.entered)
    @rule(data=st.data())
    def is_withdrawn(self, data):
        number = data.draw(st.integers(0, len(self.entered) - 1))
        claim, at = self.entered.pop(number)
        done(self.store.withdraw([claim], at))
        for _ in range(claim.weight):
            self.entries[claim.key].remove(at)

    @rule(key=keys, quota=quotas)
    def asks_and_enters_when_answered(self, key, quota):
        if key not in self.under_way and self.is_let_in({key: quota}, on_answer=True):
            self.under_way[key] = quota

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def is_answered(self, data):
        key, quota = self.one_under_way(data)
        done(self.store.settle([self.a_claim(key, quota, on_answer=True)], self.now))
        self.entries[key].append(self.now)

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def is_cancelled(self, data):
        self.one_under_way(data)

    @rule(key=keys, nanoseconds=st.integers(0, 30 * SECOND))
    def is_told_to_wait(self, key, nanoseconds):
        until = self.now + nanoseconds
        done(self.store.pause(key, until))
        self.paused_until[key] = max(self.paused_until[key], until)

    @rule(key=keys)
    def is_refused_unforeseen(self, key):
        done(self.store.shrink(key, self.now))
        self.shrunk_at[key] = self.now

    @invariant()
    def keeps_what_binds(self):
        paused = {key for key in KEYS if self.paused_until[key] > self.now}
        entered = {
            key
            for key in KEYS
            if self.entries[key] and self.now < self.entries[key][-1] + 20 * SECOND
        }
        assert len(paused | entered) <= len(self.store)

    def a_claim(self, key, quota, **facts):
        return Claim(key, tuple(Window(*window) for window in windows(quota)), **facts)

    def one_under_way(self, data):
        key = data.draw(st.sampled_from(sorted(self.under_way)))
        return key, self.under_way.pop(key)

    def is_let_in(self, asked, *, weight=1, **facts):
        claims = [self.a_claim(key, quota, weight=weight, **facts) for key, quota in asked.items()]
        when = done(self.store.admit(claims, self.now))
        for key, quota in asked.items():
            if when == 0:
                assert self.paused_until[key] <= self.now
                assert fits(self.entries[key], self.now, windows(quota), weight)
        if when and not any(self.now < self.shrunk_at[key] + MINUTE for key in asked):
            assert self.first_moment(asked, weight) == when
        assert when == 0 or when > self.now
        return when == 0

    def first_moment(self, asked, weight):
        """
        When all of them are free at once, by the model.
        """
        return max(
            max(
                self.paused_until[key],
                first_fit(self.entries[key], windows(quota), start=self.now, weight=weight),
            )
            for key, quota in asked.items()
        )


Store.TestCase.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
TestStore = Store.TestCase
