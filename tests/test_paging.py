"""Lists by pages: every row once, what was asked for is kept, and nothing odd breaks them."""

from django.http import QueryDict

from credit_portal.outbox.models import Notice
from credit_portal.registry.paging import newest_first
from tests import factories


def test_each_row_is_on_one_page_and_the_question_stays(rf, db):
    user = factories.staff()
    Notice.objects.bulk_create(
        Notice(user=user, key=str(number), created_at=factories.NOW) for number in range(7)
    )
    seen, query = [], "?q=%E5%86%9C&own=1"
    while query:
        assert dict(QueryDict(query[1:]).items()) | {"before": ""} == {"q": "农", "own": "1", "before": ""}
        rows, query = newest_first(Notice.objects.all(), rf.get(f"/{query}"), size=3)
        seen += [row.pk for row in rows]
    assert seen == list(Notice.objects.order_by("-pk").values_list("pk", flat=True)) and len(seen) == 7


def test_a_second_list_of_a_page_has_an_edge_of_its_own(rf, db):
    user = factories.staff()
    Notice.objects.bulk_create(
        Notice(user=user, key=str(number), created_at=factories.NOW) for number in range(5)
    )
    request = rf.get("/?before=3")
    first, following = newest_first(Notice.objects.all(), request, size=2, edge="others_before")
    assert len(first) == 2 and f"others_before={first[-1].pk}" in following and "before=3" in following


def test_an_odd_edge_is_none(rf, db):
    for odd in ("²", "-1", "x", "%00", "9" * 500):
        assert newest_first(Notice.objects.all(), rf.get(f"/?before={odd}")) == ([], "")
