"""The rules of the house, kept by the machine: direction of imports, purity, commit sites, sizes, names, docstrings."""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from service import config

ROOT = Path(__file__).resolve().parent.parent
PURE = ("scoring", "emails")
OUTSIDE = {
    "flask", "flask_sqlalchemy", "sqlalchemy", "redis", "rq", "requests", "urllib3", "httpx", "socket", "smtplib",
    "sendgrid", "os", "random", "secrets", "time", "subprocess", "service",
}  # fmt: skip
EDGES = {"web", "cli", "jobs", "worker", "scheduler", "up", "schedule"}
"""Modules of service/ that nothing but another edge may import."""
MAY_COMMIT = {
    "campaign_mails", "mail_choices", "month_mails", "share_mails", "winner_mails",
    "arrivals", "badge_fillings", "badge_mails", "badge_pages", "badges", "boards", "campaigns", "choices", "contests",
    "conversions",
    "digests", "draws", "editions", "employees", "employees_import", "events", "forgetting", "fresh_links", "inbound",
    "keys", "liaisons", "opened_links", "people", "pictures", "posters", "programmes", "quarantine", "reclassifying",
    "reports", "results", "roles", "rule_sets", "settling", "share_texts", "shares", "sources", "steering",
    "stock", "stories", "stories_feed", "story_acts", "suggestions", "topic_acts", "accepting",
    "topics", "trials", "visiting",
}  # fmt: skip
"""Use cases, and deliveries: their promise is made of commits. A package's modules count as the package."""


def _tracked(*endings: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    names = listed.stdout.split() or [str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if ".venv" not in p.parts]
    return [ROOT / n for n in names if n.endswith(endings) and (ROOT / n).is_file()]


def _code(*folders: str) -> list[Path]:
    return [p for p in _tracked(".py") if p.relative_to(ROOT).parts[0] in folders]


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{a.name}" for a in node.names}
    return found


def _module_of(path: Path) -> str:
    """Return the room of service/ that a file belongs to: `digests` for service/digests.py."""
    return path.relative_to(ROOT / "service").parts[0].removesuffix(".py")


@pytest.mark.parametrize("package", PURE)
def test_the_inner_packages_reach_nothing_outside(package: str) -> None:
    other = PURE[1 - PURE.index(package)]
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in _code(package)
        for name in _imports(path)
        if name.split(".")[0] in OUTSIDE | {other}
    ]
    assert wrong == []


@pytest.mark.parametrize("package", PURE)
def test_the_inner_packages_know_no_clock(package: str) -> None:
    clock = re.compile(r"\b(datetime\.now|date\.today|datetime\.utcnow|time\.time|utcnow)\(")
    wrong = [str(p.relative_to(ROOT)) for p in _code(package) if clock.search(p.read_text(encoding="utf-8"))]
    assert wrong == []


def test_imports_point_down() -> None:
    wrong = []
    for path in _code("service"):
        room = _module_of(path)
        if room in EDGES or room == "__init__":
            continue
        for name in _imports(path):
            parts = name.split(".")
            if parts[0] == "service" and len(parts) > 1 and parts[1] in EDGES:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert wrong == []


def test_models_and_lower_modules_know_no_use_case() -> None:
    lower = {"models", "ledger", "outbox", "suppressions", "database", "clock", "config", "journal", "passes"}
    wrong = []
    for path in _code("service"):
        if _module_of(path) in lower:
            for name in _imports(path):
                parts = name.split(".")
                if parts[0] == "service" and len(parts) > 1 and parts[1] in MAY_COMMIT - {"keys"}:
                    wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert wrong == []


def test_only_use_cases_commit() -> None:
    wrong = []
    for path in _code("service"):
        room = _module_of(path)
        if room in MAY_COMMIT or room == "delivery":
            continue
        if re.search(r"session\.commit\(", path.read_text(encoding="utf-8")):
            wrong.append(str(path.relative_to(ROOT)))
    assert wrong == []


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    files = _tracked(".py", ".html", ".mjml", ".css", ".js")
    long = {
        str(p.relative_to(ROOT)): n
        for p in files
        if "migrations/versions" not in str(p) and (n := len(p.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}


def test_no_room_is_without_a_name() -> None:
    nameless = re.compile(r"(^|/)(utils?|helpers?|common|misc)(\.py|/)")
    assert [p for p in map(str, _tracked("")) if nameless.search(p)] == []


def test_every_file_opens_by_saying_what_comes_in_and_what_goes_out() -> None:
    wrong = []
    for path in _code("service", "scoring", "emails"):
        opening = ast.get_docstring(_tree(path)) or ""
        if path.name != "__init__.py" and not ("In:" in opening and "Out:" in opening):
            wrong.append(str(path.relative_to(ROOT)))
    assert wrong == []


def test_every_public_function_of_the_inner_packages_has_a_docstring() -> None:
    wrong = []
    for path in _code(*PURE):
        for node in _tree(path).body:
            public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if public and not ast.get_docstring(node):
                wrong.append(f"{path.relative_to(ROOT)}: {node.name}")
    assert wrong == []


def test_errors_are_not_swallowed() -> None:
    wrong = []
    for path in _code("service", "scoring", "emails"):
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.ExceptHandler):
                bare = node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception")
                if bare and all(isinstance(s, ast.Pass) for s in node.body):
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert wrong == []


def test_every_setting_stands_in_the_documented_table_and_no_other() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `(GOODWORD_[A-Z_]+)` \|", text, re.M))
    assert told == {s.name for s in config.SETTINGS}


def test_nothing_in_the_project_names_a_path_of_a_machine() -> None:
    machine = re.compile(r"(^|[^A-Za-z0-9_.-])/(work|farm|root)/")
    wrong = [
        str(p.relative_to(ROOT))
        for p in _tracked(".py", ".md", ".html", ".toml", ".txt", ".yaml", ".sh", "Makefile")
        if p.name != "test_house.py" and machine.search(p.read_text(encoding="utf-8"))
    ]
    assert wrong == []
