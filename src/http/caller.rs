//! Who asks.

use crate::auth::{Claims, bearer};
use crate::clock::real_ms;
use crate::http::address::client_address;
use crate::http::rates::asked;
use crate::http::state::App;
use crate::http::{Code, Problem};
use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use domain::ids::{OrgId, UserId};
use ports::Role;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;

/// Who asks: a person whose token was believed and whose account exists.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caller {
    /// The person.
    pub user: UserId,
    /// What the person is, as the token says.
    pub role: Role,
    /// The organisation of the account.
    pub org: Option<OrgId>,
}

impl Caller {
    /// Whether the person administers this organisation.
    pub fn administers(&self, org: Option<OrgId>) -> bool {
        let may = match self.role {
            Role::Owner | Role::Admin => true,
            Role::Teacher | Role::Learner | Role::Guest | Role::Service => false,
        };
        may && self.org.is_some() && self.org == org
    }

    /// Whether the person may have classes.
    pub fn may_teach(&self) -> bool {
        self.role.may_teach()
    }
}

/// The app's state in a request.
pub(super) fn app_of(request: &HttpRequest) -> Result<web::Data<App>, Problem> {
    request.app_data::<web::Data<App>>().cloned().ok_or_else(Problem::internal)
}

/// Where the request comes from.
pub(super) fn address_of(request: &HttpRequest, app: &App) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    client_address(request.headers(), peer, &app.trusted_proxies)
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Caller, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let app = app_of(&request)?;
            let claims = match believe(&request, &app) {
                Ok(claims) => claims,
                Err(problem) => {
                    return Err(refuse_or(&app, address_of(&request, &app), real_ms(), problem).await);
                }
            };
            begin(&app, claims.user, &request).await?;
            sign_in(&app, claims).await
        })
    }
}

/// Counts a request of somebody, and that it is being worked on.
pub(super) async fn begin(app: &App, who: UserId, request: &HttpRequest) -> Result<(), Problem> {
    asked(&app.rates, who, request).await?;
    let turn = app.asking.begin(who)?;
    // It ends with the request.
    request.extensions_mut().insert(turn);
    Ok(())
}

/// A good token passes whatever the address.
fn believe(request: &HttpRequest, app: &App) -> Result<Claims, Problem> {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    match header.and_then(bearer) {
        Some(token) => app.verifier.verify(token, real_ms()).map_err(Problem::from),
        None => Err(Problem::new(Code::Unauthorized, "Send a token: `Authorization: Bearer …`.")),
    }
}

/// Counts a failed sign-in; above the limit, of this node or of all, the address is told to wait instead.
pub(super) async fn refuse_or(app: &App, address: IpAddr, now_ms: i64, problem: Problem) -> Problem {
    if let Err(wait_s) = app.doors.may_try(address, now_ms) {
        return too_many(wait_s);
    }
    app.doors.failed(address, now_ms);
    match app.rates.failed(address).await {
        Ok(()) => problem,
        Err(too_often) => too_many(too_often.wait_s),
    }
}

pub(super) fn too_many(wait_s: u64) -> Problem {
    let detail = "Too many sign-ins from this address failed; wait a moment.";
    Problem::new(Code::TooMany, detail).retry_after_s(wait_s)
}

async fn sign_in(app: &App, claims: Claims) -> Result<Caller, Problem> {
    let (user, role) = (claims.user, claims.role);
    let said = (claims.org, role, claims.name.clone());
    // The newest token of a person holds, also one that says again what an older one did.
    if let Some((_, org)) = app.sign_ins.get(&user).filter(|(known, _)| *known == said) {
        return Ok(Caller { user, role, org });
    }
    let person = app.people.sign_in(claims.sign_in(), app.clock.wall_ms()).await?;
    app.sign_ins.put(user, (said, person.org));
    Ok(Caller { user, role, org: person.org })
}
