"""JSON, NDJSON, and what is called so."""

import json
from collections.abc import Iterator

from tests.hostile.cases import Case, case

A, B = '{"id":1,"job":"Clerk"}', '{"id":2,"job":"Chief"}'
TWO = {"1": "Clerk", "2": "Chief"}
SECOND = {"2": "Chief"}
DEEP = "[" * 100_000 + "]" * 100_000


def cases() -> Iterator[Case]:
    for one in (*_shapes(), *_values(), *_damage()):
        yield one if one.name != "jobs.csv" else Case(**{**one.__dict__, "name": "jobs.json"})


def _shapes() -> Iterator[Case]:
    yield case("array", f"[{A},{B}]", TWO)
    yield case("array with a mark", b"\xef\xbb\xbf" + f"[{A},{B}]".encode(), TWO)
    yield case("array in UTF-16", f"[{A},{B}]".encode("utf-16"), TWO)
    yield case("object", A, {"1": "Clerk"})
    yield case("objects one after the other", A + B, TWO)
    yield case("arrays one after the other", f"[{A}]\n[{B}]\n", TWO)
    yield case("array under a member", f'{{"n":2,"data":[{A},{B}]}}', TWO)
    yield case("NDJSON", f"{A}\n\n{B}\n", TWO)
    yield case("NDJSON with returns", f"{A}\r\n{B}\r\n", TWO)
    yield case("NDJSON called CSV", f"{A}\n{B}\n", TWO, name="jobs.txt")
    yield case("CSV called JSON", "id,job\n1,Clerk\n2,Chief\n", TWO)
    yield case("a number", "42", refused="Expected: id, job")
    yield case("a text", '"x"', refused="Expected: id, job")
    yield case("null", "null", refused="Expected: id, job")
    yield case("no records", "[]")
    yield case("numbers", "[1,2]", quarantined=2)
    yield case("an empty object", "{}", quarantined=1)
    yield case("records among others", f'[{A},7,"x",null,[1],{B}]', TWO, quarantined=4)
    yield case("columns instead of rows", '{"id":[1,2],"job":["a","b"]}', quarantined=1)
    yield case(
        "10,000 members",
        json.dumps([{"id": 1, "job": "Clerk"} | {f"c{n}": n for n in range(10_000)}]),
        {"1": "Clerk"},
    )
    yield case(
        "records with other members each",
        "\n".join(f'{{"id":{n},"job":"x","m{n}":1}}' for n in range(3000)),
        {str(n): "x" for n in range(3000)},
    )
    yield case(
        "odd names",
        '[{"id":1,"job":"Clerk","":1,"a b":2,"__proto__":{"x":1},"_line":9,"_key":"k","_errors":[1]}]',
        {"1": "Clerk"},
    )


