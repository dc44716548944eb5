"""The look. In: the tokens at the top of goodword.css. Out: contrast as WCAG 2.2 asks, in both themes."""

import re
from pathlib import Path

import pytest

import service

CSS = (Path(service.__file__).parent / "static" / "goodword.css").read_text(encoding="utf-8")


def _tokens(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))


_light, _dark = CSS.split("@media (prefers-color-scheme: dark)", 1)
THEMES = {"light": _tokens(_light), "dark": {**_tokens(_light), **_tokens(_dark.split("/* Base elements */")[0])}}


def _luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


TEXT = [
    ("ink", "paper"),
    ("ink", "surface"),
    ("ink", "quiet"),
    ("ink", "glow"),
    ("muted", "paper"),
    ("muted", "surface"),
    ("act", "paper"),
    ("act", "surface"),
    ("act", "quiet"),
    ("act-strong", "quiet"),
    ("on-act", "act"),
    ("on-act", "act-strong"),
    ("celebrate", "paper"),
    ("celebrate", "surface"),
    ("celebrate", "glow"),
    ("on-warn", "warn"),
    ("on-bad", "bad"),
    ("on-bad", "paper"),
    ("on-bad", "surface"),
]
CONTROLS = [("edge", "surface"), ("edge", "paper"), ("act", "paper"), ("act", "surface"), ("celebrate", "line")]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("one", "other"), TEXT)
def test_text_has_a_contrast_of_four_and_a_half(theme: str, one: str, other: str) -> None:
    assert _contrast(THEMES[theme][one], THEMES[theme][other]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("one", "other"), CONTROLS)
def test_controls_have_a_contrast_of_three(theme: str, one: str, other: str) -> None:
    assert _contrast(THEMES[theme][one], THEMES[theme][other]) >= 3


def test_the_style_sheet_asks_for_nothing_from_elsewhere() -> None:
    assert "url(" not in CSS
    assert "@import" not in CSS
    assert "prefers-reduced-motion" in CSS
