"""What is refused to whom wants in. Nothing here says whether a user exists."""

from lakehouse_project.kernel.errors import PermanentError


class WrongLogin(PermanentError):
    """No active user has this name and this password."""

    code = "wrong_login"


class InvalidToken(PermanentError):
    """A JSON Web Token that is forged, expired, used before or revoked."""

    code = "invalid_token"


class CsrfFailed(PermanentError):
    """A write with the session of a browser, which does not show that the page which sent it is ours."""

    code = "csrf_failed"


class UnsafeConnection(PermanentError):
    """A password came in clear over a network."""

    code = "unsafe_connection"
