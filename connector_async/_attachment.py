"""
An attachment's content as a stream, never held whole.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from connector_async._pipeline import Request, Response
from connector_async.errors import ClientStateError, DecodeError

_AT_ONCE: Final = 2**20


class AttachmentStream:
    """
    The content of one view of an attachment, as it comes.

        async with connector.stream_attachment(attachment_id) as content:
            await content.save("picture.png")

    It is fetched on entering; then either iterate over it, chunk by chunk, or
    `save()` it, once. The client's deadline covers the time until the first
    byte, its read timeout each further chunk.

    Raises:
        ClientStateError: While iterating: not entered, left already, or read already.
        DecodeError: While iterating: longer than the client allows, or not what it says.
        TransportError: While iterating: cut off.

    Attributes:
        content_type: The content's MIME type; None where the service named none.
        size: Its length in bytes; None where the service did not tell.
    """

    content_type: str | None = None
    size: int | None = None

    def __init__(self, request: Request, fetch: Callable[[Request], Awaitable[Response]]) -> None:
        self._request = request
        self._fetch = fetch
        self._response: Response | None = None
        self._stream: AsyncIterator[bytes] | None = None

    async def __aenter__(self) -> Self:
        response = self._response = await self._fetch(self._request)
        self._stream = response.stream
        self.content_type = response.headers.get("content-type")
        length = response.headers.get("content-length", "")
        if length.isdecimal() and "content-encoding" not in response.headers:
            self.size = int(length)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stream = None
        if self._response is not None and self._response.aclose is not None:
            await self._response.aclose()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        stream, self._stream = self._stream, None
        if stream is None:
            raise ClientStateError(
                "the content is read once, inside of "
                "`async with connector.stream_attachment(...) as content`"
            )
        seen = 0
        async for chunk in stream:
            seen += len(chunk)
            if seen > self._request.max_bytes:
                raise DecodeError(
                    f"the content is longer than {self._request.max_bytes} bytes; allow more "
                    "with with_options(max_attachment_bytes=...)",
                    operation=self._request.operation.id,
                )
            yield chunk

    async def save(self, path: str | os.PathLike[str]) -> int:
        """
        Write the content to a file.

        The file appears, or is replaced, when all of it has come.

        Returns:
            How many bytes were written.
        """
        target = Path(path)
        part = target.with_name(f"{target.name}.part")
        written = 0
        try:
            # Not opened in a thread, which would open it for nobody after a cancellation.
            with part.open("wb") as file:
                # Here, since few need it, and it takes its time to import.
                import anyio  # noqa: PLC0415

                beside = anyio.wrap_file(file)
                gathered = bytearray()
                async for chunk in self:
                    gathered += chunk
                    # The way to a thread costs as much as writing a chunk.
                    if len(gathered) >= _AT_ONCE:
                        written += await beside.write(gathered)
                        gathered.clear()
                written += await beside.write(gathered)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        part.replace(target)
        return written
