"""Formulas. In: cells that a spreadsheet would reckon with. Out: files of every kind in which they are plain text."""

from __future__ import annotations

import csv
import io

import pytest
from flask import Flask

from service.people import files
from service.results import tables
from tests import week47


@pytest.mark.parametrize(
    "sign", ["=", "+", "-", "@", "\t=", "\n=", " =", "\u00a0=", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
)
def test_no_cell_of_an_export_begins_a_formula(sign: str) -> None:
    assert tables.to_csv(["Name"], [[f"{sign}1+1"]]).decode().splitlines()[1].lstrip('"').startswith("'")


def test_rows_that_a_file_gives_back_are_no_formulas(app: Flask) -> None:
    week47.programme()
    file = files.bring(b'email,name," =1+1"\nnot-an-address,Noor,"  =cmd"\n', False, None)
    told = list(csv.reader(io.StringIO(files.refused_rows(file).removeprefix("\ufeff"))))
    assert "cmd" in told[1][2]
    assert not any(cell.strip().startswith("=") for row in told for cell in row)
