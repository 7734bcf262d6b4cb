"""No case and no healthy cluster may be given a wrong cause with more than low confidence."""

from __future__ import annotations

from dataclasses import replace

from agentops.core.finding import Confidence
from tests.providers.kubernetes.analyzers.confusion import CLUSTERS, Judgement, of_cases, of_healthy_clusters, table
from tests.providers.kubernetes.analyzers.noisy import noisy_cluster


def test_nothing_is_wrong_with_more_than_low_confidence():
    """The table of cases and healthy clusters holds no confident error; ``scripts/confusion.py`` prints it."""
    found = [*of_cases(), *of_healthy_clusters()]
    assert [one for one in found if one.is_confidently_wrong] == [], table(found)


def test_a_wrong_answer_with_confidence_is_counted():
    """The check can fail: a cause that nobody wanted is an error from medium on."""
    one = Judgement(
        name="x", wanted="CrashLoop", accepted=frozenset({"CrashLoop shop/Deployment/web"}),
        given="OutOfMemory shop/Deployment/web", confidence=Confidence.MEDIUM,
    )  # fmt: skip
    assert (one.is_confidently_wrong, replace(one, confidence=Confidence.LOW).is_confidently_wrong) == (True, False)
    assert "1 wrong with medium or high confidence" in table([one])


def test_most_healthy_clusters_are_given_no_cause_at_all():
    """Noise seldom leads to a cause even with low confidence."""
    found = list(of_healthy_clusters())
    assert (len(found), sum(one.is_right for one in found) >= CLUSTERS * 0.9) == (CLUSTERS, True), table(found)


def test_a_seed_gives_the_same_cluster_again():
    """The clusters are data: the same ones in every run."""
    assert noisy_cluster(7) == noisy_cluster(7)
