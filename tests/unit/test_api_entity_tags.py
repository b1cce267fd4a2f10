"""What is read from `If-None-Match`."""

import pytest

from services.api.entity_tags import EntityTag

TAG = EntityTag(position=12, variant="r40")


@pytest.mark.parametrize(
    ("values", "is_known", "is_news"),
    [
        ([], False, False),
        (['W/"12-r40"'], True, False),
        (['"12-r40"'], True, False),
        (['"11-0", W/"12-r40"'], True, False),
        (['"11-0"', '"12-r40"'], True, False),
        (["*"], True, False),
        (['W/"12-r20"'], False, False),
        (['W/"1-r40"'], False, True),
        (['W/"120-r40"'], False, True),
        # Nothing that could be compared.
        (["12-r40"], False, False),
        (['"12-r40'], False, False),
    ],
)
def test_a_tag_that_a_client_has(values: list[str], *, is_known: bool, is_news: bool) -> None:
    """Tags are compared weakly, in lists and in repeated headers; `*` is any body there may be."""
    assert TAG.header() == 'W/"12-r40"'
    assert TAG.is_in(values) is is_known
    assert TAG.is_news_to(values) is is_news
