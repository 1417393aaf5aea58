//! The unit, as systemd reads it, and the settings that lie beside it.

use super::kit::{file, is_here, run, with};
use std::process::Command;
use studyhall::config::{ConfigFlags, Layer, Need, Store, resolve};

/// The worst that `systemd-analyze security` may say, in tenths of its points of 10: the lower the better.
const EXPOSURE_MAX: &str = "15";

fn unit(folder: &tempfile::TempDir) -> std::path::PathBuf {
    let path = folder.path().join("studyhall.service");
    let binary = env!("CARGO_BIN_EXE_studyhall");
    std::fs::write(&path, with(&file("systemd/studyhall.service"), &[("/usr/bin/studyhall", binary)]))
        .unwrap();
    path
}

#[test]
fn systemd_reads_the_unit_without_a_word() {
    if !is_here("systemd-analyze") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (content, said) =
        run(Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(unit(&folder)));
    let about_it: Vec<&str> = said.lines().filter(|line| line.contains("studyhall.service")).collect();
    assert!(content && about_it.is_empty(), "{said}");
}

#[test]
fn the_service_may_do_little_else_than_serve() {
    if !is_here("systemd-analyze") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("systemd-analyze");
    command
        .args(["security", "--no-pager", "--offline=true", "--threshold", EXPOSURE_MAX])
        .arg(unit(&folder));
    let (content, said) = run(&mut command);
    assert!(content, "{said}");
}

#[test]
fn the_settings_beside_it_are_settings_of_both_stores() {
    let one_node = file("systemd/studyhall.toml");
    let several = one_node
        .lines()
        .filter(|line| !line.starts_with("store") && !line.starts_with("data_dir"))
        .map(|line| match line.strip_prefix("# ") {
            Some(setting) if setting.contains(" = \"") => format!("{setting}\n"),
            Some(_) | None => format!("{line}\n"),
        })
        .collect::<String>();
    let secret = ConfigFlags::default();
    for (text, is_cluster) in [(one_node, false), (several, true)] {
        let mut errors = Vec::new();
        let secret_layer = Layer::of_environment(|name| {
            (name == "STUDYHALL_AUTH_SECRET").then(|| "0123456789abcdef0123456789abcdef".to_owned())
        });
        let layers = [secret.layer(), secret_layer, Layer::of_file("studyhall.toml", &text, &mut errors)];
        let config = resolve(&layers, Need::Verify, errors).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(matches!(config.store, Store::Cql(_)), is_cluster);
        assert_eq!((config.node_label.is_some(), config.node_address.is_some()), (is_cluster, is_cluster));
    }
}
