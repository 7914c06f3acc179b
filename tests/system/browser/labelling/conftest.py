"""A grid of ten plots, seen by somebody who may label."""

import pytest
from playwright.sync_api import expect
from support.grid import GRID
from support.labelling import Lesson
from support.people import signed_in


@pytest.fixture
def lesson(running):
    made = Lesson(running).bring(10)
    made.promote()
    return made


@pytest.fixture
def ann(running):
    with signed_in(running, "ann", "labeler") as made:
        yield made


@pytest.fixture
def page(lesson, ann, open_page):
    """The grid of ten plots, newest first, seen by ann; the last plot has the focus."""
    made = open_page("/login")
    made.context.add_cookies(ann.cookies)
    made.goto(lesson.hall.url + GRID)
    expect(made.locator(".tile")).to_have_count(10)
    return made