def _values() -> Iterator[Case]:
    yield case(
        "nested 100 deep", f'[{{"id":1,"job":"x","y":{"[" * 100}{"]" * 100}}},{B}]', SECOND, quarantined=1
    )
    yield case("nested 100,000 deep in a line", f'{{"id":1,"y":{DEEP}}}\n{B}\n{B}\n', SECOND, quarantined=1)
    yield case(
        "nested 100,000 deep in an array",
        f'[{{"id":1,"y":{DEEP}}},{B}]',
        refused="nested deeper than 64 levels",
    )
    yield case("a member twice", f'[{{"id":1,"id":3,"job":"x"}},{B}]', SECOND, quarantined=1)
    yield case("NaN", f'[{{"id":NaN,"job":"x"}},{{"id":1,"job":-Infinity}},{B}]', SECOND, quarantined=2)
    yield case(
        "numbers beyond all measure",
        f'[{{"id":1,"job":1e99999}},{{"id":{"9" * 5000},"job":"x"}},{B}]',
        SECOND,
        quarantined=2,
    )
    yield case(
        "long numbers keep their digits",
        f'[{{"id":1,"job":0.{"1" * 60}}},{B}]',
        {"1": f"0.{'1' * 60}", **SECOND},
    )
    yield case("NUL as an escape", f'[{{"id":1,"job":"\\u0000"}},{B}]', SECOND, quarantined=1)
    yield case("NUL in a name", f'[{{"id":1,"job":"x","a\\u0000":1}},{B}]', SECOND, quarantined=1)
    yield case("half of a surrogate pair", f'[{{"id":1,"job":"\\ud800"}},{B}]', SECOND, quarantined=1)
    yield case(
        "values of other types",
        f'[{{"id":true,"job":"x"}},{{"id":[1],"job":"x"}},{{"id":{{}},"job":"x"}},{B}]',
        SECOND,
        quarantined=3,
    )
    yield case(
        "a text over the limit in a line",
        f'{{"id":1,"job":"{"x" * 9_000_000}"}}\n{B}\n',
        SECOND,
        quarantined=1,
        name="jobs.ndjson",
    )
    long = f'[{{"id":1,"job":"{"x" * 9_000_000}"}},{B}]'
    yield case("a text over the limit", long, refused="longer than 8,388,608 bytes")
    many = "{" + ",".join(f'"m{number}":1' for number in range(30_000)) + "}"
    yield case("30,000 members", f"[{many},{B}]", SECOND, quarantined=1)


def _damage() -> Iterator[Case]:
    yield case("cut off", f"[{A},{B[:-5]}", refused="half-written JSON")
    yield case("cut off behind a comma", f"[{A},{B},", refused="half-written JSON")
    yield case(
        "cut off late",
        "[" + f"{A}," * 20_000 + B[:-5] + "}]",
        failed="in the middle of the record that starts on line 1",
    )
    over_lines = f'{{"id": 1,\n"job": "Clerk",\n"more": [{A},\n{B}'
    for title, text, refused in (
        ("behind a value", over_lines, "before its JSON is complete"),
        ("behind a comma", '{"id": 1,\n', "half-written JSON"),
        ("in a name", '{"id": 1,\n"jo', "half-written JSON"),
        ("in an escape", '{"id": 1,\n"job": "a\\u00', "half-written JSON"),
        ("in a word", '{"id": 1,\n"job": nul', "half-written JSON"),
        ("in a number", '{"id": 1,\n"job": 1.', "half-written JSON"),
        ("in an object further in", '{"data": {\n"id": 1,\n"job": "Clerk"', "half-written JSON"),
    ):
        yield case(f"an object over several lines, cut off {title}", text, refused=refused)
    yield case("a comma too many", f"[{A},{B},]", refused="The file is not valid JSON")
    yield case("single quotes", "[{'id':1}]", refused="The file is not valid JSON")
    yield case("comments", f"// jobs\n[{A}]", refused="Expected: id, job")
    yield case(
        "a tab in a text", f'[{{"id":1,"job":"a\tb"}},{B}]', refused="Invalid control character at on line 1"
    )
    yield case("a broken line among good ones", f'{A}\n{{"id":3,"jo\n{B}\n', TWO, quarantined=1)
    yield case("a broken line first", f'{{"id":3,"jo\n{A}\n{B}\n', TWO, quarantined=1)
    yield case("garbage first", f"oops\n{A}\n{B}\n", TWO, quarantined=1)
    yield case("cut off in the last line", f"{A}\n{B}\n{A[:10]}", TWO, quarantined=1)
    yield case("other things in lines", f'{A}\n42\n"x"\nnull\n[1]\n{B}\n', TWO, quarantined=4)
    broken = f'{A}\n{{"id":3,"job":"Köln"}}\n{B}\n'.encode() + b'{"id":4,"job":"\xff"}\n'
    yield case("a line that is not UTF-8", broken, {**TWO, "3": "Köln"}, quarantined=1)
    yield case("NUL in a line", f'{A}\n{{"id":3,"job":"a\x00b"}}\n{B}\n', TWO, quarantined=1)
    yield case("only brackets", "[" * 100_000, refused="half-written JSON")
