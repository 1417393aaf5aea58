//! What starts studyhall in containers: every flag and variable in it is one of the program's, what must fit together
//! does, and a node is given the time and the rights that it needs and no more.

use super::kit::{file, run};
use clap::Parser as _;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command as Process;
use studyhall::config::{Bus, Cli, Command, Config, Key, Layer, Need, Store, resolve};
use yaml_rust2::{Yaml, YamlLoader};

/// How long a node may need from SIGTERM on: 20 s for its learners, 4 s to close, 2 s for last words.
const DRAIN_MAX_S: i64 = 26;
const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn documents(name: &str) -> Vec<Yaml> {
    YamlLoader::load_from_str(&file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn text(yaml: &Yaml) -> &str {
    yaml.as_str().unwrap_or_else(|| panic!("no text: {yaml:?}"))
}

fn items(yaml: &Yaml) -> &[Yaml] {
    yaml.as_vec().unwrap_or_else(|| panic!("no list: {yaml:?}"))
}

/// The one document of this kind and name.
fn one<'a>(documents: &'a [Yaml], kind: &str, name: &str) -> &'a Yaml {
    let found: Vec<&Yaml> = documents
        .iter()
        .filter(|one| one["kind"].as_str() == Some(kind) && one["metadata"]["name"].as_str() == Some(name))
        .collect();
    assert_eq!(found.len(), 1, "{kind} {name}");
    found[0]
}

/// What these arguments and variables make of the program.
fn configured(arguments: &[String], variables: &BTreeMap<String, String>) -> (Command, Config) {
    for name in variables.keys() {
        assert!(Key::ALL.iter().any(|key| key.variable() == *name), "{name} is no setting");
    }
    let line = std::iter::once("studyhall".to_owned()).chain(arguments.iter().cloned());
    let command = Cli::try_parse_from(line).unwrap_or_else(|error| panic!("{error}")).command;
    let (flags, need) = match &command {
        Command::Serve(serve) => (serve.config.layer(), Need::Verify),
        Command::Migrate(migrate) => (migrate.config.layer(), Need::Nothing),
        other => panic!("{other:?}"),
    };
    let layers = [flags, Layer::of_environment(|name| variables.get(name).cloned())];
    let config = resolve(&layers, need, vec![]).unwrap_or_else(|errors| panic!("{errors}"));
    (command, config)
}

/// The container's arguments and variables, with what Kubernetes puts in.
fn in_a_pod(container: &Yaml) -> (Vec<String>, BTreeMap<String, String>) {
    let mut all = BTreeMap::new();
    for variable in container["env"].as_vec().map(Vec::as_slice).unwrap_or_default() {
        let from = &variable["valueFrom"];
        let value = match (from["fieldRef"]["fieldPath"].as_str(), from["secretKeyRef"]["key"].as_str()) {
            (Some("status.podIP"), _) => "10.1.2.3",
            (Some("metadata.name"), _) => "studyhall-0",
            (None, Some("auth-secret")) => SECRET,
            (None, Some("bus")) => "redis://redis:6379",
            other => panic!("{other:?}"),
        };
        all.insert(text(&variable["name"]).to_owned(), value.to_owned());
    }
    let filled = |argument: &Yaml| {
        all.iter()
            .fold(text(argument).to_owned(), |line, (name, value)| line.replace(&format!("$({name})"), value))
    };
    let arguments: Vec<String> = items(&container["args"]).iter().map(filled).collect();
    assert!(arguments.iter().all(|argument| !argument.contains("$(")), "{arguments:?}");
    (arguments, all.into_iter().filter(|(name, _)| name.starts_with("STUDYHALL_")).collect())
}

fn is_locked_up(pod: &Yaml) {
    assert_eq!(pod["automountServiceAccountToken"].as_bool(), Some(false));
    assert_eq!(pod["securityContext"]["runAsNonRoot"].as_bool(), Some(true));
    assert_eq!(pod["securityContext"]["seccompProfile"]["type"].as_str(), Some("RuntimeDefault"));
    for container in items(&pod["containers"]) {
        let rights = &container["securityContext"];
        assert_eq!(rights["allowPrivilegeEscalation"].as_bool(), Some(false));
        assert_eq!(rights["readOnlyRootFilesystem"].as_bool(), Some(true));
        assert_eq!(text(&rights["capabilities"]["drop"][0]), "ALL");
        assert!(!container["resources"]["limits"]["memory"].is_badvalue());
        assert!(container["resources"]["limits"]["cpu"].is_badvalue(), "a throttled node beats too late");
    }
}

