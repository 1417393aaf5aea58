//! Public keys of others: a JSON web key set (RFC 7517), each key for one algorithm and found by its `kid`.

use super::error::KeyError;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use std::collections::HashMap;

/// Largest key set, in bytes.
pub const JWKS_BYTES_MAX: usize = 256 * 1024;
/// Most keys of a set.
pub const JWKS_KEYS_MAX: usize = 64;
/// Shortest RSA modulus that is accepted, in bits (RFC 7518 §3.3).
const RSA_BITS_MIN: usize = 2_048;

/// A key and the one algorithm that it is for.
#[derive(Clone, Debug)]
pub(super) struct PublicKey {
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// Reads a key set.
pub(super) fn read(text: &str) -> Result<HashMap<String, PublicKey>, KeyError> {
    if text.len() > JWKS_BYTES_MAX {
        return Err(KeyError::NotAKeySet(format!("it has more than {JWKS_BYTES_MAX} bytes")));
    }
    let set: JwkSet = serde_json::from_str(text).map_err(|error| KeyError::NotAKeySet(error.to_string()))?;
    if set.keys.is_empty() || set.keys.len() > JWKS_KEYS_MAX {
        return Err(KeyError::KeyCount { found: set.keys.len(), max: JWKS_KEYS_MAX });
    }
    let mut keys = HashMap::new();
    for (at, jwk) in set.keys.iter().enumerate() {
        let Some(algorithm) = algorithm_of(jwk) else { continue };
        let kid = jwk.common.key_id.clone().ok_or(KeyError::NoKid(at + 1))?;
        let key = public_key(&kid, jwk, algorithm)?;
        if keys.insert(kid.clone(), key).is_some() {
            return Err(KeyError::DoubleKid(kid));
        }
    }
    if keys.is_empty() {
        return Err(KeyError::NoneOfOurs);
    }
    Ok(keys)
}

/// The algorithm that a key is for; `None` for keys that are not for us: other algorithms, or not for signatures.
#[expect(clippy::wildcard_enum_match_arm, reason = "the library's list is open")]
fn algorithm_of(jwk: &Jwk) -> Option<Algorithm> {
    if jwk.common.public_key_use.as_ref().is_some_and(|purpose| *purpose != PublicKeyUse::Signature) {
        return None;
    }
    let (algorithm, name) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        // No other kind is accepted, also none that the library may learn later.
        _ => return None,
    };
    jwk.common.key_algorithm.as_ref().is_none_or(|said| *said == name).then_some(algorithm)
}

fn public_key(kid: &str, jwk: &Jwk, algorithm: Algorithm) -> Result<PublicKey, KeyError> {
    let bad = |why: String| KeyError::BadKey { kid: kid.to_owned(), why };
    if let AlgorithmParameters::RSA(rsa) = &jwk.algorithm
        && modulus_bits(&rsa.n) < RSA_BITS_MIN
    {
        return Err(bad(format!("an RSA key needs at least {RSA_BITS_MIN} bits")));
    }
    let key = DecodingKey::from_jwk(jwk).map_err(|error| bad(error.to_string()))?;
    Ok(PublicKey { algorithm, key })
}

/// Bits of a modulus in base64url, leading zero bytes not counted; about, to the byte.
fn modulus_bits(n: &str) -> usize {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(n.trim_end_matches('='));
    bytes.map_or(0, |bytes| bytes.iter().skip_while(|b| **b == 0).count() * 8)
}
