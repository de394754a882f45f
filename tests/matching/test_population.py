"""Sampled galleries: the fit gives back what it was fitted to, and an oracle that the indexes' code has no part in."""

from __future__ import annotations

import numpy as np
import pytest

from tools import population as matching_population
from tools.bench_report import report
from tools.bench_search import bench_search, oracle, sample
from tools.population import Population, population

SPREAD = [0.1, 0.5, 0.4, 0.3, 0.2, 0.1, 0.1, 0.1]


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(1)
    people = np.eye(8)[0] * 3 + rng.normal(size=(4000, 1, 8)) * SPREAD
    seen = people + rng.normal(size=(4000, 2, 8)) * 0.05
    return Population.fit(seen), seen


def test_the_fit_has_mean_and_covariances_of_what_it_saw(fitted):
    made, seen = fitted
    own = seen.mean(axis=1)
    assert np.allclose(made.mean, own.mean(axis=0))
    assert np.allclose(made.within @ made.within.T, np.eye(8) * 0.05**2, atol=2e-4)
    expected = np.diag(np.square(SPREAD))
    assert np.allclose(made.between @ made.between.T, expected, atol=0.025)
    assert made.faces == 8000


def test_it_is_kept_and_drawn_only_once(fitted, tmp_path):
    path = tmp_path / "bench" / "fit.npz"
    fitted[0].save(path)
    again = population(path, None, None, print)
    assert np.array_equal(again.within, fitted[0].within) and again.faces == 8000


def test_an_ended_run_goes_on_where_it_was(tmp_path, monkeypatch):
    asked = []

    def drawn(_detector, _extractor, seed):
        if len(asked) == 150:
            raise KeyboardInterrupt
        asked.append(seed)
        return None if seed % 50 == 0 else np.random.default_rng(seed).normal(size=(2, 3))

    monkeypatch.setattr(matching_population, "drawn_face", drawn)
    monkeypatch.setattr(matching_population, "PEOPLE", 200)
    path = tmp_path / "fit.npz"
    with pytest.raises(KeyboardInterrupt):
        population(path, None, None, print)
    asked[:] = [0]
    with pytest.raises(ValueError, match="Only 392 drawn faces"):
        population(path, None, None, print)
    assert len(asked) == 101, "the first hundred were kept"
    monkeypatch.setattr(matching_population, "LEAST_FACES", 300)
    assert population(path, None, None, print).faces == 392
    assert [entry.name for entry in tmp_path.iterdir()] == ["fit.npz"]


def test_the_oracle_is_right(fitted, tmp_path):
    drawn = sample(fitted[0], 3000, 3, tmp_path / "rows")
    for probe, people in zip(drawn.probes, oracle(drawn, drawn.probes), strict=True):
        scores = drawn.vectors.astype(np.float64) @ probe.astype(np.float64)
        best = scores.reshape(2, drawn.persons).max(axis=0)
        assert [int(person, 16) for person in people] == np.argsort(-best)[:100].tolist()
        assert not (np.abs(scores - 1) < 1e-9).any(), "a probe is no row of the gallery"


def test_the_report_names_every_measurement(fitted):
    found = bench_search(fitted[0], 2000, kinds=("exact", "faiss"), searches=3, checked=5, threads=2)
    assert found["faiss"]["same_list"] == found["faiss"]["checked"] == 5 and found["faiss"]["recall"] == 1.0
    names = {"exact", "faiss", "numpy", "sklearn_cosine", "faiss_flat_ip", "bandwidth_floor"}
    names |= {"faiss_flat_ip_one_thread"}
    assert found["milliseconds"].keys() == names
    page = report({"threads": 2, "load": 0.1, "fitted_faces": 8000, "search": [found]})
    assert "## 2,000 photographs, 1,000 people" in page and "5 of 5 lists the same" in page
    assert page.count("\n| ") == len(names) + 1