#[test]
fn pods_are_nodes_of_one_cluster_with_names_of_their_own() {
    let all = documents("kubernetes/studyhall.yaml");
    let nodes = one(&all, "StatefulSet", "studyhall");
    let pod = &nodes["spec"]["template"]["spec"];
    is_locked_up(pod);
    let container = &pod["containers"][0];
    let (arguments, variables) = in_a_pod(container);
    let (_, config) = configured(&arguments, &variables);
    assert!(matches!(config.store, Store::Cql(_)) && matches!(config.bus, Bus::Redis(_)));
    assert_eq!(config.node_address.as_deref(), Some("10.1.2.3:8080"));
    assert_eq!(config.node_label.as_deref(), Some("studyhall-0"));
    let port = container["ports"][0]["containerPort"].as_i64().unwrap();
    assert_eq!(i64::from(config.listen.port()), port);
    // The job makes the schema of the same keyspace.
    let job = &one(&all, "Job", "studyhall-migrate")["spec"]["template"]["spec"];
    is_locked_up(job);
    let (arguments, variables) = in_a_pod(&job["containers"][0]);
    let (command, migrated) = configured(&arguments, &variables);
    assert!(matches!(command, Command::Migrate(_)) && migrated.store == config.store);
    assert_eq!(job["containers"][0]["image"], container["image"]);
}

