"""
The limits as published, and an application's own.
"""

import attrs
import pytest

from connector_async.limits import Limits, Quota, windows

PUBLISHED = {
    Quota.SEND: windows((7, 1), (8, 2), (60, 30), (1800, 3600)),
    Quota.CREATE: windows((7, 1), (8, 2), (60, 30), (1800, 3600)),
    Quota.MEMBERS: windows((14, 1), (16, 2), (120, 30), (3600, 3600)),
    Quota.UNPAGED_MEMBERS: windows((5, 60)),
    Quota.CONVERSATIONS: windows((14, 1), (16, 2), (120, 30), (3600, 3600)),
    Quota.OTHER: (),
}


@pytest.mark.parametrize("quota", Quota)
def test_published_figures(quota):
    """
    The windows of each quota are those of Teams, "Rate limiting for agents".
    """
    assert PUBLISHED[quota] == Limits.teams().windows_of(quota)


def test_published_figure_of_a_tenant():
    """
    One app may make fifty calls a second in one tenant.
    """
    assert windows((50, 1)) == Limits.teams().windows_of_tenant


def test_teams_only():
    """
    The published limits hold on Teams only, an application's own on every channel.
    """
    assert Limits.teams().teams_only
    assert not Limits().teams_only


@pytest.mark.parametrize("quota", Quota)
def test_none(quota):
    """
    Without limits no quota has windows, and no tenant.
    """
    assert () == Limits.none().windows_of(quota)
    assert () == Limits.none().windows_of_tenant


@pytest.mark.parametrize(
    ("quota", "part"),
    [
        (Quota.SEND, windows((1, 1), (2, 2), (15, 30), (450, 3600))),
        (Quota.CREATE, windows((1, 1), (2, 2), (15, 30), (450, 3600))),
        (Quota.MEMBERS, windows((3, 1), (4, 2), (30, 30), (900, 3600))),
        (Quota.UNPAGED_MEMBERS, windows((1, 60))),
        (Quota.CONVERSATIONS, windows((3, 1), (4, 2), (30, 30), (900, 3600))),
        (Quota.OTHER, ()),
    ],
)
def test_part_of_four_processes(quota, part):
    """
    Where four processes share the bot, each keeps to a fourth of every window.
    """
    assert part == Limits.teams(processes=4).windows_of(quota)


def test_part_of_a_tenant():
    """
    The tenant's limit is dealt out, too.
    """
    assert windows((12, 1)) == Limits.teams(processes=4).windows_of_tenant


def test_own_limits():
    """
    An application sets one quota, and keeps the others.
    """
    limits = Limits(send=windows((1, 1)))

    assert windows((1, 1)) == limits.windows_of(Quota.SEND)
    assert PUBLISHED[Quota.CREATE] == limits.windows_of(Quota.CREATE)


def test_limits_evolve():
    """
    What is derived from limits follows a change of them.
    """
    whole = Limits.teams()
    _ = whole.windows_of(Quota.SEND), whole.windows_of_tenant

    half = attrs.evolve(whole, processes=2)

    assert windows((3, 1), (4, 2), (30, 30), (900, 3600)) == half.windows_of(Quota.SEND)
    assert windows((25, 1)) == half.windows_of_tenant
