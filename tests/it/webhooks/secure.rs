//! Webhooks by https: whose certificate is believed, and that nobody else is sent anything.

use super::receiver::{Mood, Receiver};
use super::school::{ADMIN, ORG, School, options, secret};
use crate::study::binary::Place;
use crate::study::server::{eventually, random_uuid};
use ports::{Feed, Webhooks as _};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use studyhall::webhooks::{Authorities, HookOptions};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// An authority that nobody has heard of, each with a name of its own.
struct Authority {
    folder: tempfile::TempDir,
}

fn openssl(folder: &Path, arguments: &str) {
    let mut command = Command::new("openssl");
    command.current_dir(folder).args(arguments.split(' ')).stdout(Stdio::null());
    let done = command.stderr(Stdio::piped()).output().unwrap();
    assert!(done.status.success(), "{arguments}: {}", String::from_utf8_lossy(&done.stderr));
}

/// A key of a kind that is made in no time.
const KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";

impl Authority {
    fn new() -> Authority {
        let folder = tempfile::tempdir().unwrap();
        let made = format!("req -x509 {KEY} -keyout ca.key -out ca.pem -days 2 -subj /CN={}", random_uuid());
        openssl(folder.path(), &format!("{made} -addext keyUsage=critical,keyCertSign"));
        Authority { folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    fn believed(&self) -> Authorities {
        Authorities::of_pem(&std::fs::read_to_string(self.file()).unwrap()).unwrap()
    }

    /// A receiver with a certificate of this authority for this name.
    fn receiver(&self, name: &str) -> Receiver {
        let folder = self.folder.path();
        std::fs::write(folder.join("names"), format!("basicConstraints=CA:FALSE\nsubjectAltName={name}\n"))
            .unwrap();
        openssl(folder, &format!("req {KEY} -keyout leaf.key -out leaf.csr -subj /CN=Receiver"));
        let signed = "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out leaf.pem";
        openssl(folder, signed);
        let certificate = CertificateDer::from_pem_file(folder.join("leaf.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(folder.join("leaf.key")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key);
        Receiver::start_secure(Mood::Says(200, ""), config.unwrap())
    }
}

fn school(authorities: Authorities) -> (School, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let options = HookOptions { authorities, attempt_within_ms: 5_000, ..options(10_000) };
    (School::open(folder.path(), options), folder)
}

/// Why the newest attempt failed.
fn newest_error(school: &School, hook: ports::HookId) -> Option<String> {
    let attempts = school.runtime.block_on(school.store.attempts(hook, 1)).unwrap();
    attempts.first().map(|attempt| attempt.error.clone())
}

#[test]
fn a_receiver_of_an_own_authority_is_sent_events_by_https_and_one_of_another_nothing() {
    let (ours, other) = (Authority::new(), Authority::new());
    let (school, _folder) = school(ours.believed());
    let (believed, unknown) = (ours.receiver("IP:127.0.0.1"), other.receiver("IP:127.0.0.1"));
    let elsewhere = ours.receiver("DNS:hooks.example.org");
    school.hook(&believed, Feed::Org(ORG));
    let (of_other, misnamed) =
        (school.hook(&unknown, Feed::Org(ORG)), school.hook(&elsewhere, Feed::Org(ORG)));
    school.happens(1);
    eventually("the believed one has it", || !believed.got().is_empty());
    assert!(believed.got()[0].is_signed_with(&secret()));
    for (hook, reason) in [(of_other, "UnknownIssuer"), (misnamed, "not valid for name")] {
        eventually("it is tried", || newest_error(&school, hook).is_some());
        let error = newest_error(&school, hook).unwrap();
        assert!(error.starts_with("no connection: ") && error.contains(reason), "{error}");
        assert!(school.record(hook).position.is_none(), "it waits, and is tried again");
    }
    assert!(unknown.got().is_empty() && elsewhere.got().is_empty(), "nobody else hears a word of it");
}

#[test]
fn without_a_word_of_it_an_own_authority_is_not_believed() {
    let ours = Authority::new();
    let (school, _folder) = school(Authorities::default());
    let receiver = ours.receiver("IP:127.0.0.1");
    let hook = school.hook(&receiver, Feed::Org(ORG));
    school.happens(1);
    eventually("it is tried", || newest_error(&school, hook).is_some());
    assert!(newest_error(&school, hook).unwrap().contains("UnknownIssuer"));
    assert!(receiver.got().is_empty());
}

#[test]
fn a_server_is_told_its_authorities_by_a_file_and_refuses_one_that_names_none() {
    let (place, ours) = (Place::new(), Authority::new());
    let notes = ours.folder.path().join("notes.txt");
    std::fs::write(&notes, "certificates: see the drawer").unwrap();
    let mut serve = place.command("serve");
    let refused = serve.args(["--webhook-ca-file"]).arg(&notes).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("webhook_ca_file") && said.contains("no certificate"), "{said}");

    let receiver = ours.receiver("IP:127.0.0.1");
    let ca = ours.file();
    let _life = place.start_with(&["--webhook-ca-file", ca.to_str().unwrap()]);
    let token = place.token_of(ADMIN, ports::Role::Admin, Some(ORG));
    let post = |path: &str, body: serde_json::Value| {
        let asked = ureq::post(format!("{}/api/v1{path}", place.url()));
        let asked = asked.header("authorization", format!("Bearer {token}"));
        asked.send_json(body).unwrap().into_body().read_json::<serde_json::Value>().unwrap()
    };
    let made = post("/webhooks", json!({"url": receiver.url()}));
    let tried = post(&format!("/webhooks/{}/test", made["webhook_id"].as_str().unwrap()), json!(null));
    assert_eq!((&tried["delivered"], &tried["status"]), (&json!(true), &json!(200)), "{tried}");
    assert!(receiver.got()[0].is_signed_with(made["secret"].as_str().unwrap()));
}
