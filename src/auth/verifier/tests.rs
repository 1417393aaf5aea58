use super::*;
use crate::auth::{Mint, Wanted};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use domain::ids::{OrgId, UserId};
use jsonwebtoken::{EncodingKey, Header, encode};
use ports::Role;
use serde_json::{Value, json};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const NOW_MS: i64 = 1_800_000_000_000;
const JWKS: &str = include_str!("../../../tests/files/tokens/jwks.json");
const RS256: &str = include_str!("../../../tests/files/tokens/rs256.jwt");
const EDDSA: &str = include_str!("../../../tests/files/tokens/eddsa.jwt");

fn by_secret() -> Verifier {
    Verifier::new(Keys::default().with_secret(SECRET).unwrap(), "studyhall", "studyhall").unwrap()
}

fn by_key_set() -> Verifier {
    Verifier::new(Keys::default().with_jwks(JWKS).unwrap(), "studyhall", "studyhall").unwrap()
}

fn good() -> Value {
    json!({"sub": "00000000-0000-4000-8000-0000000000aa", "role": "learner", "iss": "studyhall",
           "aud": "studyhall", "exp": NOW_MS / 1_000 + 60})
}

fn signed(claims: &Value) -> String {
    encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(SECRET)).unwrap()
}

fn with(key: &str, value: Value) -> String {
    let mut claims = good();
    claims[key] = value;
    signed(&claims)
}

#[test]
fn a_minted_token_says_what_was_wanted() {
    let wanted = Wanted {
        user: UserId::from_u128(0xaa),
        role: Role::Teacher,
        org: Some(OrgId::from_u128(0xbb)),
        name: Some("Ada Lovelace".into()),
        ttl_ms: 90_000,
    };
    let (token, expires_ms) =
        Mint::new(SECRET, "studyhall", "studyhall").unwrap().token(&wanted, NOW_MS).unwrap();
    let claims = by_secret().verify(&token, NOW_MS).unwrap();
    assert_eq!(expires_ms, NOW_MS + 90_000);
    assert_eq!((claims.user, claims.role, claims.org), (wanted.user, wanted.role, wanted.org));
    assert_eq!((claims.name, claims.expires_ms), (wanted.name, expires_ms));
}

#[test]
fn every_claim_that_must_be_there_is_asked_for() {
    for missing in ["sub", "role", "iss", "aud", "exp"] {
        let mut claims = good();
        claims.as_object_mut().unwrap().remove(missing);
        assert_eq!(by_secret().verify(&signed(&claims), NOW_MS), Err(TokenError::Missing(missing)));
    }
}

#[test]
fn claims_of_another_kind_are_refused_by_name() {
    for (key, value, error) in [
        ("iss", json!("somebody"), TokenError::WrongIssuer),
        ("aud", json!("somebody"), TokenError::WrongAudience),
        ("aud", json!(["a", "b"]), TokenError::WrongAudience),
        ("sub", json!("ada"), TokenError::BadSubject),
        ("org", json!("school"), TokenError::BadOrg),
        ("role", json!("king"), TokenError::BadRole),
        ("exp", json!("tomorrow"), TokenError::Malformed),
        ("exp", json!(-1), TokenError::Malformed),
        ("exp", json!(1e300), TokenError::Malformed),
        ("sub", json!(7), TokenError::Malformed),
    ] {
        assert_eq!(by_secret().verify(&with(key, value.clone()), NOW_MS), Err(error), "{key} {value}");
    }
    assert!(by_secret().verify(&with("aud", json!(["other", "studyhall"])), NOW_MS).is_ok());
}

#[test]
fn clocks_may_lie_ten_seconds_apart_and_no_more() {
    let exp_ms = NOW_MS + 60_000;
    let token = signed(&good());
    assert!(by_secret().verify(&token, exp_ms + LEEWAY_MS - 1).is_ok());
    assert_eq!(by_secret().verify(&token, exp_ms + LEEWAY_MS), Err(TokenError::Expired));
    let later = with("nbf", json!(NOW_MS / 1_000 + 10));
    assert!(by_secret().verify(&later, NOW_MS).is_ok());
    assert_eq!(by_secret().verify(&later, NOW_MS - 1), Err(TokenError::NotYet));
    // `iat` says when a token was made, and nothing about when it may be used.
    assert!(by_secret().verify(&with("iat", json!(NOW_MS / 1_000 + 999)), NOW_MS).is_ok());
}

#[test]
fn a_changed_token_is_forged() {
    let token = signed(&good());
    let (head, signature) = token.rsplit_once('.').unwrap();
    let (header, _) = head.split_once('.').unwrap();
    let mut claims = good();
    claims["role"] = json!("owner");
    let raised = BASE64.encode(claims.to_string());
    assert_eq!(
        by_secret().verify(&format!("{header}.{raised}.{signature}"), NOW_MS),
        Err(TokenError::Forged)
    );
    let other = Keys::default().with_secret(b"another secret, also of 32 bytes").unwrap();
    let other = Verifier::new(other, "studyhall", "studyhall").unwrap();
    assert_eq!(other.verify(&token, NOW_MS), Err(TokenError::Forged));
}

