//! What is asked about, and those who ask.

use super::super::site::{Answer as Answered, Site, Somebody, id, request};
use super::super::{homework, joining, lessons, reports};
use super::promised::{EVERYBODY, Who};
use super::sample::sample;
use bytes::Bytes;
use domain::ids::UserId;
use ports::{Media, MediaDigest, MediaRecord, Role};
use serde_json::json;
use std::time::{Duration, Instant};
use studyhall::http::{Listed, Verb};
use uuid::Uuid;

/// A deck that was given to a class, and everybody who could ask about them.
pub struct Place {
    pub deck: String,
    pub card: String,
    pub class: String,
    /// What is set in the class.
    homework: String,
    /// By what the class knows a guest.
    name: Uuid,
    /// A picture of the deck.
    picture: MediaDigest,
    people: Vec<Option<Somebody>>,
}

impl Place {
    pub async fn made(site: &Site) -> Place {
        let owner = site.somebody(Role::Teacher, Some(1));
        let deck = site.deck(&owner, "Secrets").await;
        let card = site.card(&owner, &deck, "canary").await;
        let class = id(&site.post(&owner, "/classes", json!({"title": "7b"})).await.expect(201), "class_id");
        let student = site.somebody(Role::Learner, Some(1));
        let (editor, guest) = (site.somebody(Role::Teacher, Some(1)), site.somebody(Role::Guest, Some(1)));
        let co_teacher = site.somebody(Role::Teacher, Some(1));
        for somebody in [&student, &editor, &guest, &co_teacher] {
            site.get(somebody, "/me").await.expect(200);
        }
        for path in [
            format!("/classes/{class}/students/{}", student.user),
            format!("/classes/{class}/students/{}", guest.user),
            format!("/classes/{class}/decks/{deck}"),
            format!("/decks/{deck}/editors/{}", editor.user),
            format!("/classes/{class}/teachers/{}", co_teacher.user),
        ] {
            site.put(&owner, &path).await.expect(204);
        }
        joining::awaken(site).await;
        lessons::opened(site, &class, 1).await;
        lessons::reported(site, &class, 1, &[]).await;
        let homework = id(&homework::set(site, &owner, &class, &deck).await, "homework_id");
        let name = joining::guest_in(site, class.parse().unwrap(), UserId(Uuid::now_v7()), "Ada").await;
        let picture = Self::picture(site, &deck).await;
        let people = EVERYBODY.iter().map(|who| match who {
            Who::Nobody => None,
            Who::Learner => Some(site.somebody(Role::Learner, Some(1))),
            Who::Teacher => Some(site.somebody(Role::Teacher, Some(1))),
            Who::OtherSchool => Some(site.somebody(Role::Admin, Some(2))),
            Who::Student => Some(student.clone()),
            Who::Owner => Some(owner.clone()),
            Who::Editor => Some(editor.clone()),
            Who::Admin => Some(site.somebody(Role::Admin, Some(1))),
            Who::Guest => Some(guest.clone()),
            Who::CoTeacher => Some(co_teacher.clone()),
            Who::Waiting => Some(site.waiting(Some(1))),
        });
        Place { deck, card, class, homework, name, picture, people: people.collect() }
    }

    pub fn who(&self, who: Who) -> Option<&Somebody> {
        self.people[EVERYBODY.iter().position(|one| *one == who).unwrap()].as_ref()
    }

    pub fn owner(&self) -> &Somebody {
        self.who(Who::Owner).unwrap()
    }

    pub fn student(&self) -> &Somebody {
        self.who(Who::Student).unwrap()
    }

    pub fn co_teacher(&self) -> &Somebody {
        self.who(Who::CoTeacher).unwrap()
    }

    async fn picture(site: &Site, deck: &str) -> MediaDigest {
        let bytes = Bytes::from_static(b"not looked at");
        let digest = MediaDigest([7; 32]);
        let kind = "image/png".to_owned();
        let record = MediaRecord { digest, kind, bytes: bytes.len() as u64, width: None, height: None };
        site.kept.put_media(record, bytes).await.unwrap();
        site.kept.give_media(deck.parse().unwrap(), vec![("a.png".to_owned(), digest)]).await.unwrap();
        digest
    }

