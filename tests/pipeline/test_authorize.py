import attrs
import pytest

from connector_async import _operations as op
from connector_async._pipeline.authorize import authorize
from connector_async.auth.tokens import TokenProvider
from connector_async.errors import (
    AuthenticationError,
    PermissionDeniedError,
    TokenError,
    TransportError,
)
from tests.pipeline.script import Script, Tokens, a_request, accepted, never_left, refused


def sent(service):
    return [request.token for request in service.requests]


def test_the_script_is_a_provider():
    """
    What stands for the provider here is one.
    """
    assert isinstance(Tokens("a"), TokenProvider)


async def test_without_authentication():
    """
    Without a provider nothing is added, and the step costs nothing.
    """
    service = Script(accepted())

    handle = authorize(None, service)
    await handle(a_request())

    assert service is handle
    assert [None] == sent(service)


async def test_with_a_token():
    """
    Each request goes with the token at hand, and is otherwise as it was.
    """
    service, tokens, request = Script(accepted(), accepted()), Tokens("a", "b"), a_request()
    handle = authorize(tokens, service)

    await handle(request)
    await handle(request)

    assert ["a", "b"] == sent(service)
    assert request.url == service.requests[0].url
    assert request.token is None


def test_nothing_else_is_changed():
    """
    A request with a token has all else that it had before.
    """
    other = {
        "url": "https://a/b",
        "host": "a",
        "headers": {"a": "b"},
        "body": b"{}",
        "token": "old",
        "attempt": 3,
        "repeatable": True,
        "conversation": "c",
        "tenant": "t",
        "teams": False,
        "weight": 2,
        "elsewhere": True,
        "streamed": True,
        "max_bytes": 7,
    }
    request = a_request(**other)

    assert {*other, "call"} == set(attrs.asdict(request, recurse=False))
    assert attrs.evolve(request, token="new") == request.with_token("new")


async def test_a_401_is_replayed_once():
    """
    A 401 drops the token that failed, and the request goes again with a fresh one.
    """
    service, tokens = Script(refused(401), accepted()), Tokens("old", "new")

    response = await authorize(tokens, service)(a_request())

    assert 201 == response.status
    assert ["old"] == tokens.dropped
    assert ["old", "new"] == sent(service)


async def test_a_replay_is_no_new_attempt():
    """
    The replay has the attempt's own number.
    """
    service = Script(refused(401), accepted())

    await authorize(Tokens("old", "new"), service)(a_request(attempt=3))

    assert [3, 3] == [request.attempt for request in service.requests]


async def test_a_second_401_is_raised():
    """
    Where the fresh token is refused, too, that refusal is raised, and no further one is fetched.
    """
    service, tokens = Script(refused(401), refused(401)), Tokens("old", "new", "newer")

    with pytest.raises(AuthenticationError) as failed:
        await authorize(tokens, service)(a_request())

    assert 2 == failed.value.attempts
    assert ["old"] == tokens.dropped
    assert 2 == tokens.given


async def test_no_fresh_token_to_be_had():
    """
    Where the provider will not give another token, the refusal is raised without a replay.
    """
    service, tokens = Script(refused(401)), Tokens("old", renews=False)

    with pytest.raises(AuthenticationError):
        await authorize(tokens, service)(a_request())

    assert 1 == tokens.given
    assert 1 == len(service.requests)


@pytest.mark.parametrize(
    ("outcome", "error"), [(refused(403), PermissionDeniedError), (never_left, TransportError)]
)
async def test_other_failures_pass(outcome, error):
    """
    What is no 401 says nothing of the token.
    """
    tokens = Tokens("a")

    with pytest.raises(error):
        await authorize(tokens, Script(outcome))(a_request())

    assert [] == tokens.dropped


async def test_a_replay_that_fails_otherwise():
    """
    What the replay comes to is handed up.
    """
    with pytest.raises(PermissionDeniedError):
        await authorize(Tokens("a", "b"), Script(refused(401), refused(403)))(a_request())


async def test_no_token():
    """
    Where there is no token nothing is sent, and the error names the operation.
    """
    service = Script(accepted())
    tokens = Tokens(TokenError("no token: the secret has expired", code="AADSTS7000222"))

    with pytest.raises(TokenError) as failed:
        await authorize(tokens, service)(a_request(op.GET_CONVERSATIONS))

    assert [] == service.requests
    assert ("getConversations", 0) == (failed.value.operation, failed.value.attempts)
    assert "getConversations: no token: the secret has expired" == str(failed.value)


async def test_no_fresh_token():
    """
    Where a 401 is followed by no token, that is what is raised, with what was sent so far.
    """
    service = Script(refused(401), accepted())

    with pytest.raises(TokenError) as failed:
        await authorize(Tokens("a", TokenError("no token")), service)(a_request())

    assert ("sendToConversation", 1) == (failed.value.operation, failed.value.attempts)
    assert 1 == len(service.requests)


async def test_the_same_token_again():
    """
    Where no other token is had, the 401 is raised, and nothing is sent once more.
    """
    service = Script(refused(401))

    with pytest.raises(AuthenticationError):
        await authorize(Tokens("old", "old"), service)(a_request())

    assert ["old"] == sent(service)


class Broken:
    """
    A provider of a caller's that does not do as it should.
    """

    def __init__(self, outcome):
        self.outcome = outcome

    async def get(self):
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    def invalidate(self, token):
        raise NotImplementedError(token)


class Keeping(Tokens):
    """
    A provider of a caller's that does not drop a token as it should.
    """

    def __init__(self, outcome):
        super().__init__("eyJ.secret")
        self.outcome = outcome

    def invalidate(self, token):
        return self.outcome(token)


async def dropping(_):
    return True


def failing(token):
    raise KeyError(token)


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (failing, "failed to drop one: KeyError"),
        (dropping, "gave coroutine of invalidate(), not a bool"),
        (lambda token: token, "gave AccessToken of invalidate(), not a bool"),
    ],
    ids=["a mistake", "a coroutine", "a token"],
)
async def test_a_provider_that_does_not_drop(outcome, text):
    """
    Whatever a provider does with a token that was refused, it is a TokenError.
    """
    with pytest.raises(TokenError) as caught:
        await authorize(Keeping(outcome), Script(refused(401)))(a_request())

    assert f"sendToConversation: the token provider {text}" == str(caught.value)


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (None, "gave no AccessToken, but NoneType"),
        ("eyJ.secret", "gave no AccessToken, but str"),
        (TimeoutError("eyJ.secret"), "failed: TimeoutError"),
        (KeyError("eyJ.secret"), "failed: KeyError"),
    ],
    ids=["nothing", "a text", "a timeout", "a mistake"],
)
async def test_a_broken_provider(outcome, text):
    """
    Whatever a provider gives or raises, it is a TokenError, without what it gave.
    """
    service = Script()

    with pytest.raises(TokenError) as caught:
        await authorize(Broken(outcome), service)(a_request())

    assert f"sendToConversation: the token provider {text}" == str(caught.value)
    assert [] == service.requests
