"""Outcomes survive the way to JSON and back without loss."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.outcomes import START, Life, incident, plot_type

from hydra_core.domain import (
    Condition,
    Episode,
    Failure,
    Image,
    Judgement,
    ModelRef,
    Mute,
    Outcome,
    Plot,
    PlotState,
    Policy,
    Prediction,
    Severity,
    Status,
    Tick,
    Verdict,
)
from hydra_core.errors import StoreError
from hydra_core.store.codec import decode_outcome, encode_outcome, from_json, to_json

times = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scores = st.floats(0, 1)
plots = st.builds(Plot, texts, texts, st.integers(), st.integers(), times, times, texts, texts)
episodes = st.builds(Episode, texts, texts, texts, times, times, scores, st.none() | texts, st.none() | times)
judgements = st.builds(Judgement, texts, scores, st.none() | st.sampled_from(Severity), times)
failures = st.builds(Failure, texts, st.sampled_from(Condition), texts, st.none() | plots)
states = st.builds(
    PlotState,
    recent=st.lists(judgements, max_size=4).map(tuple),
    level=st.sampled_from(Status),
    since=st.none() | times,
    episode=st.none() | episodes,
    failure=st.none() | st.tuples(st.sampled_from(Condition), texts),
)
predictions = st.builds(
    Prediction,
    plots,
    st.builds(ModelRef, texts, st.integers(1), texts),
    st.just(("Good", "Bad")),
    st.tuples(scores, scores),
    novelty=scores,
    took=scores,
)
verdicts = st.builds(
    Verdict,
    texts,
    st.none() | plots,
    texts,
    st.floats(allow_nan=False),
    st.sampled_from(Status),
    st.sampled_from(Severity),
    st.sampled_from(Condition),
    st.booleans(),
    st.integers(),
    texts,
    times,
)
events = failures | st.builds(Tick, st.booleans()) | st.builds(Mute, st.none() | times, texts)
hashes = st.none() | st.integers(0, 2**64 - 1)
images = st.builds(Image, texts, texts, st.integers(), st.integers(), st.integers(), hashes)
outcomes = st.builds(
    Outcome,
    texts,
    times,
    image=st.none() | images,
    plot=st.none() | plots,
    prediction=st.none() | predictions,
    verdict=st.none() | verdicts,
    state=st.none() | states,
    episode=st.none() | episodes,
    reject=st.none() | texts,
    event=st.none() | events,
)


@given(outcomes)
def test_any_outcome_comes_back_the_same(outcome: Outcome) -> None:
    data = encode_outcome(outcome)
    assert decode_outcome(data) == outcome
    assert encode_outcome(decode_outcome(data)) == data


def test_the_heat_map_comes_back_and_the_embedding_in_half_the_digits() -> None:
    outcome = Life().judge(1)
    assert outcome.prediction is not None
    back = decode_outcome(encode_outcome(outcome)).prediction
    assert back is not None
    assert back.embedding is not None and outcome.prediction.embedding is not None
    assert back.embedding.dtype == np.float16
    np.testing.assert_allclose(back.embedding, outcome.prediction.embedding, rtol=1e-3)
    assert back.cam is not None and outcome.prediction.cam is not None
    assert back.cam.dtype == np.uint8
    assert np.array_equal(back.cam, outcome.prediction.cam)
    back.cam[0, 0] = 9


def test_a_heat_map_that_is_a_view_is_written_in_its_own_order() -> None:
    outcome = Life().judge(1)
    assert outcome.prediction is not None and outcome.prediction.cam is not None
    view = outcome.prediction.cam.T
    back = decode_outcome(encode_outcome(replace(outcome, prediction=replace(outcome.prediction, cam=view))))
    assert back.prediction is not None and back.prediction.cam is not None
    assert np.array_equal(back.prediction.cam, view)


def test_times_of_another_zone_become_utc() -> None:
    there = START.astimezone(timezone(timedelta(hours=-5)))
    back = decode_outcome(encode_outcome(Outcome("x", there)))
    assert back.at == START
    assert back.at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("score", [float("inf"), float("-inf")])
def test_numbers_that_json_lacks(score: float) -> None:
    verdict = incident()[2].verdict
    assert verdict is not None
    outcome = Outcome("x", START, verdict=replace(verdict, score=score))
    assert decode_outcome(encode_outcome(outcome)) == outcome


def test_a_policy_comes_back() -> None:
    policy = plot_type().policy
    assert from_json(Policy, json.loads(json.dumps(to_json(policy)))) == policy


def test_unknown_fields_are_passed_over_and_missing_ones_take_their_default() -> None:
    body = json.loads(encode_outcome(Outcome("x", START)))
    body["outcome"]["colour"] = "mauve"
    del body["outcome"]["reject"]
    assert decode_outcome(json.dumps(body).encode()) == Outcome("x", START)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"version": 2, "outcome": {}}',
        b'{"version": 1, "outcome": {}}',
        b'{"version": 1, "outcome": {"plot_type": 7, "at": "2026-03-01T00:00:00+00:00"}}',
        b'{"version": 1, "outcome": {"plot_type": "x", "at": "yesterday"}}',
        b'{"version": 1, "outcome": {"plot_type": "x", "at": "2026-03-01T00:00:00+00:00", "event": {"type": "Nova"}}}',
        b'{"version": 1, "outcome": {"plot_type": "x", "at": "2026-03-01T00:00:00+00:00", "state": {"level": 99}}}',
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(StoreError, match="spooled result"):
        decode_outcome(data)


def test_what_has_no_form_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="no JSON form for object"):
        to_json(object())
