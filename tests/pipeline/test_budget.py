import pytest

from connector_async.limits.budget import RetryBudget

NOW = 1_000.0


def a_budget(spent=0.0):
    budget = RetryBudget()
    if spent:
        assert budget.spend(spent, NOW)
    return budget


@pytest.mark.parametrize(
    ("cost", "repeats"), [(RetryBudget.FAULT, 33), (RetryBudget.THROTTLE, 100)]
)
def test_what_a_repeat_costs(cost, repeats):
    """
    A full budget is good for 33 repeats after a fault, or a hundred after a throttle.
    """
    budget = a_budget()

    assert repeats == sum(budget.spend(cost, NOW) for _ in range(200))


def test_a_success_gives_a_tenth_back():
    """
    Ten successes pay for one repeat after a throttle, and nine do not.
    """
    budget = a_budget(spent=100.0)
    for _ in range(9):
        budget.succeed()
    before = budget.spend(RetryBudget.THROTTLE, NOW)
    for _ in range(2):
        budget.succeed()

    assert not before
    assert budget.spend(RetryBudget.THROTTLE, NOW)


def test_is_never_more_than_full():
    """
    Successes do not fill it beyond a hundred.
    """
    budget = a_budget()
    for _ in range(1_000):
        budget.succeed()

    assert not (budget.spend(100.0, NOW) and budget.spend(0.5, NOW))


def test_one_a_second_is_always_allowed():
    """
    A spent budget allows one repeat a second, and no more.
    """
    budget = a_budget(spent=100.0)

    allowed = [budget.spend(RetryBudget.FAULT, NOW + tenth / 10) for tenth in range(1, 31)]

    assert [tenth in {10, 20, 30} for tenth in range(1, 31)] == allowed


def test_the_one_a_second_costs_nothing():
    """
    What is allowed in spite of the balance does not make it a debt.
    """
    budget = a_budget(spent=100.0)
    budget.spend(RetryBudget.FAULT, NOW + 1)
    for _ in range(11):
        budget.succeed()

    assert budget.spend(RetryBudget.THROTTLE, NOW + 1)


def test_an_empty_budget_that_was_never_used():
    """
    The first repeat is allowed, whatever it costs.
    """
    assert a_budget().spend(1_000.0, NOW)
