"""The scripts of a collection, in JavaScript: what Postman and newman run after each request."""

import json
from collections.abc import Iterable, Mapping

TRIES = 120
PAUSE_MS = 1000

PROBLEM = (
    "if (pm.response.code >= 400) {",
    '  pm.test("the error is problem+json with a code", () => {',
    '    pm.expect(pm.response.headers.get("Content-Type")).to.include("application/problem+json");',
    '    pm.expect(pm.response.json()).to.include.keys("type", "title", "status", "code");',
    "  });",
    "}",
)
"""Runs after every request."""


def status_test(statuses: Iterable[int], refusals: Mapping[int, str]) -> list[str]:
    """The answer is one of those that the OpenAPI document promises, or one of the refusals that are no mistake.

    Where the server has had enough for the moment, the request is sent again when it says so.
    """
    wanted = sorted(statuses)
    lines = [
        'const pause = pm.response.code === 429 ? Number(pm.response.headers.get("Retry-After") || 1) : 0;',
        "if (pause > 0 && pause <= 60) {",
        "  setTimeout(() => pm.execution.setNextRequest(pm.info.requestId), 1000 * pause);",
        "} else {",
        f'pm.test("{_words(wanted, refusals)}", () => {{',
        f"  pm.expect(pm.response.code, pm.response.text()).to.be.oneOf({[*wanted, *sorted(refusals)]});",
    ]
    lines += [
        f'  if (pm.response.code === {status}) pm.expect(pm.response.json().code).to.equal("{code}");'
        for status, code in sorted(refusals.items())
    ]
    return [*lines, "});", "}"]


def _words(statuses: list[int], refusals: Mapping[int, str]) -> str:
    said = [*map(str, statuses), *(f"{status} {code}" for status, code in sorted(refusals.items()))]
    return f"status is {' or '.join(said)}"


def keep(values: Mapping[str, str]) -> list[str]:
    """Put values of the answer into variables: name -> expression of `answer`. What is not there changes nothing."""
    if not values:
        return []
    lines = ["if (pm.response.code < 300) {", "  const answer = pm.response.json();"]
    for name, expression in values.items():
        lines += [
            f"  const {name} = {expression};",
            f"  if ({name} != null) pm.collectionVariables.set({json.dumps(name)}, String({name}));",
        ]
    return [*lines, "}"]


def keep_etag(name: str) -> list[str]:
    return [
        'if (pm.response.headers.has("ETag")) {',
        f'  pm.collectionVariables.set({json.dumps(name)}, pm.response.headers.get("ETag"));',
        "}",
    ]


def repeat_until(condition: str) -> list[str]:
    """Ask again after a pause until the condition of `answer` holds; a run that has asked too often fails."""
    return [
        'const tries = Number(pm.collectionVariables.get("tries") || 0) + 1;',
        f"const done = pm.response.code >= 400 || ((answer) => {condition})(pm.response.json());",
        'pm.collectionVariables.set("tries", done ? 0 : tries);',
        f"if (!done && tries < {TRIES}) {{",
        f"  setTimeout(() => pm.execution.setNextRequest(pm.info.requestId), {PAUSE_MS});",
        "} else {",
        f'  pm.test("it was done within {TRIES} tries", () => pm.expect(done).to.equal(true));',
        "}",
    ]
