//! Loss curves as SVG within HTML: losses over iterations, the losses on a logarithmic axis.

use std::fmt::Write;

use super::curves::Curve;

/// Sides of the drawing, and the margins that hold the labels of its axes, in its own units.
const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 34.0;

/// Losses smaller than the largest by more than this are below the axis: nobody minimises them.
const DEEPEST: f64 = 1e-9;

/// Most powers of ten that are marked on the axis of losses.
const MOST_MARKS: usize = 8;

/// The axis of losses that all charts share, so that they compare: from one round number, 1, 2 or 5 times a
/// power of ten, to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossAxis {
    lowest: Round,
    highest: Round,
}

/// A round number. Number 3·k is 10ᵏ, the two after it are twice and five times that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Round(i32);

impl Round {
    /// The largest that is not above `value`, which is positive.
    fn below(value: f64) -> Self {
        let power = 3 * (value.log10().floor() as i32 - 1);
        // From below, since the logarithm of a power of ten may come out a little short.
        let above = (power..).map(Round).find(|round| round.value() > value);
        above.map_or(Round(power), |above| Round(above.0 - 1))
    }

    /// The smallest that is not below `value`, which is positive.
    fn above(value: f64) -> Self {
        let below = Round::below(value);
        if below.value() == value { below } else { Round(below.0 + 1) }
    }

    fn value(self) -> f64 {
        let times = ["1", "2", "5"][self.0.rem_euclid(3) as usize];
        // Parsed, since powers of ten are not exact but their decimal notation is.
        format!("{times}e{}", self.exponent()).parse().expect("digits with an exponent are a number")
    }

    fn exponent(self) -> i32 {
        self.0.div_euclid(3)
    }

    fn is_power_of_ten(self) -> bool {
        self.0.rem_euclid(3) == 0
    }

    /// In SVG: plain near 1, as a power of ten elsewhere.
    fn label(self) -> String {
        match self.exponent() {
            -3..=3 => self.value().to_string(),
            exponent => {
                let times = match self.0.rem_euclid(3) {
                    0 => "10",
                    1 => "2·10",
                    _ => "5·10",
                };
                let exponent = exponent.to_string().replace('-', "−");
                format!("{times}<tspan class=\"raised\" dy=\"-4\">{exponent}</tspan>")
            }
        }
    }
}

impl LossAxis {
    /// An axis that holds all losses of these lines. `None` if there are none.
    pub fn of<'a>(curves: impl IntoIterator<Item = &'a Curve>) -> Option<Self> {
        let losses: Vec<f64> =
            curves.into_iter().flat_map(|curve| &curve.points).map(|(_, loss)| *loss).collect();
        let largest = losses.iter().copied().fold(0.0, f64::max);
        let smallest = losses.iter().copied().fold(f64::INFINITY, f64::min).max(largest * DEEPEST);
        (largest > 0.0).then(|| {
            let lowest = Round::below(smallest);
            LossAxis { lowest, highest: Round::above(largest).max(Round(lowest.0 + 1)) }
        })
    }

    /// Where a loss stands, 0 at the bottom of the axis to 1 at its top; below 0 if it is off the axis.
    fn place(self, loss: f64) -> f64 {
        let (lowest, highest) = (self.lowest.value().log10(), self.highest.value().log10());
        (loss.log10() - lowest) / (highest - lowest)
    }

    /// The numbers that are marked: all round ones, or powers of ten only, or every so many of these.
    fn marks(self) -> Vec<Round> {
        let all = (self.lowest.0..=self.highest.0).map(Round);
        let powers: Vec<Round> = all.clone().filter(|round| round.is_power_of_ten()).collect();
        if powers.len() < MOST_MARKS / 2 {
            return all.collect();
        }
        powers.iter().copied().step_by(powers.len().div_ceil(MOST_MARKS)).collect()
    }
}

