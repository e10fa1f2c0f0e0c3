"""training/objectives: what each mode aims at, determinism, divergence, depths read off."""

import pytest
import torch
from small import CONFIG, problem, train, trained
from tolerances import ROUNDING
from torch.nn import functional

from varexp.training.objectives import OBJECTIVES, base
from varexp.training.recipe import Recipe


def same_weights(a, b):
    return all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))


@pytest.mark.parametrize("mode", OBJECTIVES)
def test_training_is_deterministic_and_seeded(mode):
    recipe, sides = Recipe(training=mode, steps=20, learning_rate=0.02), (2, 4, 8)  # scales that divide the last
    one, two = (train([problem(seed=s, sides=sides)], CONFIG, recipe)[0] for s in (0, 0))
    (other,) = train([problem(seed=1, sides=sides)], CONFIG, recipe)
    assert same_weights(one.model, two.model)
    assert one.train_rms == two.train_rms
    assert not same_weights(one.model, other.model)


@pytest.mark.parametrize("mode", ["stagewise", "corrective"])
def test_a_shallower_chain_is_a_prefix(mode):
    recipe = Recipe(training=mode, steps=20, learning_rate=0.02)
    (deep,) = train([problem(sides=(2, 3, 4))], CONFIG, recipe)
    (shallow,) = train([problem(sides=(2, 3))], CONFIG, recipe)
    assert same_weights(deep.model.prefix(1), shallow.model)


def test_a_chain_does_not_depend_on_its_company():
    recipe = Recipe(steps=20, learning_rate=0.02)
    company = [problem("fold", "dct", 3), problem(), problem("mix", "nearest", 1, K=2.5)]
    together = train(company, CONFIG, recipe)
    for alone, beside in zip(company, together, strict=True):
        assert same_weights(train([alone], CONFIG, recipe)[0].model, beside.model)


@pytest.mark.slow
def test_stagewise_learns_what_it_aims_at():
    result = trained("affine", "keys", steps=400)
    assert result.diverged_at is None
    assert max(result.train_rms) < 0.02
    assert result.curves[0][0] > 10 * result.curves[0][-1]


@pytest.mark.slow
def test_corrective_undoes_the_kernel_and_stagewise_does_not():
    """With a coarse kernel, corrective blocks aim at the true y and come nearer to it."""
    p = problem("sine", "nearest")
    x = p.domain.points(p.domain.sample(256))

    def error(mode):
        chain = train([p], CONFIG, Recipe(training=mode, steps=400, learning_rate=0.06))[0].model
        return float((chain(x) - p.target(x)).square().mean().sqrt())

    assert error("corrective") < 0.5 * error("stagewise")


def made_aims(mode, monkeypatch, sides=(2, 4, 8), kernel="nearest"):
    """The words, and for each stage what the block is shown and what it is asked for."""
    found = []

    def keep(ensemble, shown, aims, sources, recipe, notify):
        found.append((shown[0], aims[0]))
        return [[0.0]], [0.5]

    monkeypatch.setattr(base, "fit_to_words", keep)
    p = problem("sine", kernel, sides=sides)
    (result,) = train([p], CONFIG, Recipe(training=mode, steps=20))
    return p, p.domain.points(p.domain.grid(p.domain.training_words)), result.model, found


def test_on_model_aims_at_the_stage_of_the_target_on_what_the_model_made(monkeypatch):
    p, words, chain, found = made_aims("on_model", monkeypatch)
    first, second = p.target.stages
    made = chain.prefix(1)(words)
    assert torch.equal(found[0][1], first(words))
    assert torch.equal(found[1][0], chain.stages[1].interpolate(made))
    assert torch.equal(found[1][1], second(made))
    assert not torch.allclose(found[1][1], second(first(words)))  # what corrective would ask for


def test_tokenized_aims_at_the_last_image_down_sampled(monkeypatch):
    p, words, _, found = made_aims("tokenized", monkeypatch)
    image = p.target(words)
    pooled = functional.avg_pool2d(image.transpose(1, 2).unflatten(2, (8, 8)), 2).flatten(2).transpose(1, 2)
    torch.testing.assert_close(found[0][1], pooled, atol=ROUNDING, rtol=ROUNDING)
    torch.testing.assert_close(found[1][1], image, atol=ROUNDING, rtol=ROUNDING)
    with pytest.raises(ValueError, match="side 5 cannot be divided into 3"):
        train([problem(sides=(2, 3, 5))], CONFIG, Recipe(training="tokenized", steps=20))


@pytest.mark.slow
def test_end_to_end_trains_the_whole_chain():
    p = problem("sine", "keys")
    x = p.domain.points(p.domain.sample(256))
    (result,) = train([p], CONFIG, Recipe(training="end_to_end", steps=600, learning_rate=0.01))
    relative = (result.model(x) - p.target(x)).square().mean().sqrt() / p.target(x).square().mean().sqrt()
    assert float(relative) < 0.3
    matrices = [stage.interpolation for stage in result.model.stages]
    assert all(m.dtype == torch.float64 for m in matrices)
    fresh = trained("sine", "keys").model
    assert all(torch.equal(m, s.interpolation) for m, s in zip(matrices, fresh.stages, strict=True))


def test_the_judged_model_is_float64_with_float32_weights():
    chain = trained().model
    for p in chain.parameters():
        assert p.dtype == torch.float64
        assert torch.equal(p, p.float().double())


def test_a_diverged_model_is_recorded_and_costs_no_other():
    recipe = Recipe(steps=30, learning_rate=1e8)
    results = train([problem(), problem("fold", seed=1)], CONFIG, recipe)
    assert all(r.diverged_at == 1 for r in results)
    assert trained().diverged_at is None


def test_recipe():
    assert (
        OBJECTIVES["stagewise"].default_learning_rate(4) == OBJECTIVES["corrective"].default_learning_rate(16) == 0.06
    )
    assert OBJECTIVES["stagewise"].default_learning_rate(32) == 0.03
    assert OBJECTIVES["end_to_end"].default_learning_rate(32) == 0.01
    with pytest.raises(ValueError, match=f"unknown training 'adam': choose one of {', '.join(OBJECTIVES)}"):
        Recipe(training="adam")
    with pytest.raises(ValueError, match="steps is a whole number from 11 up, got 10"):
        Recipe(steps=10)
    for rate in (0.0, -1.0, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="learning_rate is a finite number above 0"):
            Recipe(learning_rate=rate)
    with pytest.raises(ValueError, match="one ladder of sides"):
        train([problem(sides=(2, 3)), problem(sides=(2, 4))], CONFIG, Recipe(steps=11))
