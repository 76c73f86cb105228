//! Curves over logarithmic axes, as SVG.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

const SIZE: (u32, u32) = (800, 500);

/// Some curves over the same axes.
#[derive(Clone, Debug)]
pub struct Chart {
    /// Above the curves.
    pub title: String,
    /// What is to the right.
    pub x: String,
    /// What is above.
    pub y: String,
    /// One colour each.
    pub curves: Vec<Curve>,
}

/// One line with its points.
#[derive(Clone, Debug)]
pub struct Curve {
    /// For the legend.
    pub name: String,
    /// Greater than zero, from left to right.
    pub points: Vec<(f64, f64)>,
}

impl Chart {
    /// Writes the picture. Nothing can be drawn without points.
    pub fn save(&self, path: &Path) -> Result<()> {
        let points = || self.curves.iter().flat_map(|curve| &curve.points);
        let (left, right) = span(points().map(|point| point.0));
        let (low, high) = span(points().map(|point| point.1));
        let area = SVGBackend::new(path, SIZE).into_drawing_area();
        area.fill(&WHITE).map_err(|error| anyhow!("{error}"))?;
        let mut chart = ChartBuilder::on(&area)
            .caption(&self.title, ("sans-serif", 20))
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(70)
            .build_cartesian_2d((left..right).log_scale(), (low..high).log_scale())
            .map_err(|error| anyhow!("{error}"))?;
        chart
            .configure_mesh()
            .x_desc(&self.x)
            .y_desc(&self.y)
            .draw()
            .map_err(|error| anyhow!("{error}"))?;
        for (number, curve) in self.curves.iter().enumerate() {
            let colour = Palette99::pick(number).to_rgba();
            let line =
                LineSeries::new(curve.points.iter().copied(), colour.stroke_width(2)).point_size(3);
            let drawn = chart.draw_series(line).map_err(|error| anyhow!("{error}"))?;
            drawn.label(&curve.name).legend(move |(x, y)| {
                PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2))
            });
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK)
            .draw()
            .map_err(|error| anyhow!("{error}"))?;
        area.present().map_err(|error| anyhow!("{error}"))
    }
}

/// The range of some numbers with a little room, never empty.
fn span(numbers: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) =
        numbers.fold((f64::MAX, 0.0), |(low, high), n| (f64::min(low, n), f64::max(high, n)));
    if high <= 0.0 { (1.0, 10.0) } else { (low / 1.3, high * 1.3) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_are_drawn_with_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.svg");
        let curve =
            |name: &str| Curve { name: name.into(), points: vec![(1.0, 2.0), (1000.0, 3.0)] };
        let chart = Chart {
            title: "title".into(),
            x: "right".into(),
            y: "up".into(),
            curves: vec![curve("first"), curve("second")],
        };
        chart.save(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        for word in ["title", "right", "up", "first", "second"] {
            assert!(text.contains(word), "{word}");
        }
        let empty = Chart { curves: Vec::new(), ..chart };
        empty.save(&path).unwrap();
    }
}
