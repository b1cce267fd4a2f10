"""Where originals come from: our own bucket through the object store, everything else by HTTP."""

from typing import Protocol

from events.failures import FailureCode
from services.adapters.storage import ObjectMissing, ObjectStore, ObjectTooLarge, may_read
from services.refinement.failures import OriginalMissing, PictureRefused
from services.refinement.progress import Moved, unmoved


class Download(Protocol):
    """Fetches a URL of the outside world."""

    async def fetch(self, url: str, *, moved: Moved = unmoved) -> bytes:
        """The bytes behind a URL; tells how much has come, if the server says how much there is.

        Cancelling ends the transfer.

        Raises:
            RefinementFailure: why there are none.
        """
        ...


class Originals:
    """Reads the picture that a task starts from."""

    def __init__(self, *, store: ObjectStore, download: Download, bytes_max: int) -> None:
        self._store = store
        self._download = download
        self._bytes_max = bytes_max

    async def read(self, url: str, *, user_key: str, moved: Moved = unmoved) -> bytes:
        """The bytes of an original.

        A URL of our own bucket never goes over HTTP: the bucket is not open to it, and its address
        is one of those that no user may make us fetch.

        Raises:
            RefinementFailure: why there are none.
            StorageUnavailable: our bucket did not answer.
        """
        key = self._store.key_of(url)
        if key is None:
            return await self._download.fetch(url, moved=moved)
        if not may_read(key, user_key=user_key):
            raise OriginalMissing(reason="another user's object")
        try:
            return await self._store.get(key, bytes_max=self._bytes_max)
        except ObjectMissing as error:
            raise OriginalMissing(reason=str(error)) from error
        except ObjectTooLarge as error:
            raise PictureRefused(code=FailureCode.IMAGE_TOO_LARGE, reason=str(error)) from error
