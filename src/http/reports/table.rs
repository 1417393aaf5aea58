//! A report as a table, and its three ways to be told. Texts of people stand in it: as CSV none is a formula, as HTML none
//! is markup.

use crate::content::escape_plain;
use crate::import::push_cell;
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// What stands in a table.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Cell {
    Text(String),
    Whole(i64),
    Real(f64),
    Nothing,
}

/// A report.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Report {
    /// What it is.
    pub(super) title: String,
    /// What holds for all of it, by name.
    pub(super) about: Vec<(&'static str, Cell)>,
    /// The names of the columns.
    pub(super) columns: Vec<&'static str>,
    /// The rows, each with a cell a column.
    pub(super) rows: Vec<Vec<Cell>>,
}

impl Cell {
    fn json(&self) -> Value {
        match self {
            Cell::Text(text) => text.as_str().into(),
            Cell::Whole(number) => (*number).into(),
            Cell::Real(number) => (*number).into(),
            Cell::Nothing => Value::Null,
        }
    }

    fn text(&self) -> String {
        match self {
            Cell::Text(text) => text.clone(),
            Cell::Whole(number) => number.to_string(),
            Cell::Real(number) => number.to_string(),
            Cell::Nothing => String::new(),
        }
    }
}

impl Report {
    /// As JSON: rows are objects.
    pub(super) fn json(&self) -> Value {
        let row = |cells: &Vec<Cell>| {
            let fields = self.columns.iter().zip(cells).map(|(name, cell)| ((*name).to_owned(), cell.json()));
            Value::Object(fields.collect())
        };
        let about: Map<String, Value> =
            self.about.iter().map(|(name, cell)| ((*name).to_owned(), cell.json())).collect();
        json!({"title": self.title, "about": about, "rows": self.rows.iter().map(row).collect::<Vec<_>>()})
    }

    /// The rows as CSV, marked as UTF-8 for spreadsheets.
    pub(super) fn csv(&self) -> String {
        let mut csv = format!("\u{feff}{}\r\n", self.columns.join(","));
        for row in &self.rows {
            for (n, cell) in row.iter().enumerate() {
                csv.push_str(if n == 0 { "" } else { "," });
                match cell {
                    Cell::Text(text) => push_cell(&mut csv, text),
                    Cell::Whole(_) | Cell::Real(_) | Cell::Nothing => csv.push_str(&cell.text()),
                }
            }
            csv.push_str("\r\n");
        }
        csv
    }

    /// As a page to be printed: it loads nothing.
    pub(super) fn html(&self) -> String {
        let title = escape_plain(&self.title);
        let mut page = format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style>\
             </head><body><h1>{title}</h1><dl>"
        );
        for (name, cell) in &self.about {
            let _ = write!(page, "<dt>{}</dt><dd>{}</dd>", words(name), escape_plain(&cell.text()));
        }
        page.push_str("</dl><table><thead><tr>");
        for name in &self.columns {
            let _ = write!(page, "<th>{}</th>", words(name));
        }
        page.push_str("</tr></thead><tbody>");
        for row in &self.rows {
            page.push_str("<tr>");
            for cell in row {
                let _ = write!(page, "<td>{}</td>", escape_plain(&cell.text()));
            }
            page.push_str("</tr>");
        }
        page.push_str("</tbody></table></body></html>");
        page
    }
}

const STYLE: &str = "body{font:14px/1.4 sans-serif;margin:2rem}dl{display:grid;grid-template-columns:max-content 1fr;\
    gap:.1rem 1rem}dd{margin:0}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.2rem .6rem;\
    border-bottom:1px solid #ccc}thead{display:table-header-group}tr{break-inside:avoid}@media print{body{margin:0}}";

/// A name as words.
fn words(name: &str) -> String {
    name.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_somebody_is_neither_a_formula_nor_markup() {
        let report = Report {
            title: "<b>7b</b>".into(),
            about: vec![("answers", Cell::Whole(-3))],
            columns: vec!["name", "accuracy", "last_seen"],
            rows: vec![vec![Cell::Text("=1+1, \"x\"<script>".into()), Cell::Real(12.5), Cell::Nothing]],
        };
        assert_eq!(report.csv(), "\u{feff}name,accuracy,last_seen\r\n\"'=1+1, \"\"x\"\"<script>\",12.5,\r\n");
        let page = report.html();
        assert!(!page.contains("<script>") && !page.contains("<b>"), "{page}");
        assert!(page.contains("<th>last seen</th>") && page.contains("<dd>-3</dd>"));
        assert_eq!(
            report.json(),
            json!({"title": "<b>7b</b>", "about": {"answers": -3},
                "rows": [{"name": "=1+1, \"x\"<script>", "accuracy": 12.5, "last_seen": null}]})
        );
    }
}
