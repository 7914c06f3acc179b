"""What PV names may look like at a site, and the names that a hall has from before."""

# ruff: noqa: E501 (a whole message in one line is what a person sees)

from collections.abc import Callable
from pathlib import Path

import pytest

from hydra_core.config import parse_config
from hydra_core.pvs import MAX_NAME, all_names, plot_pvs, service_pvs

PREFIX = 'prefix: "HYDRA:HALLD:"'
# The naming, prefix and pv of a hall that each site would take.
SITES = [
    ("generic", "{X}<1>", "CDC_OCC"),
    ("jlab", "HD:hydra:", "CDC_OCC"),
    ("isis", "IN:LARMOR:HYDRA:", "CDC_OCC"),
    ("lcls", "HYDR:LI21:", "CDC_OCC"),
    ("ess", "DTL-010:", "PBI-Hydra-001"),
]
# fmt: off
BROKEN = [
    ("a digit first", 'prefix: "1HD:", naming: jlab', 'is no name of naming: jlab, which wants a letter, then letters, digits, _ : and -, e.g. HD:hydra:CDC_OCC', '"1HD:CDC_OCC"'),
    ("small letters at ISIS", 'prefix: "IN:Larmor:", naming: isis', 'is no name of naming: isis, which wants three or more parts of capital letters, digits and _ between colons, e.g. IN:LARMOR:HYDRA:DET1', '"IN:Larmor:CDC_OCC"'),
    ("two parts at LCLS", 'prefix: "HYDR:", naming: lcls', 'is no name of naming: lcls, which wants TYPE:AREA:UNIT in capital letters, digits, _ and -, e.g. HYDR:LI21:CDC_OCC', '"HYDR:CDC_OCC"'),
    ("too long at LCLS", 'prefix: "HYDRAHYDRA:LI21HYDRAX:", naming: lcls', "has 29 characters, naming: lcls allows 28 before the suffix", '"HYDRAHYDRA:LI21HYDRAX:CDC_OCC"'),
    ("no device at ESS", 'prefix: "DTL-010:", naming: ess', "is no name of naming: ess, which wants Sec-Sub:Dis-Dev-Idx, e.g. DTL-010:PBI-Hydra-001", '"DTL-010:CDC_OCC"'),
]
COMPAT = [
    ("unknown kind", "compat: clas13", 'epics.compat.kind: must be one of clas12, original; got the text "clas13"; did you mean "clas12"?'),
    ("original without a root", "compat: {kind: original}", 'epics.compat: needs "root", the EPICS_ROOT of the Hydra before, e.g. root: "HD:hydra:"'),
    ("a slash in the root", 'compat: {kind: original, root: "X/"}', 'epics.compat.root: "X/" has "/"; PV names may hold letters, digits and _ : - { } < >'),
    ("a limit that no score has", "compat: {kind: clas12, lolo: -2}", "epics.compat.lolo: must be at least -1.0, got -2"),
    ("a list", "compat: [clas12]", "epics.compat: must be a mapping of keys, got a list"),
    ("root too long", f'compat: {{kind: clas12, root: "{"R" * 48}"}}', f'epics.compat.root: "{"R" * 48}CDC_occupancy" has 61 characters, EPICS names at most 60; shorten it to 47 characters'),
]
# fmt: on


@pytest.mark.parametrize(("naming", "prefix", "pv"), SITES, ids=[site[0] for site in SITES])
def test_each_site_takes_its_own_names(sound: str, naming: str, prefix: str, pv: str) -> None:
    text = sound.replace(PREFIX, f'prefix: "{prefix}", naming: {naming}')
    text = text.replace("pv: CDC_OCC", f"pv: {pv}").replace("pv: FCAL_OCC", f"pv: {pv}2")
    hall = parse_config(text, Path("hall.yaml"), {})
    assert hall.epics.naming == naming


@pytest.mark.parametrize(("epics", "said", "name"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_names_that_a_site_does_not_take(
    epics: str, said: str, name: str, sound: str, complaint: Callable[[str], str]
) -> None:
    text = complaint(sound.replace(PREFIX, epics).replace("  FCAL_occupancy: {pv: FCAL_OCC, response: Call.}\n", ""))
    assert text == f"hall.yaml:12: plots.CDC_occupancy.pv: {name} {said}"


@pytest.mark.parametrize(("compat", "said"), [case[1:] for case in COMPAT], ids=[case[0] for case in COMPAT])
def test_names_from_before_that_cannot_be(compat: str, said: str, sound: str, complaint: Callable[[str], str]) -> None:
    assert complaint(sound.replace(PREFIX, f"{PREFIX}, {compat}")).splitlines()[0] == f"hall.yaml:3: {said}"


@pytest.mark.parametrize(
    ("plot", "compat", "clash"),
    [
        ("stat", "clas12", 'HB:monitoring:ai:stat is taken: plots.stat'),
        ("cdc_Occupancy", "clas12", 'HB:monitoring:ai:cdc_Occupancy is taken: plots.CDC_occupancy'),
        ("MSG", '{kind: original, root: "HYDRA:HALLD:CDC_OCC:"}', "HYDRA:HALLD:CDC_OCC:MSG is taken: plots.CDC_occupancy"),
        ("MSG", '{kind: original, root: "hydra:halld:sys:"}', 'hydra:halld:sys:MSG is taken: "SYS"'),
    ],
)  # fmt: skip
def test_a_name_from_before_is_served_once(
    plot: str, compat: str, clash: str, sound: str, complaint: Callable[[str], str]
) -> None:
    text = sound.replace(PREFIX, f"{PREFIX}, compat: {compat}").replace("FCAL_occupancy", plot)
    assert complaint(text).startswith(f"hall.yaml:3: epics.compat: {clash} already serves it")


def test_names_from_before_are_counted_and_short(sound: str) -> None:
    hall = parse_config(sound.replace(PREFIX, f"{PREFIX}, compat: clas12"), Path("hall.yaml"), {})
    names = list(all_names(hall.epics.prefix, hall.plot_types(), hall.epics.existing_names()))
    own = len(service_pvs()) + sum(len(plot_pvs(one)) for one in hall.plot_types())
    assert names[own:] == [f"HB:monitoring:ai:{n}" for n in ("CDC_occupancy", "FCAL_occupancy", "stat:A", "stat", "wf")]
    assert all(len(name) <= MAX_NAME for name in names)
