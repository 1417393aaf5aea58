//! What a node tells of live lessons, where it offers them.

use super::Sources;
use super::family::Families;
use prometheus::proto::MetricFamily;

pub(super) fn read(sources: &Sources) -> Vec<MetricFamily> {
    let mut to = Families::default();
    if let Some(figures) = sources.engine.class_figures() {
        to.gauge("studyhall_classes_live", "Classes that are in memory for a lesson.", figures.classes);
        to.gauge("studyhall_monitors", "Teachers' sockets that watch a class.", figures.monitors);
        if sources.engine.cluster_figures().is_some() {
            let help = "Lessons that other nodes have, for students who are here.";
            to.gauge("studyhall_lessons_followed", help, figures.followed);
        }
        let taken = figures.cells.saturating_sub(figures.cells_dropped);
        let cells = [("taken", taken), ("dropped", figures.cells_dropped)];
        let help = "Cells: how a student does, as a session told a class.";
        to.counters("studyhall_lesson_cells_total", help, "outcome", cells);
        let pictures = [("encoded", figures.encoded), ("sent", figures.sent)];
        let help = "Pictures for monitors; sent more often than encoded where several watch.";
        to.counters("studyhall_lesson_pictures_total", help, "what", pictures);
        to.counter("studyhall_lesson_commands_total", "Commands of teachers.", figures.commands);
        let help = "Tries to store a lesson's record that failed; each is made again.";
        to.counter("studyhall_lesson_records_failed_total", help, figures.not_stored);
        let help = "Answers that were graded anew because a text was accepted.";
        to.counter("studyhall_lesson_regrades_total", help, figures.regraded);
        to.counter(
            "studyhall_lesson_panics_total",
            "Classes that panicked and were built anew.",
            figures.fell,
        );
    }
    to.done()
}
