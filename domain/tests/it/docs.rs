//! What docs/MODEL.md says is tested, is tested.

const MODEL: &str = include_str!("../../../docs/MODEL.md");
const SOURCES: [(&str, &str); 5] = [
    ("controls", include_str!("controls.rs")),
    ("invariants", include_str!("invariants.rs")),
    ("order", include_str!("order.rs")),
    ("regrades", include_str!("regrades.rs")),
    ("rules", include_str!("rules.rs")),
];

#[test]
fn each_test_that_the_model_names_exists() {
    let mut named = 0;
    for quoted in MODEL.split('`').skip(1).step_by(2) {
        let Some((module, test)) = quoted.split_once("::") else { continue };
        let Some((_, source)) = SOURCES.iter().find(|(name, _)| *name == module) else { continue };
        assert!(source.contains(&format!("fn {test}(")), "{quoted} is named and does not exist");
        named += 1;
    }
    assert!(named >= 12, "only {named} were found: has the page changed its way of naming tests?");
}
