"""``CallerPin``: whose credentials a session signs with, so that a run never goes on as somebody else.

Comes in: a session of the SDK. Goes out: the key of credentials that were not looked at yet. Credentials are fetched
anew while a run goes on (a role, a sign-on session, a file that another program writes), and the new ones can be of
another account. Only the id of a key is kept, which is no secret; what may be done with that, ``AwsClient`` decides.
"""

from __future__ import annotations

import threading
from typing import Any


class CallerPin:
    """The keys whose identity AWS has said and that are the run's own."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.keys: set[str] = set()
        self.lock = threading.Lock()

    def knows(self, key: str) -> bool:
        """Return whether a key was looked at."""
        return key in self.keys

    def unseen(self) -> str:
        """Return the id of the key that the next call is signed with; empty where it was looked at, or there is none.

        Raises:
            what the SDK raises where credentials cannot be fetched.
        """
        credentials = self._session.get_credentials()
        if credentials is None:
            return ""
        key = str(credentials.get_frozen_credentials().access_key or "")
        return "" if key in self.keys else key
