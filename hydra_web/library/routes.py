"""All routes of the library, put together."""

from fastapi import APIRouter

from hydra_web.library import deciding, models, rules, shadow, simulation, trainings

router = APIRouter()
for part in (models, deciding, rules, simulation, shadow, trainings):
    router.include_router(part.router)
