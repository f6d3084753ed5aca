"""Rate limits: how many requests a minute a user, or an address without a login, may send to the API.

A window that slides is counted in Valkey, by one round trip a request. Without Valkey nothing is counted, and the log says
so: the limits protect the service, and are no reason for it to be down as well.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from limits.storage import RedisStorage
from ninja.throttling import BaseThrottle
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError
from redis.retry import Retry

from lakehouse_project.env import env
from lakehouse_project.kernel.addresses import is_api
from lakehouse_project.kernel.problem import problem

log = structlog.get_logger(__name__)

SECONDS = 60
READING = ("GET", "HEAD", "OPTIONS")
TIMEOUT_SECONDS = 0.25
REST_SECONDS = 5
"""So long nobody asks a Valkey that did not answer."""
TOO_MANY = 429


@dataclass(frozen=True)
class Standing:
    """Where a caller stands with one limit. `reset`, `wait`: seconds until the window moves on, and until one more
    request is taken (0: it is now)."""

    policy: str
    quota: int
    remaining: int
    reset: int
    wait: int

    @property
    def is_over(self) -> bool:
        return self.wait > 0

    def put_on(self, response: HttpResponse) -> None:
        """The header fields of the IETF draft (draft-ietf-httpapi-ratelimit-headers)."""
        response["RateLimit-Policy"] = f'"{self.policy}";q={self.quota};w={SECONDS}'
        response["RateLimit"] = f'"{self.policy}";r={self.remaining};t={self.reset}'
        if self.is_over:
            response["Retry-After"] = str(self.wait)


@dataclass(frozen=True)
class Window:
    """The counts of the minute that is running and of the one before, and the seconds that both are still kept."""

    previous: int
    previous_left: float
    current: int
    current_left: float

    @property
    def weighted(self) -> float:
        """The requests of the last 60 seconds, if those of the minute before came evenly."""
        return self.previous * self.previous_left / SECONDS + self.current

    @property
    def left(self) -> float:
        """Seconds until the minute that is running becomes the one before."""
        return max(self.current_left - SECONDS, 0)

    def wait(self, quota: int) -> int:
        """Seconds until one more request fits in."""
        if self.current < quota:
            fits_at = (quota - self.current) * SECONDS / self.previous if self.previous else SECONDS
            seconds = self.previous_left - fits_at
        else:
            seconds = self.left + SECONDS * (1 - quota / self.current)
        return max(math.ceil(seconds), 1)


class Counter:
    """Counts requests in Valkey."""

    def __init__(self, address: str) -> None:
        storage = RedisStorage(
            address,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 1),  # type: ignore[arg-type]  # for the client: a connection that was closed meanwhile
        )
        self._server: Any = storage.get_connection()
        self._scripts = (storage.lua_acquire_sliding_window, storage.lua_sliding_window)
        self._silent_until = 0.0

    def count(self, policy: str, caller: str, *, cost: int = 1) -> Standing | None:
        """Count one request, unless it is one too many. None where there is no such limit, or no Valkey to ask.

        With no `cost` it only looks, and is over if the next one would be one too many.
        """
        quota = settings.RATE_LIMITS[policy]
        if not quota or time.monotonic() < self._silent_until:
            return None
        try:
            is_taken, window = self._ask(f"{policy}:{caller}", quota, cost)
        except RedisError as error:
            self._silent_until = time.monotonic() + REST_SECONDS
            log.warning("rate_limits_off", reason=str(error), seconds=REST_SECONDS)
            return None
        remaining = max(quota - math.floor(window.weighted), 0)
        wait = 0 if is_taken and (cost or remaining) else window.wait(quota)
        return Standing(policy, quota, remaining, max(math.ceil(window.left), wait), wait)

    def _ask(self, name: str, quota: int, cost: int) -> tuple[bool, Window]:
        keys = [f"lakehouse:requests:{{{name}}}{which}" for which in (":before", "")]
        taking, looking = self._scripts
        pipeline = self._server.pipeline(transaction=False)
        pipeline.evalsha(taking.sha, 2, *keys, quota, SECONDS, cost)
        pipeline.evalsha(looking.sha, 2, *keys, SECONDS)
        try:
            is_taken, counts = pipeline.execute()
        except NoScriptError:  # a server that has just been started
            for script in self._scripts:
                self._server.script_load(script.script)
            return self._ask(name, quota, cost)
        previous, previous_left, now, now_left = (max(int(count or 0), 0) for count in counts)
        return bool(is_taken), Window(previous, previous_left / 1000, now, now_left / 1000)

    def ping(self) -> None:
        """Raises `RedisError`."""
        self._server.ping()


@cache
def counter() -> Counter:
    """Of this process."""
    return Counter(env().broker() or "redis://127.0.0.1:1/0")


def address_of(request: HttpRequest) -> str:
    """Where a request comes from; behind a TLS proxy what that one says, which is last in its header."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.BEHIND_TLS else ""
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")


def standing_of(request: HttpRequest) -> Standing | None:
    """Count the request for its user, or for its address where there is none; once, however often it is asked."""
    if not hasattr(request, "rate_limit"):
        policy = "reads" if request.method in READING else "writes"
        user: Any = getattr(request, "user", None)  # none yet where a middleware has refused it
        is_known = user is not None and user.is_authenticated
        caller = f"user:{user.pk}" if is_known else f"address:{address_of(request)}"
        request.rate_limit = counter().count(policy, caller)  # type: ignore[attr-defined]
    standing: Standing | None = request.rate_limit  # type: ignore[attr-defined]
    return standing


class PerCaller(BaseThrottle):
    """Asked by every route of the API once the caller is known, before the request is looked at."""

    def allow_request(self, request: HttpRequest) -> bool:
        standing = standing_of(request)
        return standing is None or not standing.is_over


class RateLimitMiddleware:
    """Every answer of the API says where the caller stands. What no route has counted (a login that failed, an address that
    does not exist) is counted here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not is_api(request):
            return response
        standing = standing_of(request)
        if standing is None:
            return response
        if standing.is_over and response.status_code != TOO_MANY:
            response = too_many(request)
        standing.put_on(response)
        return response


def too_many(request: HttpRequest) -> HttpResponse:
    """The answer to a request that was one too many."""
    standing = standing_of(request)
    if standing is None:
        raise ValueError("This request is not limited.")
    detail = (
        f"More than {standing.quota} {standing.policy} in a minute. Wait {standing.wait} s, and send several rows in one "
        "request where there are many."
    )
    return problem(request, TOO_MANY, code="rate_limited", title="Too Many Requests", detail=detail)
