"""Settings that are wrong only together with others, each with the message a person gets."""

# ruff: noqa: E501 (a whole message in one line is what a person sees)

from collections.abc import Callable

import pytest

# What is wrong, what in the sound file is replaced, by what, and what is said (each line after "hall.yaml:").
# fmt: off
BROKEN: list[tuple[str, str, str, str]] = [
    ("no plot types", "plots:\n  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n  FCAL_occupancy: {pv: FCAL_OCC, response: Call.}\n", "plots: {}\n", "11: plots: no plot types; name at least one, e.g. CDC_occupancy: {pv: CDC_OCC}"),
    ("no classes at all", "defaults:\n  threshold: 0.9\n  classes:\n    Good: {severity: none, key: g}\n    Bad: {severity: major, key: b}\n", "", "7: plots.CDC_occupancy.classes: no classes; define them here or in defaults.classes\n8: plots.FCAL_occupancy.classes: no classes; define them here or in defaults.classes"),
    ("every class removed", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, response: Call., classes: {Good: null, Bad: null}}\n", "12: plots.CDC_occupancy.classes: no classes; define them here or in defaults.classes"),
    ("removed class unknown", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, response: Call., classes: {Goood: null}}\n", '12: plots.CDC_occupancy.classes.Goood: null removes a class of defaults, but there is none of this name; did you mean "Good"?'),
    ("new class without severity", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, response: Call., classes: {LED: {key: l}}}\n", "12: plots.CDC_occupancy.classes.LED.severity: missing: none (a good class), minor (WARN) or major (BAD)"),
    ("new class without key", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, response: Call., classes: {LED: {severity: none}}}\n", '12: plots.CDC_occupancy.classes.LED.key: missing: one lower-case letter or digit, e.g. "l"'),
    ("classes that differ only in case", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, response: Call., classes: {bad: {severity: none, key: x}}}\n", '12: plots.CDC_occupancy.classes.bad: differs from the class "Bad" only in upper and lower case'),
    ("hotkey twice", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, response: Call., classes: {LED: {severity: none, key: g}}}\n", '12: plots.CDC_occupancy.classes.LED.key: "g" is already the key of Good; "l" is free'),
    ("threshold of an unknown class", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, response: Call., threshold: {Bda: 0.5}}\n", '12: plots.CDC_occupancy.threshold.Bda: unknown class; did you mean "Bad"?'),
    ("threshold of a removed class", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, response: Call., threshold: {Bad: 0.5}, classes: {Bad: null}}\n", "12: plots.CDC_occupancy.threshold.Bad: unknown class; known: Good"),
    ("default threshold of an unknown class", "threshold: 0.9", "threshold: {Gut: 0.5}", "5: defaults.threshold.Gut: no plot type has this class; known: Good, Bad"),
    ("17 classes", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, response: Call., classes: {C0: {severity: none, key: 'a'}, C1: {severity: none, key: 'c'}, C2: {severity: none, key: 'd'}, C3: {severity: none, key: 'e'}, C4: {severity: none, key: 'f'}, C5: {severity: none, key: 'h'}, C6: {severity: none, key: 'i'}, C7: {severity: none, key: 'j'}, C8: {severity: none, key: 'k'}, C9: {severity: none, key: 'l'}, C10: {severity: none, key: 'm'}, C11: {severity: none, key: 'n'}, C12: {severity: none, key: 'o'}, C13: {severity: none, key: 'p'}, C14: {severity: none, key: 'q'}}}\n", "12: plots.CDC_occupancy.classes: 17 classes; an EPICS enum holds 16"),
    ("pv twice", "pv: FCAL_OCC", "pv: CDC_OCC", '13: plots.FCAL_occupancy.pv: "CDC_OCC" is taken: plots.CDC_occupancy already serves HYDRA:HALLD:CDC_OCC:STATUS'),
    ("pv twice but for case", "pv: FCAL_OCC", "pv: cdc_occ", '13: plots.FCAL_occupancy.pv: "cdc_occ" is taken: plots.CDC_occupancy already serves HYDRA:HALLD:cdc_occ:STATUS'),
    ("pv of the service", "pv: FCAL_OCC", "pv: sys", '13: plots.FCAL_occupancy.pv: "sys" is taken: "SYS", the service itself, already serves HYDRA:HALLD:sys:MODE'),
    ("pv inside another", "pv: FCAL_OCC", 'pv: "CDC_OCC:SHADOW"', '13: plots.FCAL_occupancy.pv: "CDC_OCC:SHADOW" is taken: plots.CDC_occupancy already serves HYDRA:HALLD:CDC_OCC:SHADOW:CLASS'),
    ("pv too long", "pv: FCAL_OCC", "pv: FCAL_OCCUPANCY_OF_THE_FORWARD_CALORIMETER", '13: plots.FCAL_occupancy.pv: "HYDRA:HALLD:FCAL_OCCUPANCY_OF_THE_FORWARD_CALORIMETER:SHADOW:CLASS" has 66 characters, EPICS names at most 60; shorten it to 35 characters'),
    ("prefix too long", "HYDRA:HALLD:", "HYDRA:HALLD:HALLD:HALLD:HALLD:HALLD:HALLD:HALLD:HALLD:HALLD:", '3: epics.prefix: "HYDRA:HALLD:HALLD:HALLD:HALLD:HALLD:HALLD:HALLD:HALLD:HALLD:SYS:SCANONCE_Q_OVERRUNS" has 83 characters, EPICS names at most 60; shorten it to 37 characters'),
    ("gate without an input", ", inputs: {beam: IBCAD00CRCUR6}}\ndefaults:", "}\ndefaults:\n  active_when: {beam_above: 5}", "5: defaults.active_when.beam_above: needs the PV of the beam current; set epics.inputs.beam"),
    ("source twice", "plots:", '  - {kind: directory, path: ./incoming, pattern: "Run{run:d}/{plot}_{chunk:d}.png"}\nplots:', "11: sources[1]: the same path and pattern as sources[0]; every plot would come twice"),
    ("rate gate without an input", "  CDC_occupancy: {pv: CDC_OCC, response: Call.}\n", "  CDC_occupancy: {pv: CDC_OCC, response: Call., active_when: {rate_above: 5}}\n", "12: plots.CDC_occupancy.active_when.rate_above: needs the PV of the trigger rate; set epics.inputs.rate"),
    ("gate of an unknown input", "  threshold: 0.9", '  active_when: {when: "beam > 5 and run_state in [RUNNING]"}', '5: defaults.active_when.when: column 14: "run_state" is no input; inputs: beam'),
    ("gate that ends too early", "  threshold: 0.9", '  active_when: {when: "beam >"}', "5: defaults.active_when.when: column 7: ends too early; a number, a text or an input is missing"),
    ("gate that is Python", "  threshold: 0.9", "  active_when: {when: \"__import__('os')\"}", '5: defaults.active_when.when: column 1: "__import__" is no input; inputs: beam'),
    ("no response to a major alarm", "{pv: FCAL_OCC, response: Call.}", "{pv: FCAL_OCC}", '13: plots.FCAL_occupancy: no response; say what an operator does when it is Bad, e.g. response: "Check …, call …" (a major alarm asks for an action)'),
    ("an empty response", "{pv: FCAL_OCC, response: Call.}", "{pv: FCAL_OCC, response: '  '}", '13: plots.FCAL_occupancy: no response; say what an operator does when it is Bad, e.g. response: "Check …, call …" (a major alarm asks for an action)'),
    ("leaves above where it enters", "{pv: FCAL_OCC, response: Call.}", "{pv: FCAL_OCC, response: Call., leave: {Bad: 0.95}}", "13: plots.FCAL_occupancy.leave.Bad: Bad of FCAL_occupancy leaves at 0.95 but enters at 0.9; it must not leave higher"),
    ("leaves a good class", "{pv: FCAL_OCC, response: Call.}", "{pv: FCAL_OCC, response: Call., leave: {Good: 0.5}}", "13: plots.FCAL_occupancy.leave.Good: Good is a good class; only a class that alarms is left"),
    ("leave of an unknown class", "{pv: FCAL_OCC, response: Call.}", "{pv: FCAL_OCC, response: Call., leave: {Bda: 0.5}}", '13: plots.FCAL_occupancy.leave.Bda: unknown class; did you mean "Bad"?'),
]
# fmt: on


@pytest.mark.parametrize(("old", "new", "said"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_what_does_not_fit_together_is_refused(
    old: str, new: str, said: str, sound: str, complaint: Callable[[str], str]
) -> None:
    assert old in sound
    expected = "\n".join(f"hall.yaml:{line}" for line in said.split("\n"))
    assert complaint(sound.replace(old, new, 1)) == expected
