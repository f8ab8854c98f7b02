from detectors.once import once


class Circle:
    def __init__(self, radius: float) -> None:
        self.radius = radius
        self.asked = 0

    @once
    def area(self) -> float:
        """Three times the square, or so."""
        self.asked += 1
        return 3 * self.radius**2


def test_it_is_worked_out_when_asked_for_and_then_remembered() -> None:
    circle, other = Circle(2), Circle(3)
    assert circle.asked == 0
    assert (circle.area, circle.area, other.area) == (12, 12, 27)
    assert (circle.asked, circle.__dict__["area"]) == (1, 12)


def test_the_class_has_it_with_its_words() -> None:
    assert Circle.area.__doc__ == "Three times the square, or so."
