//! In which data center rows are read and written. A quorum is one of the data center of whichever server coordinates a
//! request, and two quorums are sure to meet only within one: so a keyspace that lies in several needs one of them named,
//! the same at every node.

use crate::client::{Client, Kind};
use crate::migrate::MigrateError;
use scylla::client::session::Session;
use std::collections::{BTreeMap, BTreeSet};

/// What a keyspace of the simple strategy has instead of data centers: its quorums are of all copies.
const SIMPLE: &str = "replication_factor";

/// Why it is not clear, or cannot be, where a keyspace is read and written.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DatacenterError {
    /// There are several, or none is told, and none is named.
    #[error(
        "the data centers are {found}, and quorums of two of them need not meet: name one, the same at every node, as in \
         cql://HOSTS/KEYSPACE?datacenter=NAME"
    )]
    NotNamed {
        /// Those that there are.
        found: String,
    },
    /// The keyspace has no copies in the one that is named.
    #[error("the keyspace has no copies in the data center {named}, but in {found}")]
    NoCopies {
        /// The one that is named.
        named: String,
        /// Those that have some.
        found: String,
    },
    /// No server of the cluster is in the one that is named.
    #[error("the cluster has no server in the data center {named}, but in {found}")]
    NoServers {
        /// The one that is named.
        named: String,
        /// Those that have some.
        found: String,
    },
}

/// Whether a keyspace with so many copies in each data center can be relied on, read and written in the one that is
/// named, or in the only one.
///
/// # Errors
/// [`DatacenterError`].
pub fn judge_datacenter(
    replication: &BTreeMap<String, String>,
    named: Option<&str>,
) -> Result<(), DatacenterError> {
    let has_copies = |(name, copies): &(&String, &String)| name.as_str() != SIMPLE && copies.as_str() != "0";
    let found: BTreeSet<&str> =
        replication.iter().filter(has_copies).map(|(name, _)| name.as_str()).collect();
    match named {
        None if found.len() > 1 => Err(DatacenterError::NotNamed { found: listed(found) }),
        Some(named) if !found.is_empty() && !found.contains(named) => {
            Err(DatacenterError::NoCopies { named: named.to_owned(), found: listed(found) })
        }
        None | Some(_) => Ok(()),
    }
}

/// The data center of a keyspace that is to be made: the one that is named, or the only one.
pub(crate) fn only_datacenter(
    servers: BTreeSet<String>,
    named: Option<&str>,
) -> Result<String, DatacenterError> {
    match (named, servers.len()) {
        (Some(named), _) => Ok(named.to_owned()),
        (None, 1) => Ok(servers.into_iter().next().unwrap_or_default()),
        (None, _) => Err(DatacenterError::NotNamed { found: listed(servers.iter().map(String::as_str)) }),
    }
}

/// The data centers of a cluster's servers.
pub(crate) fn of_servers(session: &Session) -> BTreeSet<String> {
    let state = session.get_cluster_state();
    state.get_nodes_info().iter().filter_map(|node| node.datacenter.clone()).collect()
}

/// Whether the cluster has servers in the data center that is named.
pub(crate) fn has_servers(session: &Session, named: Option<&str>) -> Result<(), DatacenterError> {
    let servers = of_servers(session);
    match named {
        Some(named) if !servers.contains(named) => Err(DatacenterError::NoServers {
            named: named.to_owned(),
            found: listed(servers.iter().map(String::as_str)),
        }),
        Some(_) | None => Ok(()),
    }
}

/// Copies of each row by data center; `None` where there is no such keyspace.
pub(crate) async fn replication(
    client: &Client,
    keyspace: &str,
) -> Result<Option<BTreeMap<String, String>>, MigrateError> {
    const FIND: &str = "SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = ?";
    let read = client.prepare(FIND, Kind::Read).await?;
    let row: Option<(BTreeMap<String, String>,)> = client.read_one(&read, (keyspace,)).await?;
    Ok(row.map(|(replication,)| replication.into_iter().filter(|(name, _)| name != "class").collect()))
}

fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    if names.is_empty() { "not told".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(replication: &[(&str, &str)], named: Option<&str>) -> Result<(), DatacenterError> {
        let replication = replication.iter().map(|(name, copies)| ((*name).to_owned(), (*copies).to_owned()));
        judge_datacenter(&replication.collect(), named)
    }

    #[test]
    fn of_several_data_centers_with_copies_one_must_be_named() {
        let several = [("dc1", "3"), ("dc2", "3")];
        let found = "dc1, dc2".to_owned();
        assert_eq!(judged(&several, None), Err(DatacenterError::NotNamed { found: found.clone() }));
        assert_eq!(judged(&several, Some("dc2")), Ok(()));
        let named = "dc3".to_owned();
        assert_eq!(judged(&several, Some("dc3")), Err(DatacenterError::NoCopies { named, found }));
    }

    #[test]
    fn where_all_copies_are_in_one_place_nothing_need_be_named() {
        for replication in [[("dc1", "3"), ("dc2", "0")], [("dc1", "1"), ("dc1", "1")], [(SIMPLE, "3"); 2]] {
            assert_eq!(judged(&replication, None), Ok(()), "{replication:?}");
        }
        assert_eq!(judged(&[(SIMPLE, "3")], Some("dc1")), Ok(()));
    }

    #[test]
    fn a_keyspace_is_made_in_the_only_data_center_or_in_the_one_that_is_named() {
        let servers = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(only_datacenter(servers(&["a"]), None), Ok("a".to_owned()));
        assert_eq!(only_datacenter(servers(&["a", "b"]), Some("b")), Ok("b".to_owned()));
        let none = only_datacenter(servers(&[]), None);
        assert_eq!(none, Err(DatacenterError::NotNamed { found: "not told".to_owned() }));
        assert!(only_datacenter(servers(&["a", "b"]), None).is_err());
    }
}