    /// An import of somebody's own, which was tried.
    async fn job(site: &Site, who: Option<&Somebody>) -> String {
        let Some(who) = who else { return Uuid::nil().to_string() };
        let title = Uuid::new_v4();
        let offered = request("POST", &format!("/imports?dry_run=true&title={title}"), Some(who));
        let offered = offered.insert_header(("content-type", "text/csv")).set_payload("front,back\na,b\n");
        let offered = site.send(offered).await;
        if [401, 403].contains(&offered.status.as_u16()) {
            return Uuid::nil().to_string();
        }
        let job = id(&offered.expect(202), "job_id");
        let path = format!("/imports/{job}");
        let until = Instant::now() + reports::WITHIN;
        while site.get(who, &path).await.expect(200)["phase"] != "tried" {
            assert!(Instant::now() < until, "the file is never tried");
            actix_web::rt::time::sleep(Duration::from_millis(10)).await;
        }
        job
    }

    /// A webhook of the deck's owner, which leads to where nobody listens.
    async fn hook(&self, site: &Site) -> String {
        let nowhere = json!({"url": format!("http://127.0.0.1:{}/", kit::free_port()), "scope": "classes"});
        let made = site.post(self.owner(), "/webhooks", nowhere).await.expect(201);
        id(&made, "webhook_id")
    }

    /// A report of somebody's own, which is done.
    async fn report(site: &Site, who: Option<&Somebody>) -> String {
        let Some(who) = who else { return "x".to_owned() };
        let begun = site.send(request("POST", "/me/reports", Some(who))).await;
        if begun.status == 401 {
            return "x".to_owned();
        }
        reports::done(site, who, &id(&begun.expect(202), "report")).await
    }

    /// Sends a good request of a route.
    pub async fn ask(&self, site: &Site, route: &Listed, who: Option<&Somebody>) -> Answered {
        let (path, body) = sample(route);
        // Whom a class would get: somebody whom it may have.
        let names_a_colleague = route.path.contains("/editors/") || route.path.contains("/teachers/");
        let user = match (route.verb, names_a_colleague) {
            (_, true) => self.who(Who::Editor).unwrap().user,
            _ => self.student().user,
        };
        let path = path.replace("{d}", &self.deck).replace("{c}", &self.card);
        let mut path = path.replace("{k}", &self.class).replace("{u}", &user.to_string());
        if path.contains("{report}") {
            path = path.replace("{report}", &Self::report(site, who).await);
        }
        path = path.replace("{m}", &self.picture.to_string());
        if path.contains("{h}") {
            path = path.replace("{h}", &self.hook(site).await);
        }
        if path.contains("{j}") {
            path = path.replace("{j}", &Self::job(site, who).await);
        }
        if route.verb == Verb::Get && path.ends_with("/fitting") && who.is_some() {
            let _ = site.send(request("POST", &format!("/{path}"), who)).await;
        }
        path = path.replace("{w}", &self.homework).replace("{n}", &self.name.to_string());
        let kind = if path.contains("import") { "text/csv" } else { "application/json" };
        let asked = request(route.verb.as_str(), &format!("/{path}"), who);
        let class = match (route.path, who) {
            ("/api/v1/me/claim", Some(who)) if Some(who.user) != self.who(Who::Waiting).map(|w| w.user) => {
                joining::guest_of(site, who).await
            }
            _ => self.class.clone(),
        };
        let body = body.replace("{k}", &class).replace("{d}", &self.deck);
        let body = body.replace("{u}", &self.student().user.to_string());
        let body = body.replace("{day}", &homework::today(site));
        let asked = if body.is_empty() { asked } else { asked.insert_header(("content-type", kind)) };
        // Whoever counts what is read counts this request alone.
        site.store.take_reads();
        site.send(asked.set_payload(body)).await
    }
}
