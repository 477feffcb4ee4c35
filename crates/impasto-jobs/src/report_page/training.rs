//! The page on a training: curves, a table, settings and the command.

use std::fmt::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value};

use super::chart::{self, LossAxis};
use super::curves::Curve;
use super::html::escaped;
use super::page::{command, curve_class, open};
use super::table;
use crate::refusal::Refusal;

/// What the page on a training shows.
pub struct TrainingPage<'a, S> {
    /// The page's title.
    pub title: String,
    /// One line under it.
    pub summary: String,
    /// Why there is no more of it, if it was stopped.
    pub stopped: Option<String>,
    /// Charts with lines over the same axis.
    pub charts: Vec<TrainingChart>,
    /// What lines are over: `epoch`, `step`.
    pub across: &'static str,
    /// The number of these in a whole run.
    pub length: usize,
    /// Heads of the columns of the table, and its rows.
    pub table: (Vec<String>, Vec<Vec<String>>),
    /// Settings, an object.
    pub settings: &'a S,
    /// The command that trains, if it is one.
    pub command: Option<String>,
}

/// Lines that share a logarithmic axis.
pub struct TrainingChart {
    /// What the lines are.
    pub title: String,
    /// Names with their points; values that are not positive are left out.
    pub lines: Vec<(String, Vec<(f64, f64)>)>,
}

impl<S: Serialize> TrainingPage<'_, S> {
    /// The page as HTML.
    ///
    /// # Errors
    /// If the settings are no object.
    pub fn html(&self) -> Result<String, Refusal> {
        // By way of text, because a number in single precision would become another one in double.
        let settings = serde_json::to_string(self.settings)
            .and_then(|text| serde_json::from_str::<Map<String, Value>>(&text));
        let settings = settings.map_err(Refusal::system)?;
        let mut page = String::new();
        let written = (|| {
            open(&mut page, &self.title)?;
            writeln!(page, "<p class=\"faint\">{}</p>", escaped(&self.summary))?;
            if let Some(reason) = &self.stopped {
                writeln!(page, "<p class=\"warning\">Stopped early: {}</p>", escaped(reason))?;
            }
            writeln!(page, "<h2>Curves</h2>\n<div class=\"charts\">")?;
            self.charts.iter().try_for_each(|chart| self.chart(&mut page, chart))?;
            writeln!(page, "</div>")?;
            self.numbers(&mut page)?;
            command(&mut page, self.command.as_deref())?;
            writeln!(page, "<h2>Settings</h2>\n<div class=\"settings\">")?;
            page += &table::tables(&settings);
            page.write_str("</div>\n</body>\n</html>\n")
        })();
        written.map_err(|_: fmt::Error| Refusal::system("the report cannot be put together"))?;
        Ok(page)
    }

    fn chart(&self, page: &mut String, chart: &TrainingChart) -> fmt::Result {
        let is_drawn = |&(_, value): &(f64, f64)| value > 0.0 && value.is_finite();
        let curves: Vec<Curve> = (chart.lines.iter().enumerate())
            .map(|(name, (_, points))| Curve {
                name,
                points: points.iter().copied().filter(is_drawn).collect(),
            })
            .collect();
        let Some(axis) = LossAxis::of(&curves) else { return Ok(()) };
        let class = |index: usize| curve_class(index, &chart.lines[index].0);
        let drawing = chart::svg(&curves, class, axis, self.length, self.across, &escaped(&chart.title));
        writeln!(page, "<figure><ul class=\"legend\">")?;
        for (index, (name, _)) in chart.lines.iter().enumerate() {
            page.write_str(&chart::legend_entry(&class(index), &escaped(name)))?;
        }
        writeln!(page, "</ul>{drawing}<figcaption><b>{}</b></figcaption></figure>", escaped(&chart.title))
    }

    fn numbers(&self, page: &mut String) -> fmt::Result {
        let row = |cells: &[String], tag: &str| {
            let cells = cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", escaped(cell)));
            format!("<tr>{}</tr>\n", cells.collect::<String>())
        };
        let (head, rows) = &self.table;
        writeln!(
            page,
            "<h2>Numbers</h2>\n<div class=\"scroll\"><table class=\"numbers\">\n<thead>{}</thead>\n<tbody>\n{}</tbody></table></div>",
            row(head, "th"),
            rows.iter().map(|cells| row(cells, "td")).collect::<String>()
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_page_holds_curves_numbers_settings_and_the_command() {
        let page = TrainingPage {
            title: "cifar <simple>".to_owned(),
            summary: "2 epochs".to_owned(),
            stopped: Some("interrupted".to_owned()),
            charts: vec![TrainingChart {
                title: "error".to_owned(),
                lines: vec![("test".to_owned(), vec![(1.0, 0.5), (2.0, 0.0)])],
            }],
            across: "epoch",
            length: 2,
            table: (vec!["epoch".to_owned()], vec![vec!["1".to_owned()], vec!["2".to_owned()]]),
            settings: &json!({"batch": 128}),
            command: Some("impasto train".to_owned()),
        };
        let html = page.html().unwrap();
        for part in [
            "<h1>cifar &lt;simple&gt;</h1>",
            "Stopped early: interrupted",
            "<polyline class=\"curve-0\"",
            ">epoch</text>",
            "<tr><td>2</td></tr>",
            "<th scope=\"row\">batch</th><td>128</td>",
            "<code>impasto train</code>",
        ] {
            assert!(html.contains(part), "{part}:\n{html}");
        }
        assert!(!html.contains("NaN") && !html.contains("inf"), "{html}");
    }
}