/// Draws one chart: the losses of a stage or of a training. `across` names the horizontal axis. `class` is
/// the class of each line by its number; `label` says in plain words what the chart shows.
pub fn svg(
    curves: &[Curve],
    class: impl Fn(usize) -> String,
    axis: LossAxis,
    iterations: usize,
    across_name: &str,
    label: &str,
) -> String {
    let across = |iteration: f64| LEFT + (WIDTH - LEFT - RIGHT) * iteration / iterations as f64;
    let up = |place: f64| HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * place;
    let (floor, ceiling, right) = (up(0.0), up(1.0), across(iterations as f64));
    let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{label}\">\n");
    for mark in axis.marks() {
        let (x, y) = (LEFT - 6.0, up(axis.place(mark.value())));
        let (below, label) = (y + 4.0, mark.label());
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text x=\"{x}\" y=\"{below:.1}\" text-anchor=\"end\">{label}</text>"
        );
    }
    for iteration in marks(iterations) {
        let (x, tick, text) = (across(iteration as f64), floor + 4.0, floor + 16.0);
        let _ = writeln!(
            svg,
            "<line class=\"axis\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{floor}\" y2=\"{tick}\"/>\
             <text x=\"{x:.1}\" y=\"{text}\" text-anchor=\"middle\">{iteration}</text>"
        );
    }
    let (middle, below) = ((LEFT + right) / 2.0, HEIGHT - 4.0);
    let _ = writeln!(
        svg,
        "<path class=\"axis\" d=\"M{LEFT} {ceiling}V{floor}H{right}\" fill=\"none\"/>\
         <text x=\"{middle}\" y=\"{below}\" text-anchor=\"middle\">{across_name}</text>"
    );
    for curve in curves {
        let on_axis =
            curve.points.iter().map(|(at, loss)| (*at, axis.place(*loss))).filter(|(_, place)| *place >= 0.0);
        let mut points: Vec<String> =
            on_axis.map(|(at, place)| format!("{:.1},{:.1}", across(at), up(place))).collect();
        // A lone point shows by the round ends of a line to itself.
        if points.len() == 1 {
            points.extend_from_within(..);
        }
        if !points.is_empty() {
            let (class, points) = (class(curve.name), points.join(" "));
            let _ = writeln!(
                svg,
                "<polyline class=\"{class}\" points=\"{points}\" fill=\"none\" stroke=\"currentColor\"/>"
            );
        }
    }
    svg + "</svg>"
}

/// A line's entry in a legend; `text` is HTML.
pub fn legend_entry(class: &str, text: &str) -> String {
    let line = format!("<line class=\"{class}\" x1=\"0\" x2=\"26\" y1=\"6\" y2=\"6\"/>");
    format!("<li><svg viewBox=\"0 0 26 12\" aria-hidden=\"true\">{line}</svg>{text}</li>\n")
}

/// Iterations that are marked on the axis: round numbers from 0, three to six of them.
fn marks(iterations: usize) -> Vec<usize> {
    let rough = iterations as f64 / 5.0;
    let unit = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * unit).find(|step| *step >= rough);
    let step = step.unwrap_or(rough).round().max(1.0) as usize;
    (0..=iterations).step_by(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(losses: &[f64]) -> Curve {
        Curve { name: 3, points: losses.iter().enumerate().map(|(at, loss)| (at as f64, *loss)).collect() }
    }

    fn name(curve: usize) -> String {
        format!("curve-{curve}")
    }

    #[test]
    fn the_axis_holds_all_losses() {
        let of =
            |losses: &[f64]| LossAxis::of([&curve(losses)]).map(|it| (it.lowest.value(), it.highest.value()));
        assert_eq!(of(&[0.03, 2.0, 400.0]), Some((0.02, 500.0)));
        assert_eq!(of(&[1.0]), Some((1.0, 2.0)));
        assert_eq!(of(&[1000.0, 0.001]), Some((0.001, 1000.0)));
        assert_eq!(of(&[1e-30, 1.0]), Some((1e-9, 1.0)));
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn few_numbers_are_marked_on_the_axis() {
        let marks = |losses: &[f64]| -> Vec<String> {
            LossAxis::of([&curve(losses)]).unwrap().marks().into_iter().map(Round::label).collect()
        };
        assert_eq!(marks(&[0.03, 0.9]), ["0.02", "0.05", "0.1", "0.2", "0.5", "1"]);
        assert_eq!(marks(&[0.03, 90.0]), ["0.1", "1", "10", "100"]);
        let raised = |exponent: &str| format!("10<tspan class=\"raised\" dy=\"-4\">{exponent}</tspan>");
        assert_eq!(marks(&[1e-5, 1e-3]).first(), Some(&raised("−5")));
        assert!(marks(&[1e-8, 1.0]).len() <= MOST_MARKS);
    }

    #[test]
    fn lines_stay_within_their_frame() {
        let curve = curve(&[1000.0, 10.0, 1.0]);
        let axis = LossAxis::of([&curve]).unwrap();
        let svg = svg(&[curve], name, axis, 2, "iteration", "size");
        assert!(
            svg.contains("<polyline class=\"curve-3\" points=\"46.0,8.0 198.0,140.0 350.0,206.0\""),
            "{svg}"
        );
    }

    #[test]
    fn a_lone_point_is_drawn_and_one_off_the_axis_is_nothing() {
        let axis = LossAxis { lowest: Round(0), highest: Round(3) };
        assert!(
            svg(&[curve(&[2.0])], name, axis, 1, "iteration", "").contains("<polyline class=\"curve-3\"")
        );
        let off = svg(&[curve(&[0.5, 0.2])], name, axis, 2, "iteration", "");
        assert!(!off.contains("curve-3") && !off.contains("NaN"), "{off}");
    }

    #[test]
    fn marks_are_round() {
        assert_eq!(marks(100), [0, 20, 40, 60, 80, 100]);
        assert_eq!(marks(60), [0, 20, 40, 60]);
        assert_eq!(marks(1), [0, 1]);
        assert_eq!(marks(3), [0, 1, 2, 3]);
        assert!(marks(1_000_000).len() <= 6);
    }
}
