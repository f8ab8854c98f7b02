from hypothesis import given
from hypothesis import strategies as st

from alerts.console.charts import HEIGHT, LABELS, WIDTH, bars, curve

numbers = st.floats(-20, 20)


@given(st.lists(numbers, max_size=8))
def test_bars_have_one_scale_and_stay_within(values: list[float]) -> None:
    found = bars([(f"theme {place}", "", value) for place, value in enumerate(values)])
    longest = max((abs(value) for value in values), default=0.0)
    for bar, value in zip(found.bars, values, strict=True):
        assert bar.raises == (value > 0)
        assert LABELS - 0.01 <= bar.x <= bar.x + bar.width <= WIDTH
        assert abs((bar.x if value >= 0 else bar.x + bar.width) - found.zero) < 1e-6, "it begins at the zero line"
        longest_bar = max(bar.width for bar in found.bars)
        assert longest == 0 or abs(bar.width * longest - abs(value) * longest_bar) <= 1e-6 * WIDTH * longest


@given(st.lists(st.tuples(st.integers(0, 900), st.floats(0, 1)), min_size=1, max_size=9), st.floats(0.05, 0.9))
def test_a_curve_stays_within_and_rises_with_the_probability(found: list[tuple[int, float]], strong: float) -> None:
    values = [(days / 2, value) for days, value in sorted(found)]
    drawn = curve(values, strong / 2, strong)
    assert len(drawn.dots) == len(values)
    for dot, (x, _) in zip(drawn.dots, values, strict=True):
        assert dot.x == round(x, 1)
        assert 0 < dot.y < HEIGHT
    ordered = sorted(zip((value for _, value in values), (dot.y for dot in drawn.dots), strict=True))
    assert [y for _, y in ordered] == sorted((y for _, y in ordered), reverse=True)
    assert drawn.strong <= drawn.moderate
