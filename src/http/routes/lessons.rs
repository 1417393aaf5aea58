//! Routes of live lessons: how one stands, reports, who teaches, and joining by a code.

use crate::http::access::Need;
use crate::http::dto::lesson::{LessonHeadOut, LessonOut, LessonReportOut};
use crate::http::endpoint::Endpoint;
use crate::http::endpoint::Verb::{Delete, Get, Post, Put};
use crate::http::paging::PageOf;
use crate::http::{homework, join, lessons, teachers};

const RUN: &[Need] = &[Need::RunClass];

/// Live lessons.
pub(super) fn list() -> Vec<Endpoint> {
    [of_lessons(), of_teachers(), of_homework(), of_joining(), of_guests()].into_iter().flatten().collect()
}

fn of_lessons() -> Vec<Endpoint> {
    vec![
        Endpoint::new(
            Get,
            "/api/v1/classes/{class_id}/lesson",
            RUN,
            lessons::now,
            "A class's lesson as it stands",
        )
        .answers::<LessonOut>(200),
        Endpoint::new(
            Get,
            "/api/v1/classes/{class_id}/lessons",
            RUN,
            lessons::list,
            "Lessons of a class that are over, the newest first",
        )
        .query::<lessons::LessonsQuery>()
        .answers::<PageOf<LessonHeadOut>>(200),
        Endpoint::new(
            Get,
            "/api/v1/classes/{class_id}/lessons/{lesson_id}",
            RUN,
            lessons::report,
            "The report of a lesson",
        )
        .query::<lessons::LessonReportQuery>()
        .answers::<LessonReportOut>(200)
        .answers_media(200, "text/csv"),
        Endpoint::new(
            Put,
            "/api/v1/classes/{class_id}/students/{user_id}/extra_time",
            RUN,
            lessons::extra_time,
            "Gives a student of a class extra time",
        )
        .takes::<lessons::ExtraTimeIn>()
        .answers_nothing(204),
    ]
}

fn of_teachers() -> Vec<Endpoint> {
    const GOVERN: &[Need] = &[Need::GovernClass];
    let teacher = "/api/v1/classes/{class_id}/teachers/{user_id}";
    let substitutes = "/api/v1/classes/{class_id}/substitutes";
    vec![
        Endpoint::new(Get, "/api/v1/classes/{class_id}/teachers", RUN, teachers::list, "Who teaches a class")
            .answers::<teachers::TeachersOut>(200),
        Endpoint::new(Put, teacher, GOVERN, teachers::name, "Names another teacher of a class")
            .answers_nothing(204),
        Endpoint::new(Delete, teacher, GOVERN, teachers::dismiss, "Dismisses another teacher of a class")
            .answers_nothing(204),
        Endpoint::new(Get, substitutes, RUN, teachers::substitutes, "Who stands in for a lesson of a class")
            .answers::<teachers::SubstitutesOut>(200),
        Endpoint::new(
            Post,
            substitutes,
            RUN,
            teachers::stand_in,
            "Makes a link by which somebody watches and steers one lesson",
        )
        .takes::<teachers::SubstituteIn>()
        .answers::<teachers::SubstituteOut>(201),
        Endpoint::new(
            Delete,
            "/api/v1/classes/{class_id}/substitutes/{link_id}",
            RUN,
            teachers::take_back,
            "Takes a substitute's link back",
        )
        .answers_nothing(204),
    ]
}

fn of_homework() -> Vec<Endpoint> {
    let all = "/api/v1/classes/{class_id}/homework";
    let one = "/api/v1/classes/{class_id}/homework/{homework_id}";
    vec![
        Endpoint::new(Get, all, RUN, homework::list, "What is set to be done in a class")
            .answers::<homework::HomeworksOut>(200),
        Endpoint::new(Post, all, RUN, homework::set, "Sets a deck, or cards of it, to be done until a day")
            .takes::<homework::HomeworkIn>()
            .answers::<homework::HomeworkOut>(201),
        Endpoint::new(Get, one, RUN, homework::read, "How each student stands with homework")
            .answers::<homework::HomeworkStandingOut>(200),
        Endpoint::new(Put, one, RUN, homework::change, "Changes homework")
            .takes::<homework::HomeworkIn>()
            .answers::<homework::HomeworkOut>(200),
        Endpoint::new(Delete, one, RUN, homework::remove, "Removes homework").answers_nothing(204),
        Endpoint::new(Get, "/api/v1/me/homework", &[Need::Own], homework::own, "What is set to oneself")
            .answers::<homework::OwnHomeworkOut>(200),
    ]
}

fn of_joining() -> Vec<Endpoint> {
    let code = "/api/v1/classes/{class_id}/lesson/code";
    let waiting = "/api/v1/classes/{class_id}/lobby/{user_id}";
    vec![
        Endpoint::new(Get, code, RUN, join::code, "The code by which one joins the lesson that is on")
            .answers::<join::JoinCodeOut>(200),
        Endpoint::new(
            Put,
            code,
            RUN,
            join::open_by_code,
            "Gives the lesson a code, or says who comes in by it",
        )
        .takes::<join::CodeChangeIn>()
        .answers::<join::JoinCodeOut>(200),
        Endpoint::new(Delete, code, RUN, join::withdraw_code, "Takes the code away").answers_nothing(204),
        Endpoint::new(
            Get,
            "/api/v1/classes/{class_id}/lobby",
            RUN,
            join::lobby,
            "Who waits to be let into the lesson",
        )
        .answers::<join::LobbyOut>(200),
        Endpoint::new(Put, waiting, RUN, join::admit, "Lets somebody in who waits").answers_nothing(204),
        Endpoint::new(Delete, waiting, RUN, join::refuse, "Sends somebody away who waits")
            .answers_nothing(204),
        Endpoint::new(
            Post,
            "/api/v1/join",
            &[Need::Open],
            join::join,
            "Joins a lesson by its code, as a guest",
        )
        .keyed()
        .takes::<join::JoinIn>()
        .answers::<join::JoinOut>(200),
        Endpoint::new(
            Post,
            "/api/v1/me/claim",
            &[Need::Account],
            join::claim,
            "Makes what one did as a guest part of one's own log",
        )
        .takes::<join::ClaimIn>()
        .answers::<join::ClaimOut>(200),
        Endpoint::new(
            Get,
            "/api/v1/join/{class_id}",
            &[Need::Join],
            join::standing,
            "How it stands with one's wish to join",
        )
        .answers::<join::StandingOut>(200),
    ]
}

fn of_guests() -> Vec<Endpoint> {
    vec![
        Endpoint::new(
            Get,
            "/api/v1/classes/{class_id}/guests",
            RUN,
            join::guests,
            "Guests of a class: learners without an account who joined by a code",
        )
        .query::<join::GuestsQuery>()
        .answers::<PageOf<join::GuestOut>>(200),
        Endpoint::new(
            Post,
            "/api/v1/classes/{class_id}/guests/{name_id}/pin",
            RUN,
            join::renew_pin,
            "Gives a guest another PIN, and shows it this once",
        )
        .answers::<join::GuestPinOut>(200),
    ]
}
