"""All routes of teaching: labelling and reviewing."""

from hydra_web.labelling import api, pages
from hydra_web.review import api as review_api
from hydra_web.review import pages as review_pages

ROUTERS = (api.router, pages.router, review_api.router, review_pages.router)
