//! Where a cluster is: `cql://host1,host2/keyspace`, and where its servers are in several data centers,
//! `cql://host1,host2/keyspace?datacenter=NAME`.

/// Hosts that an address may name.
pub const HOSTS_MAX: usize = 64;
/// Letters of a keyspace's name, as Cassandra and ScyllaDB allow.
pub const KEYSPACE_CHARS_MAX: usize = 48;
/// Letters of a data center's name.
pub const DATACENTER_CHARS_MAX: usize = 128;

/// Where a cluster is and what of it is ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Contact points, `host` or `host:port`, in the order given.
    pub hosts: Vec<String>,
    /// The keyspace.
    pub keyspace: String,
    /// The data center whose servers are asked, and whose quorums confirm. Without one all servers are asked, which is right
    /// where they are in one data center.
    pub datacenter: Option<String>,
}

/// Why a text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It does not begin with `cql://`.
    #[error(
        "a CQL store is written as cql://host1,host2/keyspace, or as cql://host1,host2/keyspace?datacenter=NAME"
    )]
    NotCql,
    /// No host, an empty one, or too many.
    #[error("name 1 to {HOSTS_MAX} hosts, separated by commas, without empty ones")]
    BadHosts,
    /// The keyspace is missing or has letters that CQL does not allow.
    #[error("name a keyspace of 1 to {KEYSPACE_CHARS_MAX} letters, digits and underscores")]
    BadKeyspace,
    /// After `?` there is something else than a data center's name.
    #[error(
        "after the keyspace there may be ?datacenter=NAME, of letters, digits, points, hyphens and underscores"
    )]
    BadDatacenter,
}

impl std::str::FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Address, AddressError> {
        let rest = text.strip_prefix("cql://").ok_or(AddressError::NotCql)?;
        let (hosts, rest) = rest.split_once('/').ok_or(AddressError::BadKeyspace)?;
        let (keyspace, datacenter) = match rest.split_once('?') {
            None => (rest, None),
            Some((keyspace, asked)) => (keyspace, Some(datacenter(asked)?)),
        };
        let hosts: Vec<String> = hosts.split(',').map(|host| host.trim().to_owned()).collect();
        if hosts.len() > HOSTS_MAX || hosts.iter().any(String::is_empty) {
            return Err(AddressError::BadHosts);
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if keyspace.is_empty() || keyspace.len() > KEYSPACE_CHARS_MAX || !keyspace.chars().all(fits) {
            return Err(AddressError::BadKeyspace);
        }
        Ok(Address { hosts, keyspace: keyspace.to_owned(), datacenter })
    }
}

fn datacenter(asked: &str) -> Result<String, AddressError> {
    let name = asked.strip_prefix("datacenter=").ok_or(AddressError::BadDatacenter)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.is_empty() || name.len() > DATACENTER_CHARS_MAX || !name.chars().all(fits) {
        return Err(AddressError::BadDatacenter);
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_hosts_and_a_keyspace() {
        let address: Address = "cql://10.0.0.1,db.example:9142/school_1".parse().unwrap();
        assert_eq!(address.hosts, ["10.0.0.1", "db.example:9142"]);
        assert_eq!((address.keyspace.as_str(), address.datacenter), ("school_1", None));
    }

    #[test]
    fn an_address_may_name_a_data_center() {
        let address: Address = "cql://a,b/school?datacenter=eu-west_1.a".parse().unwrap();
        assert_eq!(
            (address.keyspace.as_str(), address.datacenter.as_deref()),
            ("school", Some("eu-west_1.a"))
        );
    }

    #[test]
    fn a_wrong_address_is_told_what_is_wrong() {
        let cases = [
            ("http://a/b", AddressError::NotCql),
            ("cql://a", AddressError::BadKeyspace),
            ("cql:///b", AddressError::BadHosts),
            ("cql://a,,b/c", AddressError::BadHosts),
            ("cql://a/", AddressError::BadKeyspace),
            ("cql://a/b c", AddressError::BadKeyspace),
            ("cql://a/?datacenter=dc1", AddressError::BadKeyspace),
            ("cql://a/b?", AddressError::BadDatacenter),
            ("cql://a/b?datacenter=", AddressError::BadDatacenter),
            ("cql://a/b?datacenter=dc 1", AddressError::BadDatacenter),
            ("cql://a/b?dc=dc1", AddressError::BadDatacenter),
            ("cql://a/b?datacenter=dc1&rack=2", AddressError::BadDatacenter),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<Address>(), Err(error), "{text}");
        }
    }
}