#[test]
fn a_token_does_not_choose_its_algorithm() {
    let claims = BASE64.encode(good().to_string());
    for header in [r#"{"alg":"none"}"#, r#"{"alg":"None","typ":"JWT"}"#, r#"{"typ":"JWT"}"#, "7", "{"] {
        let token = format!("{}.{claims}.", BASE64.encode(header));
        assert_eq!(by_secret().verify(&token, NOW_MS), Err(TokenError::Malformed), "{header}");
    }
    let longer = encode(&Header::new(Algorithm::HS512), &good(), &EncodingKey::from_secret(SECRET)).unwrap();
    assert_eq!(by_secret().verify(&longer, NOW_MS), Err(TokenError::UnknownKey));
    // The public key used as a shared secret: the classic confusion.
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("rsa-1".into());
    let confused = encode(&header, &good(), &EncodingKey::from_secret(JWKS.as_bytes())).unwrap();
    assert_eq!(by_key_set().verify(&confused, NOW_MS), Err(TokenError::UnknownKey));
    let swapped = include_str!("../../../tests/files/tokens/rs256-with-the-other-keys-id.jwt");
    assert_eq!(by_key_set().verify(swapped, NOW_MS), Err(TokenError::WrongAlgorithm));
    let nameless = include_str!("../../../tests/files/tokens/rs256-without-kid.jwt");
    assert_eq!(by_key_set().verify(nameless, NOW_MS), Err(TokenError::UnknownKey));
}

#[test]
fn a_token_that_asks_for_a_rule_nobody_here_knows_is_refused() {
    let header = Header { crit: Some(vec!["b64".into()]), ..Header::new(Algorithm::HS256) };
    let token = encode(&header, &good(), &EncodingKey::from_secret(SECRET)).unwrap();
    assert_eq!(by_secret().verify(&token, NOW_MS), Err(TokenError::UnknownRule));
}

#[test]
fn public_keys_verify_and_are_remembered_without_outliving_the_token() {
    let verifier = by_key_set();
    for token in [RS256, EDDSA] {
        for _ in 0..2 {
            let claims = verifier.verify(token, NOW_MS).unwrap();
            assert_eq!((claims.role, claims.name.as_deref()), (Role::Teacher, Some("Ada")));
        }
        assert_eq!(verifier.verify(token, 2_000_000_000_000 + LEEWAY_MS), Err(TokenError::Expired));
        assert_eq!(verifier.verify(token, 1_600_000_000_000), Err(TokenError::NotYet));
        let mut broken = token.to_owned();
        let at = broken.len() - 20;
        broken.replace_range(at..=at, if &broken[at..=at] == "A" { "B" } else { "A" });
        assert_eq!(verifier.verify(&broken, NOW_MS), Err(TokenError::Forged));
    }
}

#[test]
fn keys_that_are_too_weak_or_not_ours_are_refused() {
    let set = |text: &str| Keys::default().with_jwks(text).err();
    assert_eq!(Keys::default().with_secret(&SECRET[1..]).err(), Some(KeyError::ShortSecret(31)));
    assert!(matches!(Verifier::new(Keys::default(), "a", "b"), Err(KeyError::NoKeys)));
    let small = include_str!("../../../tests/files/tokens/jwks-small.json");
    assert!(matches!(set(small), Some(KeyError::BadKey { .. })));
    assert!(matches!(set("{}"), Some(KeyError::NotAKeySet(_))));
    assert!(matches!(set(r#"{"keys":[]}"#), Some(KeyError::KeyCount { found: 0, .. })));
    let secret_key = r#"{"keys":[{"kty":"oct","kid":"a","alg":"HS256","k":"AAAA"}]}"#;
    assert_eq!(set(secret_key), Some(KeyError::NoneOfOurs));
    let mut twice: Value = serde_json::from_str(JWKS).unwrap();
    let first = twice["keys"][0].clone();
    twice["keys"].as_array_mut().unwrap().push(first.clone());
    assert_eq!(set(&twice.to_string()), Some(KeyError::DoubleKid("rsa-1".into())));
    let mut nameless = first;
    nameless.as_object_mut().unwrap().remove("kid");
    assert_eq!(set(&json!({"keys": [nameless]}).to_string()), Some(KeyError::NoKid(1)));
}

#[test]
fn rubbish_is_refused_and_never_panics() {
    let verifier = by_secret();
    for rubbish in
        ["", ".", "..", "a.b.c", "....", "\u{0}", "é.é.é", "eyJhbGciOiJIUzI1NiJ9..", &"x".repeat(9_000)]
    {
        assert!(verifier.verify(rubbish, NOW_MS).is_err(), "{rubbish:?}");
    }
}
