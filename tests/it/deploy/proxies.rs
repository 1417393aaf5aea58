//! Real proxies in front of real nodes, with the files of `deploy/`: people study through them, and a browser comes back
//! to the node whose name it bears.

use super::kit::{Node, Program, come_in, file, get, is_here, run, runtime, study, token, with};
use crate::study::server::eventually;
use crate::ws_layer::client::{Client, request};
use kit::free_port;
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

/// Two nodes that do not know each other, behind a proxy: which one somebody is at shows at once.
struct Behind {
    nodes: [Option<Node>; 2],
    _proxy: Program,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Behind {
    /// Starts nodes, and the proxy that this makes of a folder, its port, and the addresses of the nodes.
    fn start(proxy: impl Fn(&Path, u16, &[String; 2]) -> Command) -> Behind {
        let nodes =
            ["a", "b"].map(|name| Node::start(&["--node-label", name, "--trusted-proxy", "127.0.0.1"]));
        let addresses = nodes.each_ref().map(|node| format!("127.0.0.1:{}", node.port));
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let mut command = proxy(folder.path(), port, &addresses);
        let mut proxy = Program::start(&mut command, folder.path(), "proxy");
        let url = format!("http://127.0.0.1:{port}");
        eventually("the proxy passes requests on", || {
            let log = folder.path().join("proxy.log");
            assert!(proxy.runs(), "it ended: {}", std::fs::read_to_string(log).unwrap());
            get(&url, "/livez", &[]).is_ok()
        });
        Behind { nodes: nodes.map(Some), _proxy: proxy, port, _folder: folder }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// At which nodes somebody with this cookie comes out, over so many tries.
    async fn comes_out(&self, cookie: Option<&str>, tries: usize) -> BTreeSet<String> {
        let (mut at, token) = (BTreeSet::new(), token());
        for _ in 0..tries {
            // It stays until the next one is there: what balances by open connections must not always find none.
            let (socket, node) = come_in(&self.url(), &token, cookie).await;
            let (_other, other_node) = come_in(&self.url(), &token, cookie).await;
            at.extend([node, other_node]);
            drop(socket);
        }
        at
    }

    /// Everything that is expected of a proxy.
    fn serves(mut self) {
        let url = self.url();
        runtime().block_on(async {
            study(&url, &token(), "a", 5).await;
            study(&url, &token(), "b", 5).await;
            for node in ["a", "b"] {
                assert_eq!(self.comes_out(Some(node), 5).await, BTreeSet::from([node.to_owned()]));
            }
            // Without a name, or with one that nobody has, any node will do.
            for cookie in [None, Some("nobody"), Some("")] {
                let at = self.comes_out(cookie, 5).await;
                assert!(
                    !at.is_empty() && at.iter().all(|node| ["a", "b"].contains(&node.as_str())),
                    "{at:?}"
                );
            }
        });
        for path in ["/metrics", "/readyz", "/nodes/v1/ask", "/dev/clock"] {
            assert_eq!(get(&url, path, &[]).err(), Some(404), "{path} is nobody else's");
        }
        // The handshake names the node, as the balancer knows it.
        let head = handshake(self.port, "studyhall_node=b");
        assert!(head.starts_with("HTTP/1.1 101 ") && head.contains("studyhall_node=b; Path=/"), "{head}");
        // A node that is gone: whoever was there comes in at the other one.
        self.nodes[1] = None;
        runtime().block_on(async {
            let at = self.comes_out(Some("b"), 3).await;
            assert_eq!(at, BTreeSet::from(["a".to_owned()]));
            study(&url, &token(), "a", 3).await;
        });
    }
}

/// The head of the answer to a handshake with this cookie.
fn handshake(port: u16, cookie: &str) -> String {
    let mut client = Client::tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let headers = format!("Sec-WebSocket-Protocol: studyhall.v1\r\nCookie: {cookie}\r\n");
    client.send_raw(&request(protocol::STUDY_PATH, &headers));
    client.read_head()
}

/// The proxy's own file without the part that only TLS needs, at this port.
fn nginx_site(port: u16, nodes: &[String; 2]) -> String {
    let listen = format!("listen 127.0.0.1:{port};");
    let redirect = format!("listen 127.0.0.1:{};", free_port());
    let site = with(
        &file("nginx/studyhall.conf"),
        &[
            ("10.0.0.11:8080", &nodes[0]),
            ("10.0.0.12:8080", &nodes[1]),
            ("listen 443 ssl;", &listen),
            ("listen 80;", &redirect),
        ],
    );
    site.lines().filter(|line| !line.trim().starts_with("ssl_")).map(|line| format!("{line}\n")).collect()
}

/// A whole nginx around a site, which writes into this folder alone.
fn nginx(folder: &Path, site: &str) -> Command {
    let at = folder.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("{kind}_temp_path {at}/{kind};\n"))
        .collect();
    let whole = format!(
        "daemon off;\nworker_processes 1;\npid {at}/nginx.pid;\nerror_log stderr;\n\
         events {{ worker_connections 512; }}\nhttp {{\naccess_log off;\n{temporary}{site}}}\n"
    );
    std::fs::write(folder.join("nginx.conf"), whole).unwrap();
    let mut command = Command::new("nginx");
    command.arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf")).args(["-e", "stderr"]);
    command
}

#[test]
fn people_study_through_nginx_and_come_back_to_their_node() {
    if !is_here("nginx") {
        return;
    }
    let alone = |folder: &Path, port, nodes: &[String; 2]| {
        // Its worker must not outlive it.
        let mut command = nginx(folder, &nginx_site(port, nodes));
        command.args(["-g", "master_process off;"]);
        command
    };
    Behind::start(alone).serves();
}

#[test]
fn nginx_takes_the_file_as_it_is_with_tls() {
    if !is_here("nginx") || !is_here("openssl") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    make_certificate(&certificate, &key);
    let (certificate, key) = (certificate.display().to_string(), key.display().to_string());
    let changes = [
        ("/etc/nginx/tls/study.example.pem", certificate.as_str()),
        ("/etc/nginx/tls/study.example.key", &key),
    ];
    let site = with(&file("nginx/studyhall.conf"), &changes);
    let (content, said) = run(nginx(folder.path(), &site).arg("-t"));
    assert!(content, "{said}");
}

#[test]
fn people_study_through_haproxy_and_come_back_to_their_node() {
    if !is_here("haproxy") {
        return;
    }
    Behind::start(|folder, port, nodes| {
        let bind = format!("bind 127.0.0.1:{port}");
        let text = with(
            &file("haproxy/haproxy.cfg"),
            &[
                ("10.0.0.11:8080", &nodes[0]),
                ("10.0.0.12:8080", &nodes[1]),
                ("bind :80\n", &format!("{bind}\n")),
                ("maxconn 200000", "maxconn 200"),
            ],
        );
        let without_tls =
            |line: &&str| !line.contains("bind :443") && !line.contains("redirect scheme https");
        let text: String = text.lines().filter(without_tls).map(|line| format!("{line}\n")).collect();
        haproxy(folder, &text)
    })
    .serves();
}

#[test]
fn haproxy_takes_the_file_as_it_is_with_tls() {
    if !is_here("haproxy") || !is_here("openssl") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (both, key) = (folder.path().join("both.pem"), folder.path().join("key.pem"));
    make_certificate(&both, &key);
    let together = [std::fs::read(&both).unwrap(), std::fs::read(&key).unwrap()].concat();
    std::fs::write(&both, together).unwrap();
    let changes =
        [("/etc/haproxy/study.example.pem", both.to_str().unwrap()), ("maxconn 200000", "maxconn 200")];
    let (content, said) =
        run(haproxy(folder.path(), &with(&file("haproxy/haproxy.cfg"), &changes)).arg("-c"));
    assert!(content, "{said}");
}

fn haproxy(folder: &Path, text: &str) -> Command {
    std::fs::write(folder.join("haproxy.cfg"), text).unwrap();
    let mut command = Command::new("haproxy");
    command.arg("-db").arg("-f").arg(folder.join("haproxy.cfg"));
    command
}

fn make_certificate(certificate: &Path, key: &Path) {
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
    command
        .args(["-days", "2", "-subj", "/CN=study.example", "-out"])
        .arg(certificate)
        .arg("-keyout")
        .arg(key);
    let (made, said) = run(&mut command);
    assert!(made, "{said}");
}
