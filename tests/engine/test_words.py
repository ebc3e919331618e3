"""What the request log says is said as people say it."""

from __future__ import annotations

from mockserver.engine.words import counted


def test_one_is_singular_and_every_other_number_plural() -> None:
    assert [counted(number, "lead") for number in (0, 1, 2, 11)] == ["0 leads", "1 lead", "2 leads", "11 leads"]
