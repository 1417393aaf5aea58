//! Routes of what happened, and of those who want to be sent it.

use crate::http::access::Need;
use crate::http::endpoint::Endpoint;
use crate::http::endpoint::Verb::{Delete, Get, Patch, Post};
use crate::http::events;
use crate::http::paging::PageOf;
use crate::http::webhooks::{self, AttemptOut, HookChangeIn, HookIn, HookOut, ListQuery, NewHookOut};

/// Events and webhooks.
pub(super) fn list() -> Vec<Endpoint> {
    const MAKE: &[Need] = &[Need::MakeHook];
    const RUN: &[Need] = &[Need::RunHook];
    let hook = "/api/v1/webhooks/{hook_id}";
    vec![
        Endpoint::new(
            Get,
            "/api/v1/events",
            &[Need::Own],
            events::list,
            "What happened: to oneself, in classes that one runs, in an organisation that one administers",
        )
        .query::<events::EventsQuery>()
        .answers::<events::EventsOut>(200)
        .answers_media(200, "text/event-stream"),
        Endpoint::new(Get, "/api/v1/webhooks", MAKE, webhooks::list, "Webhooks that one may change")
            .query::<ListQuery>()
            .answers::<PageOf<HookOut>>(200),
        Endpoint::new(
            Post,
            "/api/v1/webhooks",
            MAKE,
            webhooks::create,
            "Has events sent to an address; the secret is shown this once",
        )
        .takes::<HookIn>()
        .answers::<NewHookOut>(201),
        Endpoint::new(Get, hook, RUN, webhooks::read, "A webhook").answers::<HookOut>(200),
        Endpoint::new(Patch, hook, RUN, webhooks::change, "Changes a webhook, or has it go on")
            .takes::<HookChangeIn>()
            .answers::<HookOut>(200),
        Endpoint::new(Delete, hook, RUN, webhooks::remove, "Removes a webhook").answers_nothing(204),
        Endpoint::new(
            Post,
            "/api/v1/webhooks/{hook_id}/secret",
            RUN,
            webhooks::replace_secret,
            "Another secret, shown this once; for a day deliveries are signed with the one before, too",
        )
        .answers::<NewHookOut>(200),
        Endpoint::new(
            Get,
            "/api/v1/webhooks/{hook_id}/deliveries",
            RUN,
            webhooks::attempts,
            "The last attempts to deliver, newest first",
        )
        .answers::<PageOf<AttemptOut>>(200),
        Endpoint::new(
            Post,
            "/api/v1/webhooks/{hook_id}/test",
            RUN,
            webhooks::test,
            "Sends a test, once, and says what became of it",
        )
        .answers::<AttemptOut>(200),
    ]
}
