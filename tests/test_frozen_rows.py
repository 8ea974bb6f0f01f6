"""Rows that are kept packed come back as they were put in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.frozen_rows import pack, unpack

rows = st.lists(
    st.fixed_dictionaries(
        {
            "code": st.sampled_from(["unrepaired", "repaired"]),
            "text": st.text(max_size=8),
            "entry_id": st.none() | st.integers(1, 5),
            "harmful": st.booleans(),
        }
    ),
    max_size=20,
)


@pytest.mark.req("R38")
@given(rows=rows)
def test_packed_rows_come_back_and_what_is_alike_is_kept_once(rows):
    packed = pack(rows, ("text", "entry_id"))
    assert unpack(packed) == rows
    assert len(packed["shared"]) == len({(row["code"], row["harmful"]) for row in rows})


def test_rows_that_were_stored_spelt_out_are_read_as_before():
    assert unpack([{"code": "repaired", "text": "已修复"}]) == [{"code": "repaired", "text": "已修复"}]


def test_a_row_of_another_shape_is_not_taken():
    with pytest.raises(KeyError):
        pack([{"code": "a", "text": "b"}, {"text": "c"}], ("text",))
