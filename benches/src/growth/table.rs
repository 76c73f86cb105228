//! Rows of numbers, as Markdown and as a curve.

use std::path::{Path, PathBuf};

use anyhow::Result;
use pellucid_benches::chart::{Chart, Curve};
use pellucid_benches::machine::Machine;

/// One measurement.
#[derive(Debug)]
pub(crate) struct Table {
    /// A word; names the curve's file.
    pub(crate) name: &'static str,
    /// What was measured and how.
    pub(crate) about: String,
    /// The first one grows.
    pub(crate) columns: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<f64>>,
    /// The columns that are drawn over the first one.
    pub(crate) drawn: Vec<usize>,
}

impl Table {
    pub(crate) fn markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let mut text = format!("## {}\n\n{}\n\n", self.name, self.about);
        text.push_str(&line(self.columns.iter().map(|name| (*name).to_owned()).collect()));
        text.push_str(&line(self.columns.iter().map(|_| "---".to_owned()).collect()));
        for row in &self.rows {
            text.push_str(&line(row.iter().copied().map(shown).collect()));
        }
        text
    }

    fn chart(&self) -> Chart {
        let curve = |column: &usize| {
            let point = |row: &Vec<f64>| Some((*row.first()?, *row.get(*column)?));
            let points = self.rows.iter().filter_map(point);
            let name = self.columns.get(*column).copied().unwrap_or_default().to_owned();
            Curve { name, points: points.filter(|&(x, y)| x > 0.0 && y > 0.0).collect() }
        };
        let curves = self.drawn.iter().map(curve).collect();
        let x = self.columns.first().copied().unwrap_or_default().to_owned();
        Chart { title: self.name.into(), x, y: String::new(), curves }
    }
}

/// Four digits that count.
fn shown(number: f64) -> String {
    match number.abs() {
        0.0 => "0".to_owned(),
        size if size >= 1000.0 || number.fract() == 0.0 => format!("{number:.0}"),
        size if size >= 10.0 => format!("{number:.1}"),
        size if size >= 0.1 => format!("{number:.3}"),
        _ => format!("{number:.2e}"),
    }
}

/// Writes all tables to one file and each curve to its own.
pub(crate) fn save(
    machine: &Machine,
    tables: &[Table],
    folder: &Path,
    name: &str,
) -> Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let stem = format!("{}-{name}", machine.date);
    let mut text = format!("# Cost as work grows, {}\n\n{}\n", machine.date, machine.lines());
    for table in tables {
        let curve = format!("{stem}-{}.svg", table.name);
        table.chart().save(&folder.join(&curve))?;
        text.push_str(&format!("\n{}\n![{}]({curve})\n", table.markdown(), table.name));
    }
    let path = folder.join(stem + ".md");
    std::fs::write(&path, text)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (number, text) in
            [(0.0, "0"), (1e6, "1000000"), (12.34, "12.3"), (0.1234, "0.123"), (1.5e-5, "1.50e-5")]
        {
            assert_eq!(shown(number), text);
        }
    }

    #[test]
    fn a_table_is_written_with_its_curve() {
        let folder = tempfile::tempdir().unwrap();
        let table = Table {
            name: "sizes",
            about: "How it was done.".into(),
            columns: vec!["bytes", "s"],
            rows: vec![vec![1.0, 0.5], vec![10.0, 0.6]],
            drawn: vec![1],
        };
        let path = save(&Machine::here(), &[table], folder.path(), "x").unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains("| bytes | s |\n| --- | --- |\n| 1 | 0.500 |"), "{text}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
