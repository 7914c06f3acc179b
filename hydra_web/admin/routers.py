"""The routers of people and their administration, for `app.py`."""

from hydra_web.admin import accounts, audit, news, pages, tokens
from hydra_web.people import signing_in, views

ROUTERS = (
    signing_in.router,
    views.router,
    accounts.router,
    tokens.router,
    news.router,
    audit.router,
    pages.router,
)
