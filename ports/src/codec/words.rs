//! What every store holds as a word.

use crate::Role;
use domain::access::Visibility;

/// A visibility as a word.
pub const fn visibility_word(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Private => "private",
        Visibility::Link => "link",
        Visibility::Class => "class",
        Visibility::Org => "org",
        Visibility::Public => "public",
    }
}

/// Reads [`visibility_word`]. An unknown word shows the deck to nobody but its owner.
pub fn visibility_of(word: &str) -> Visibility {
    match word {
        "link" => Visibility::Link,
        "class" => Visibility::Class,
        "org" => Visibility::Org,
        "public" => Visibility::Public,
        _ => Visibility::Private,
    }
}

/// A role as a word.
pub const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Owner => "owner",
        Role::Admin => "admin",
        Role::Teacher => "teacher",
        Role::Learner => "learner",
        Role::Guest => "guest",
        Role::Service => "service",
    }
}

/// Reads [`role_word`]. An unknown word is the role that may least.
pub fn role_of(word: &str) -> Role {
    match word {
        "owner" => Role::Owner,
        "admin" => Role::Admin,
        "teacher" => Role::Teacher,
        "guest" => Role::Guest,
        "service" => Role::Service,
        _ => Role::Learner,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_roles_and_visibilities_read_back() {
        for role in [Role::Owner, Role::Admin, Role::Teacher, Role::Learner, Role::Guest, Role::Service] {
            assert_eq!(role_of(role_word(role)), role);
        }
        use Visibility::*;
        for visibility in [Private, Link, Class, Org, Public] {
            assert_eq!(visibility_of(visibility_word(visibility)), visibility);
        }
    }
}
