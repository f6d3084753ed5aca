"""JSON and NDJSON: the payload is the record's own text, good records are kept, cut files fail as a whole."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bronze.readers import LINE, BrokenRow, FileFormat, ReadLimits, UnreadableFile, read_rows
from bronze.readers.json_rows import find_array_key
from bronze.readers.json_text import NESTED

JSON, NDJSON = FileFormat("json"), FileFormat("ndjson")
SEGMENTS = [1, 5, 2 * 1024 * 1024]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("json") / "file.json"


def read(
    path: Path, data: bytes | str, fmt: FileFormat, **limits: int
) -> tuple[list[dict], list[str], list[BrokenRow]]:
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"))
    batches = list(read_rows(path, fmt, ReadLimits(**limits)))
    rows = [
        {name: cell for name, cell in row.items() if cell is not None}
        for batch in batches
        for row in batch.rows.iter_rows(named=True)
    ]
    return (
        rows,
        [text for batch in batches for text in batch.payloads],
        [row for batch in batches for row in batch.broken],
    )


@pytest.mark.parametrize("segment_bytes", SEGMENTS)
@pytest.mark.parametrize("fmt", [JSON, NDJSON])
def test_numbers_keep_their_digits_and_nested_values_become_json(path, fmt, segment_bytes):
    record = '{"a": 17, "b": 1.10, "c": 12345678901234567890.5, "d": {"x": [2.50, null]}, "e": "é", "f": null, "g": 1E5}'
    rows, payloads, broken = read(path, record, fmt, segment_bytes=segment_bytes)
    assert rows == [
        {
            "a": "17",
            "b": "1.10",
            "c": "12345678901234567890.5",
            "d": NESTED + '{"x": [2.50, null]}',
            "e": "é",
            "g": "1E5",
            LINE: 1,
        }
    ]
    assert payloads == [record]
    assert broken == []


@pytest.mark.parametrize("segment_bytes", SEGMENTS)
def test_array_elements_have_the_line_where_they_start(path, segment_bytes):
    rows, _, broken = read(
        path, '[\n {"a":\n 1},\n\n {"a": 2}, 17,\n{"a":NaN}]\n', JSON, segment_bytes=segment_bytes
    )
    assert rows == [{"a": "1", LINE: 2}, {"a": "2", LINE: 5}]
    assert [(row.line, row.rule) for row in broken] == [(5, "not_an_object"), (6, "number")]


@pytest.mark.parametrize("segment_bytes", SEGMENTS)
def test_a_bad_line_of_ndjson_is_broken_and_the_others_kept(path, segment_bytes):
    data = b'{"a":1}\n\n{"a":\n[1]\n{"a":"\xff"}\n{"a":1} x\n{"a":"\x00"}\r\n{"a":2}'
    rows, _, broken = read(path, data, NDJSON, segment_bytes=segment_bytes)
    assert rows == [{"a": "1", LINE: 1}, {"a": "2", LINE: 8}]
    assert [(row.line, row.rule) for row in broken] == [
        (3, "json"), (4, "not_an_object"), (5, "encoding"), (6, "json"), (7, "nul_character"),
    ]  # fmt: skip
    assert broken[0].message == "line 3: Expecting value at character 6"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('{"a": "x\\u0000y"}', "nul_character"),
        ('{"a\\u0000": 1}', "nul_character"),
        ('{"a": "\\ud800"}', "lone_surrogate"),
        ('{"a": [{"b": "\\udc00"}]}', "lone_surrogate"),
        ('{"a": 1e99999}', "number"),
        ('{"a": ' + "9" * 500 + "}", "number"),
        ('{"a": ' + "[" * 100 + "]" * 100 + "}", "too_deep"),
        ('{"a": Infinity}', "number"),
    ],
)
@pytest.mark.parametrize("fmt", [JSON, NDJSON])
def test_what_the_database_cannot_keep_is_broken(path, fmt, text, rule):
    rows, _, broken = read(path, text, fmt)
    assert rows == []
    assert [row.rule for row in broken] == [rule]
    assert "\x00" not in broken[0].raw


def test_text_that_only_looks_like_a_nul_is_kept(path):
    rows, _, _ = read(path, '{"a": "\\\\u0000", "b": "\\ud83d\\ude00"}', NDJSON)
    assert rows == [{"a": "\\u0000", "b": "😀", LINE: 1}]


def test_very_deep_json(path):
    rows, _, broken = read(path, '{"a":' + "[" * 200_000 + "\n" + '{"a":1}', NDJSON)
    assert (len(rows), broken[0].rule) == (1, "too_deep")
    with pytest.raises(UnreadableFile, match="nested deeper than 64 levels"):
        read(path, "[" * 200_000, JSON)


@pytest.mark.parametrize("segment_bytes", SEGMENTS)
@pytest.mark.parametrize(
    ("data", "message"),
    [
        ('[{"a":1},\n{"a":2', "ends in the middle of the record that starts on line 2"),
        ('[{"a":1},\n{"a":"xx', "ends in the middle of the record that starts on line 2"),
        ('[{"a":1},\n', "ends on line 2 before its JSON is complete"),
        ('[{"a":1}\n', "ends on line 2 before its JSON is complete"),
        ('[{"a":1}\n{"a":2}]', "not valid JSON: ']' expected or ',' after a record of the array on line 2"),
        ('[{"a":\ntru }, {"a": "something long enough to be no cut token"}]', "Expecting value on line 2"),
        ('[{"a":1}] x', "more text after the end"),
        (b'[{"a":"\xff"}]', "not valid UTF-8 near line 1"),
    ],
)
def test_a_damaged_file_fails_as_a_whole(path, data, message, segment_bytes):
    with pytest.raises(UnreadableFile, match=message.replace("[", r"\[")):
        read(path, data, JSON, segment_bytes=segment_bytes)


def test_too_long_records(path):
    rows, _, broken = read(
        path, '{"a":1}\n' + "x" * 5000 + '\n{"a":2}', NDJSON, record_bytes=1000, segment_bytes=100
    )
    assert [row[LINE] for row in rows] == [1, 3]
    assert [(row.line, row.rule) for row in broken] == [(2, "record_too_long")]
    with pytest.raises(UnreadableFile, match="longer than 1,000 bytes"):
        read(path, '[{"a":"' + "x" * 5000 + '"}]', JSON, record_bytes=1000, segment_bytes=100)


def test_elements_under_the_record_path_inherit_the_scalars_of_their_parent(path):
    order = '{"id": 1, "who": {"x": 1}, "status": "paid", "lines": [{"n": 1, "price": 2.50}, {"n": 2, "status": "open"}]}'
    rows, payloads, _ = read(path, f"[{order}]", FileFormat("json", record_path="lines"))
    assert rows == [
        {"id": "1", "status": "paid", "n": "1", "price": "2.50", LINE: 1},
        {"id": "1", "status": "open", "n": "2", LINE: 1},
    ]
    assert payloads[0] == '{"id": 1, "status": "paid", "n": 1, "price": 2.50}'


def test_a_record_path_that_is_no_list_is_broken(path):
    _, _, broken = read(path, '{"id": 1, "lines": {"n": 1}}', FileFormat("ndjson", record_path="lines"))
    assert broken[0].rule == "record_path"


@pytest.mark.parametrize("segment_bytes", SEGMENTS)
def test_an_array_in_an_object(path, segment_bytes):
    data = '{"count": 2, "tags": ["x", "y"], "data":\n [{"a": 1}, {"a": 2}], "next": null}'
    rows, _, _ = read(path, data, FileFormat("json", array_key="data"), segment_bytes=segment_bytes)
    assert rows == [{"a": "1", LINE: 2}, {"a": "2", LINE: 2}]
    assert find_array_key(path, JSON, ReadLimits(segment_bytes=segment_bytes)) == "data"


def test_aliases_rename_members_in_rows_and_payloads(path):
    fmt = FileFormat("ndjson", aliases={"id": "user_id", "user_id": "user_id", "name": "full_name"})
    rows, payloads, _ = read(path, '{"Id": 1.0, "_line": 2}\n{"id": 1, "user_id": 2, "Name": "x"}', fmt)
    assert rows == [
        {"user_id": "1.0", "_line_": "2", LINE: 1},
        {"id": "1", "user_id": "2", "full_name": "x", LINE: 2},
    ]
    assert payloads == ['{"user_id": 1.0, "_line_": 2}', '{"id": 1, "user_id": 2, "full_name": "x"}']


def test_objects_one_after_the_other(path):
    rows, _, _ = read(path, '{\n"a": 1\n}\n{\n"a": 2\n}\n', JSON)
    assert rows == [{"a": "1", LINE: 1}, {"a": "2", LINE: 4}]


@pytest.mark.parametrize("data", ["[]", "", " \n", "{}"])
def test_no_records(path, data):
    rows, _, broken = read(path, data, JSON)
    assert [row for row in rows if len(row) > 1] == []
    assert broken == []


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
).filter(lambda value: "\\u0000" not in json.dumps(value) and "\\ud" not in json.dumps(value).lower())
RECORDS = st.lists(st.dictionaries(st.sampled_from("abc"), VALUES), max_size=6)


@settings(max_examples=150)
@given(RECORDS, st.integers(1, 60), st.sampled_from([None, 1]))
def test_payloads_are_the_records(path, records, segment_bytes, indent):
    _, as_array, broken = read(path, json.dumps(records, indent=indent), JSON, segment_bytes=segment_bytes)
    assert [json.loads(text) for text in as_array] == records
    _, as_lines, _ = read(path, "\n".join(map(json.dumps, records)), NDJSON, segment_bytes=segment_bytes)
    assert as_lines == [json.dumps(record) for record in records]
    assert broken == []


def test_a_member_that_is_there_twice_breaks_its_record(path):
    rows, _, broken = read(path, '{"a":1,"a":2}\n{"a":{"b":1,"b":1}}\n{"a":3}\n', NDJSON)
    assert [row["a"] for row in rows] == ["3"]
    assert [(row.line, row.rule) for row in broken] == [(1, "repeated_name"), (2, "repeated_name")]


def test_arrays_one_after_the_other(path):
    rows, _, broken = read(path, '[{"a":1}]\n[{"a":2},{"a":3}]\n', JSON)
    assert ([row["a"] for row in rows], broken) == (["1", "2", "3"], [])


def test_records_that_all_have_other_names_come_in_batches(path):
    records = "\n".join(f'{{"m{number}":1}}' for number in range(10_000))
    path.write_text(records)
    batches = list(read_rows(path, NDJSON))
    assert sum(batch.rows.height for batch in batches) == 10_000
    assert max(batch.rows.height * batch.rows.width for batch in batches) < 6_000_000


def test_members_that_stand_for_one_field_break_their_record(path):
    fmt = FileFormat("ndjson", aliases={"id": "id", "job": "job", "title": "job", "post": "job"})
    text = '{"id":1,"ID":2}\n{"title":"A","post":"B"}\n{"id":3,"job":"C","title":"D","x":1,"X":2}\n'
    rows, _, broken = read(path, text, fmt)
    assert [(row["id"], row["job"]) for row in rows] == [("3", "C")]
    assert [(row.line, row.rule) for row in broken] == [(1, "repeated_name"), (2, "repeated_name")]
    assert broken[0].message == "line 1: the members 'id', 'ID' stand for the same field"


def test_what_an_element_says_wins_over_its_record_in_any_case(path):
    fmt = FileFormat("json", aliases={"id": "id"}, record_path="items")
    rows, _, broken = read(path, '[{"ID":1,"note":"n","items":[{"id":2},{"x":3}]}]', fmt)
    assert ([(row["id"], row["note"]) for row in rows], broken) == ([("2", "n"), ("1", "n")], [])
