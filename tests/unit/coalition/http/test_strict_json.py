"""Reading JSON: one meaning, or a refusal that says where."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coalition.errors import HubError
from coalition.http.strict_json import dump, load_strict

_TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
_WHOLE = st.integers(-(2**53) + 1, 2**53 - 1)
_DOCUMENTS = st.recursive(
    st.none() | st.booleans() | _WHOLE | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(_DOCUMENTS)
def test_what_is_written_is_read_as_the_same(document: object) -> None:
    assert load_strict(dump(document)) == document
    assert load_strict(json.dumps(document, indent=1).encode()) == document


@pytest.mark.parametrize(
    ("raw", "code", "pointers"),
    [
        (b'{"a":1,"a":2}', "malformed_json", ["/a"]),
        (b'{"x":{"a":1,"b":0,"a":2}}', "malformed_json", ["/x/a"]),
        (b'{"a":NaN}', "malformed_json", ["/a"]),
        (b"[1,-Infinity]", "malformed_json", ["/1"]),
        (b'{"a":"\\ud800"}', "malformed_json", ["/a"]),
        (b'{"amount":12.5}', "validation_failed", ["/amount"]),
        (b'{"amount":1e3}', "validation_failed", ["/amount"]),
        (b'{"n":9007199254740992}', "number_out_of_range", ["/n"]),
        (b'{"n":-9007199254740992}', "number_out_of_range", ["/n"]),
        (b'{"n":' + b"9" * 5000 + b"}", "number_out_of_range", ["/n"]),
        (b'{"a":"x\\u0000y"}', "validation_failed", ["/a"]),
        (b'{"a":"x\\ny"}', "validation_failed", ["/a"]),
        ('{"a":"x\u0085y"}'.encode(), "validation_failed", ["/a"]),
        (b'{"a\\u0007/~b":1}', "validation_failed", ["/a\ufffd~1~0b"]),
        (b'{"a":[{"b":1.5},{"b":2.5}]}', "validation_failed", ["/a/0/b", "/a/1/b"]),
    ],
)
def test_what_parsers_read_differently_is_refused_with_its_place(
    raw: bytes, code: str, pointers: list[str]
) -> None:
    with pytest.raises(HubError) as refusal:
        load_strict(raw)
    assert refusal.value.code == code
    assert [each.pointer for each in refusal.value.errors] == pointers


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"\xff", b"\xef\xbb\xbf{}", b'{"a":1}x', b'{"a":"\n"}', b"{'a':1}", b"[" * 99_999],
)
def test_what_is_not_json_is_refused_as_such(raw: bytes) -> None:
    with pytest.raises(HubError) as refusal:
        load_strict(raw)
    assert refusal.value.code == "malformed_json"


def test_escapes_that_mean_plain_text_are_read() -> None:
    assert load_strict(b'{"a":"\\"\\u00e9\\/\\ud83d\\ude00"}') == {"a": '"é/\U0001f600'}


def test_the_largest_safe_integers_are_read() -> None:
    assert load_strict(b"[9007199254740991,-9007199254740991]") == [2**53 - 1, 1 - 2**53]