#[test]
fn a_pod_has_time_to_drain_and_is_asked_the_right_questions() {
    let all = documents("kubernetes/studyhall.yaml");
    let pod = &one(&all, "StatefulSet", "studyhall")["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    let path = |probe: &str| text(&container[probe]["httpGet"]["path"]).to_owned();
    assert_eq!(
        ["startupProbe", "readinessProbe", "livenessProbe"].map(path),
        ["/livez", "/readyz", "/livez"]
    );
    let pause = text(&container["lifecycle"]["preStop"]["exec"]["command"][1]).parse::<i64>().unwrap();
    let ready = &container["readinessProbe"];
    let unready_after =
        ready["periodSeconds"].as_i64().unwrap() * ready["failureThreshold"].as_i64().unwrap();
    assert!(pause >= unready_after, "balancers must know before its sockets are sent away");
    assert!(pod["terminationGracePeriodSeconds"].as_i64().unwrap() > pause + DRAIN_MAX_S);
}

#[test]
fn what_selects_pods_finds_them_and_one_at_a_time_goes() {
    let all = documents("kubernetes/studyhall.yaml");
    let nodes = &one(&all, "StatefulSet", "studyhall")["spec"];
    let labels = &nodes["template"]["metadata"]["labels"];
    let budget = &one(&all, "PodDisruptionBudget", "studyhall")["spec"];
    let selectors = [
        &nodes["selector"]["matchLabels"],
        &budget["selector"]["matchLabels"],
        &one(&all, "Service", "studyhall")["spec"]["selector"],
        &one(&all, "Service", "studyhall-nodes")["spec"]["selector"],
    ];
    for selector in selectors {
        assert_eq!(selector, labels);
    }
    let job = &one(&all, "Job", "studyhall-migrate")["spec"]["template"]["metadata"]["labels"];
    assert_ne!(job, labels, "learners must not be sent to a job");
    assert_eq!(text(&nodes["serviceName"]), "studyhall-nodes");
    assert_eq!(budget["maxUnavailable"].as_i64(), Some(1));
    assert_eq!(nodes["updateStrategy"]["rollingUpdate"]["maxUnavailable"].as_i64(), Some(1));
    let service = &one(&all, "Service", "studyhall")["spec"];
    assert!(service["sessionAffinity"].is_badvalue(), "a school behind one address is many people");
    assert_eq!(all.len(), 6, "a kind that nothing here looks at");
}

/// The composed services with what `<<` takes in.
fn services() -> Vec<(String, Yaml)> {
    let all = documents("container/compose.yaml");
    let services = all[0]["services"].as_hash().unwrap();
    services.iter().map(|(name, service)| (text(name).to_owned(), merged(service))).collect()
}

fn merged(service: &Yaml) -> Yaml {
    let mut whole = service.as_hash().unwrap().clone();
    let key = Yaml::String("<<".to_owned());
    if let Some(base) = whole.remove(&key) {
        for (name, value) in base.as_hash().unwrap() {
            whole.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    Yaml::Hash(whole)
}

#[test]
fn the_composed_nodes_find_their_store_each_other_and_their_proxy() {
    let services: BTreeMap<String, Yaml> = services().into_iter().collect();
    let mut labels = BTreeSet::new();
    for (name, service) in
        services.iter().filter(|(_, service)| service["image"].as_str() == Some("studyhall:0.1.0"))
    {
        let arguments: Vec<String> =
            items(&service["command"]).iter().map(|one| text(one).to_owned()).collect();
        let variables = service["environment"].as_hash().map(|all| {
            all.keys().map(|name| (text(name).to_owned(), SECRET.to_owned())).collect::<BTreeMap<_, _>>()
        });
        let (command, config) = configured(&arguments, &variables.unwrap_or_default());
        let Store::Cql(store) = &config.store else { panic!("{name} is no node of a cluster") };
        assert!(store.hosts.iter().all(|host| services.contains_key(host.split(':').next().unwrap())));
        if let Command::Serve(_) = command {
            assert_eq!(config.node_address, Some(format!("{name}:{}", config.listen.port())));
            labels.extend(config.node_label);
            let grace =
                text(&service["stop_grace_period"]).strip_suffix('s').unwrap().parse::<i64>().unwrap();
            assert!(grace > DRAIN_MAX_S, "{name}");
        }
    }
    assert_eq!(labels, BTreeSet::from(["a".to_owned(), "b".to_owned()]));
    for (name, service) in &services {
        let needs = match &service["depends_on"] {
            Yaml::Hash(needs) => needs.keys().map(text).collect(),
            Yaml::Array(needs) => needs.iter().map(text).collect(),
            _ => Vec::new(),
        };
        assert!(needs.iter().all(|needed| services.contains_key(*needed)), "{name} needs {needs:?}");
    }
    let all = documents("container/compose.yaml");
    let proxy = text(&all[0]["configs"]["proxy"]["content"]).to_owned();
    for name in ["a", "b"] {
        assert!(proxy.contains(&format!("server {name} node-{name}:8080 cookie {name}")), "{proxy}");
    }
}

#[test]
fn the_image_starts_the_program_as_somebody_who_may_nothing() {
    let image = file("container/Dockerfile");
    let line = |word: &str| image.lines().find_map(|line| line.strip_prefix(word)).map(str::trim);
    assert_eq!(line("ENTRYPOINT "), Some(r#"["/usr/bin/studyhall"]"#));
    assert_eq!(line("USER "), Some("65532:65532"));
    let variables: BTreeMap<String, String> = line("ENV ")
        .unwrap()
        .split(' ')
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .chain([("STUDYHALL_AUTH_SECRET".to_owned(), SECRET.to_owned())])
        .collect();
    let (_, config) = configured(&["serve".to_owned()], &variables);
    assert_eq!(line("EXPOSE "), Some(config.listen.port().to_string().as_str()));
    assert_eq!(line("WORKDIR /var"), line("VOLUME /var"));
    // The compiler in it is one that the workspace takes; `rust:1` is the newest.
    assert!(image.contains("FROM rust:1-slim-bookworm") && image.contains("--locked"));
}

#[test]
fn the_program_says_in_its_help_what_these_files_use() {
    let (_, help) = run(Process::new(env!("CARGO_BIN_EXE_studyhall")).args(["serve", "--help"]));
    for flag in
        ["--listen", "--store", "--bus", "--node-address", "--node-label", "--trusted-proxy", "--log-format"]
    {
        assert!(help.contains(flag), "{flag}");
    }
}
