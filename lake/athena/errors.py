"""What Athena and Glue answer, in words for those who can mend it."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
)
from botocore.exceptions import ConnectionError as NoConnection

from lakehouse_project.kernel.errors import PermanentError, TransientError


class AthenaUnavailable(TransientError):
    """It does not answer, or is too busy."""

    code = "athena_unavailable"


class AthenaForbidden(PermanentError):
    """There are no keys, they are not known, or they lack a right."""

    code = "athena_forbidden"


class AthenaNotSetUp(PermanentError):
    """Work group, database or table is not there, or in another region."""

    code = "athena_not_set_up"


class AthenaQueryFailed(PermanentError):
    """Athena ran the query and it failed."""

    code = "athena_query_failed"


class AthenaQueryCancelled(PermanentError):
    """Somebody has stopped the query there."""

    code = "athena_query_cancelled"


DENIED = frozenset({"AccessDeniedException", "AccessDenied", "UnauthorizedOperation"})
UNKNOWN_KEYS = frozenset(
    {
        "UnrecognizedClientException",
        "InvalidSignatureException",
        "InvalidClientTokenId",
        "ExpiredTokenException",
    }
)
BUSY = frozenset(
    {"ThrottlingException", "TooManyRequestsException", "InternalServerException", "InternalServiceException"}
)
SERVER_ERROR = 500
SET_UP = "Run `lakehouse lake athena setup`."
GONE = "EntityNotFoundException"
EXISTS = "AlreadyExistsException"


@contextmanager
def asked(what: str) -> Iterator[None]:
    """Say what boto3 raises as one of ours: `what` completes "Cannot …"."""
    try:
        yield
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise AthenaForbidden(
            f"Cannot {what}: there are no credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile."
        ) from error
    except NoRegionError as error:
        raise AthenaNotSetUp(
            f"Cannot {what}: no region is named. Set AWS_REGION to that of the bucket."
        ) from error
    except (NoConnection, HTTPClientError) as error:
        raise AthenaUnavailable(
            f"Cannot {what}: AWS does not answer ({error}). Check AWS_REGION and the network."
        ) from error
    except BotoCoreError as error:
        raise AthenaUnavailable(f"Cannot {what}: {error}") from error
    except ClientError as error:
        raise _told(what, error) from error


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def message_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Message", ""))


def _is_their_fault(error: ClientError) -> bool:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)) >= SERVER_ERROR


def _told(what: str, error: ClientError) -> PermanentError | TransientError:
    code, message = code_of(error), message_of(error)
    if code in DENIED:
        return AthenaForbidden(
            f"Cannot {what}: the keys lack the right to {error.operation_name}. Allow Athena and Glue. {message}"
        )
    if code in UNKNOWN_KEYS:
        return AthenaForbidden(f"Cannot {what}: the keys are not known or have expired. {message}")
    if code in BUSY or _is_their_fault(error):
        told = code if not message or message.startswith("<") else message
        return AthenaUnavailable(f"Cannot {what} just now: {told}")
    return AthenaNotSetUp(f"Cannot {what}: {message or code} {_advice(code, message)}".rstrip())


def _advice(code: str, message: str) -> str:
    """Buckets in another region and missing work groups come as the same code."""
    lower = message.lower()
    if code == GONE:
        return SET_UP
    if "workgroup" in lower and ("not found" in lower or "does not exist" in lower):
        return f"{SET_UP} Then as now AWS_REGION has to be that of the bucket."
    if "region" in lower:
        return "Set AWS_REGION to the region of the bucket: Athena has to be in the same."
    return ""
