//! Classes on the wire.

use super::title;
use crate::http::access::runs;
use crate::http::{Caller, Problem};
use domain::ids::{ClassId, Uuid};
use ports::ClassRecord;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A new class.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::http) struct ClassIn {
    title: String,
}

/// A class. Who else studies in it is shown to those who run it, and to nobody else.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(in crate::http) struct ClassOut {
    pub(in crate::http) class_id: Uuid,
    pub(in crate::http) title: String,
    teacher_id: Uuid,
    decks: Vec<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    students: Option<Vec<Uuid>>,
    may_edit: bool,
    pub(in crate::http) created_at: i64,
}

impl ClassIn {
    /// The record of a new class.
    pub(in crate::http) fn record(
        self,
        id: ClassId,
        teacher: &Caller,
        now_ms: i64,
    ) -> Result<ClassRecord, Problem> {
        Ok(ClassRecord {
            id,
            org: teacher.org,
            teacher: teacher.user,
            title: title(&self.title)?,
            created_ms: now_ms,
            deleted_ms: None,
            students: Vec::new(),
            decks: Vec::new(),
        })
    }
}

impl ClassOut {
    /// The class as this person sees it.
    pub(in crate::http) fn of(class: ClassRecord, caller: &Caller) -> ClassOut {
        let may_edit = runs(caller, &class);
        ClassOut::seen(class, may_edit)
    }

    /// The class as somebody sees it who runs it, or not.
    pub(in crate::http) fn seen(class: ClassRecord, may_edit: bool) -> ClassOut {
        let students = class.students.iter().map(|student| student.0).collect();
        ClassOut {
            class_id: class.id.0,
            title: class.title,
            teacher_id: class.teacher.0,
            decks: class.decks.iter().map(|deck| deck.0).collect(),
            students: may_edit.then_some(students),
            may_edit,
            created_at: class.created_ms,
        }
    }
}
